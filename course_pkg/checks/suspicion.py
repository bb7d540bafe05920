"""What a submission has that no solution needs, and that attempts to reach behind the tests do.

It decides nothing: an instructor reads the lines and looks at the cell.
"""

import ast
import itertools
import re
from typing import Any

LONGEST = 30_000  # characters of a cell
MAGICS = 100  # of a cell
FRAMES, FUNCTIONS = "looks at who called it", "looks into functions"
CELLS, TESTS = "changes cells before they run", "is the tests' own, in the notebook's process"
PROCESSES = "starts, stops or leaves processes"

MODULES = {
    "gc": "finds every object of the process",
    "ctypes": "reaches into memory",
    "_ctypes": "reaches into memory",
    "cffi": "reaches into memory",
    "multiprocessing": PROCESSES,
    "subprocess": PROCESSES,
    "socket": "talks to other processes",
    "signal": "changes how the process is stopped",
    "atexit": "runs code at the end",
    "importlib": "loads modules past the import statement",
    "builtins": "changes Python for everyone in the process",
    "nbgrader": "is not needed to solve an assignment",
    "course_pkg.grading": "is not needed to solve an assignment",
    "course_pkg.checks.guards": TESTS,
    "course_pkg.checks.shortcuts": TESTS,
    "course_pkg.checks.work": TESTS,
    "course_pkg.checks.handle": TESTS,
    "course_pkg.checks.wire": TESTS,
}
# of whatever object: no library that students use has others of these names
ATTRIBUTES = {
    "_getframe": FRAMES,
    "_current_frames": FRAMES,
    "currentframe": FRAMES,
    "f_back": FRAMES,
    "f_locals": FRAMES,
    "f_globals": FRAMES,
    "tb_frame": FRAMES,
    "settrace": "watches every line that runs",
    "setprofile": "watches every call",
    "addaudithook": "watches the interpreter",
    "_exit": PROCESSES,
    "abort": PROCESSES,
    "kill": PROCESSES,
    "killpg": PROCESSES,
    "fork": PROCESSES,
    "setsid": PROCESSES,
    "input_transformers": CELLS,
    "input_transformers_post": CELLS,
    "input_transformers_cleanup": CELLS,
    "input_transformer_manager": CELLS,
    "ast_transformers": CELLS,
    "run_cell": CELLS,
    "register_post_execute": CELLS,
    "meta_path": "changes what is imported",
    "path_hooks": "changes what is imported",
    "__code__": FUNCTIONS,
    "__closure__": FUNCTIONS,
    "__globals__": FUNCTIONS,
    "__wrapped__": FUNCTIONS,
    "cell_contents": FUNCTIONS,
    "co_consts": FUNCTIONS,
    "__subclasses__": "finds classes that it was not given",
    "__builtins__": "changes Python for everyone in the process",
}
DOTTED = {
    "inspect.stack": FRAMES,
    "inspect.trace": FRAMES,
    "inspect.getouterframes": FRAMES,
    "sys.modules": "looks at what is loaded, or changes it",
    "student.transport": TESTS,
    "student.sources": TESTS,
}
CALLS = {
    "exec": "runs text as code",
    "eval": "runs text as code",
    "compile": "makes code of text",
    "__import__": "imports by text",
}
SHELL = {"system", "getoutput", "popen", "run_line_magic", "run_cell_magic"}
_MAGIC = re.compile(  # with the lines behind backslashes; possessive, so that no line takes long
    r"""^[ \t]*+(?:[!%?]|[^\n=#"']++=[ \t]*+[!%]|[\w.%]++\?++$)(?:[^\\\n]|\\.|\\\n)*+\n?""", re.MULTILINE
)
HARMLESS_MAGICS = {
    "matplotlib",
    "config",
    "time",
    "timeit",
    "capture",
    "precision",
    "who",
    "whos",
    "pinfo",
    "pinfo2",
}


def suspicious(source: str) -> list[str]:
    """Name what is suspicious in a student's cell.

    Parameters
    ----------
    source : str
        The cell, as the notebook has it. One that is not Python, even after IPython has had its say, does
        not run, and nothing in it is suspicious.

    Returns
    -------
    list of str
        A line for each kind of thing, in the order in which they come: where it is, what it is, what it
        does. Empty for a cell as solutions are.

    Examples
    --------
    >>> suspicious("import gc\\nx = [o for o in gc.get_objects()]")
    ['line 1: gc finds every object of the process']
    >>> suspicious("y = np.zeros(3)")
    []
    """
    if len(source) > LONGEST:
        return [f"line 1: more than {LONGEST:,} characters, too long to be looked through"]
    found: dict[str, int] = {}
    for node in ast.walk(_tree(source)):
        for what in _in_node(node):
            found[what] = min(node.lineno, found.get(what, node.lineno))  # type: ignore[attr-defined]
    return [f"line {line}: {what}" for what, line in sorted(found.items(), key=lambda item: item[1])]


def _tree(source: str) -> ast.Module:
    """The cell as Python, or as Python after IPython has had its say; empty if it is neither."""
    for read in (str, _without_magics):
        try:
            return ast.parse(read(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ast.Module([], [])


def _without_magics(source: str) -> str:
    """The cell without magics and shell commands, as IPython turns them into calls.

    IPython itself takes time that grows with the square of their number, and more.
    """
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    manager = TransformerManager()
    lines = source.splitlines(keepends=True)
    for transform in (*manager.cleanup_transforms, *manager.line_transforms):
        lines = transform(lines)
    number = itertools.count()
    return _MAGIC.sub(lambda found: _as_call(manager, found[0], next(number)), "".join(lines))


def _as_call(manager: Any, command: str, number: int) -> str:
    """A magic or a shell command, which may go on behind backslashes, as a call in as many lines."""
    one_line = command.replace("\\\n", " ")
    call = one_line[: len(one_line) - len(one_line.lstrip())] + "pass"
    if number < MAGICS:
        try:
            call = "".join(manager.do_token_transforms([one_line])).rstrip("\n")
        except (SyntaxError, RuntimeError):
            return command
    return call + "\n" * command.count("\n")


def _in_node(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [words for name in names for words in _module(name.name)]
        case ast.ImportFrom(module=str(module), names=names):
            found = [words for name in names for words in _module(f"{module}.{name.name}")]
            return found + [words for name in names for words in _known(module, name.name)]
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(text)), *rest]) if (
            name in SHELL
        ):
            return _command(name, text, rest)
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return [f"{name} {CALLS[name]}"]
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return _known(owner, name)
        case ast.Attribute(attr=name):
            return _known("", name)
        case ast.Name(id=name) | ast.Constant(value=str(name)) if "_" in name:
            return _known("", name)
    return []


def _module(name: str) -> list[str]:
    """Whether this module, or one that it lies in, is in the table."""
    parts = name.split(".")
    inside = [".".join(parts[: n + 1]) for n in range(len(parts))]
    return [f"{found} {MODULES[found]}" for found in inside if found in MODULES][:1]


def _known(owner: str, name: str) -> list[str]:
    dotted = f"{owner}.{name}"
    if dotted in DOTTED:
        return [f"{dotted} {DOTTED[dotted]}"]
    return [f"{name} {ATTRIBUTES[name]}"] if name in ATTRIBUTES else []


def _command(name: str, text: str, rest: list[ast.expr]) -> list[str]:
    """A shell command, or a magic, which may have a cell of its own."""
    if "magic" not in name or text not in HARMLESS_MAGICS:
        return [f"{name} runs {text[:60]!r}"]
    bodies = [
        part.value.lstrip() for part in rest if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    if any(body.startswith("%%") for body in bodies):
        return [f"{name} runs another magic in {text!r}"]
    return [line.partition(": ")[2] for body in bodies for line in suspicious(body)]
