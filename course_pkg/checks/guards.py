"""Guards on library functions, put up once, before the student's first cell, and felt by every reference.

A function written in Python gets new code, in place, so that a reference taken before (a default argument, a
closure, a list, `functools.partial`, `__wrapped__`) obeys as well. A function written in C cannot be changed;
a wrapper takes its place in every loaded module, so that none but the wrapper can be taken. What NumPy's own
functions reach in C is guarded with them (`CORES`).

A guard asks on each call whether one of its names is forbidden now; it costs a fraction of a microsecond.

What determined code can still do: find the original among the constants of the guard's code, among the
objects that `gc` knows, or in memory through `ctypes`; empty the set of what is forbidden; and call methods
of arrays, which no guard stands before. `course_pkg.checks.suspicion` names what a submission has for such
an attempt.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

# what the work comes down to in C; everything else that these functions reach is ordinary Python
CORES = {
    "numpy.convolve": ["numpy._core.multiarray.correlate"],
    "numpy.correlate": ["numpy._core.multiarray.correlate2"],
    "numpy.einsum": ["numpy._core.multiarray.c_einsum"],
    "numpy.interp": ["numpy._core.multiarray.interp", "numpy._core.multiarray.interp_complex"],
}

_forbidden: set[str] = set()  # names, now
_put_up: list[bool] = []  # whether there are guards in this process at all
_guarded: set[str] = set()  # names that need nothing but to be in `_forbidden`
_packages: dict[str, set[str]] = {}  # guarded packages: their modules that have been seen to
_seen: dict[str, tuple[set[str], list[str]]] = {}  # packages: all modules looked at, and those of the package
_owners: dict[int, tuple[object, set[str]]] = {}  # each guard, by its id, and the names that it obeys


class ShortcutUsedError(RuntimeError):
    """The student's function called what this part is to be written without."""


def guard(names: Iterable[str]) -> None:
    """Put guards on functions, classes and packages, for good, in this process.

    Call it before the student's first cell, with everything that any test forbids. A name that is not there
    (a package that is not loaded, a function of another release) is looked for again when it is forbidden;
    until then, what is written in C can be taken past the guard.

    Parameters
    ----------
    names : iterable of str
        Dotted names, as in `shortcuts.forbidden`.
    """
    _put_up.append(True)
    for name in names:
        parent, _, attribute = name.rpartition(".")
        target = getattr(sys.modules.get(parent), attribute, None)
        if isinstance(target, ModuleType) or name in sys.modules:
            _packages.setdefault(name, set())
            _guard_new_modules(name)
        elif callable(target) and _guard_callable(target, name):
            for core in CORES.get(name, []):
                module, _, attribute = core.rpartition(".")
                _guard_callable(getattr(sys.modules[module], attribute), name)
            _guarded.add(name)


def loaded(package: str) -> list[str]:
    """The names of the package's modules that are loaded, its own among them.

    >>> "numpy.fft" in loaded("numpy"), loaded("nump")
    (True, [])
    """
    seen, inside = _seen.setdefault(package, (set(), []))
    if not seen.issuperset(sys.modules):  # every call asks, and there are many modules
        new = set(sys.modules) - seen
        seen |= new
        beginning = package + "."
        names = [name for name in new if isinstance(name, str)]
        inside += [name for name in names if name.startswith(beginning) or name == package]
    return [name for name in inside if name in sys.modules]


def look_again(names: Iterable[str]) -> None:
    """Where there are guards, put up those for what the student has loaded of these names since."""
    if _put_up:
        guard(set(names) - _guarded)


def is_guarded(name: str) -> bool:
    """Whether forbidding this function takes no more than `raising`."""
    return name in _guarded


@contextmanager
def raising(names: Iterable[str]) -> Iterator[None]:
    """In its body, the guards of these names raise `ShortcutUsedError`."""
    wanted, before = set(names), set(_forbidden)
    _forbidden.update(wanted)
    try:
        yield
    finally:
        _forbidden.clear()
        _forbidden.update(before)


def _guard_callable(target: Any, name: str) -> bool:
    """Put guards on a function or on the methods of a class; whether that was possible."""
    if isinstance(target, type):
        home = target.__module__.partition(".")[0]  # enum puts methods of its own into classes
        functions = [value for value in vars(target).values() if isinstance(value, FunctionType)]
        methods = [function for function in functions if _is_from(function, home)]
        for method in methods:
            _guard_python(method, name)
        return bool(methods)
    inner = inspect.unwrap(target)  # NumPy's functions are a shell around one in Python or C
    if id(target) in _owners:
        _owners[id(target)][1].add(name)
    elif isinstance(inner, FunctionType):
        _guard_python(inner, name)
        if isinstance(target, FunctionType) and target is not inner:
            _guard_python(target, name)
    elif isinstance(inner, BuiltinFunctionType):
        _replace(target, name)
        if target is not inner:
            _replace(inner, name)
    else:
        return False  # a ufunc, or another object that is more than a function
    return True


def _guard_new_modules(package: str) -> None:
    """Put guards on the Python functions and methods of the package's modules that are new since the last
    time."""
    new = set(loaded(package)) - _packages[package]
    _packages[package] |= new
    for key in new:
        module = sys.modules[key]
        if not isinstance(module, ModuleType):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == key:
                _guard_callable(value, package)
            elif isinstance(value, FunctionType) or hasattr(value, "__wrapped__"):
                inner = inspect.unwrap(value)
                if isinstance(inner, FunctionType) and _is_from(inner, package):
                    _guard_callable(value, package)


def _is_from(function: FunctionType, package: str) -> bool:
    return f"{function.__globals__.get('__name__')}.".startswith(f"{package}.")


def _guard_python(function: FunctionType, name: str) -> None:
    """Give the function code that asks first."""
    if id(function) in _owners:
        _owners[id(function)][1].add(name)
        return
    original = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    original.__kwdefaults__ = function.__kwdefaults__
    signature, code = _signature(function), function.__code__
    asking = _asking(original, _owned(function, name), len(code.co_freevars))
    function.__code__ = asking.replace(
        co_filename=code.co_filename, co_firstlineno=code.co_firstlineno, co_name=code.co_name
    )
    function.__defaults__ = function.__kwdefaults__ = None
    _set_signature(function, signature)


def _replace(target: Any, name: str) -> None:
    """Put a wrapper in the place of the function in all modules that have it."""
    owners: set[str] = set()
    wrapper = FunctionType(_asking(target, owners, 0), {"__builtins__": {}}, target.__name__)
    wrapper.__doc__ = target.__doc__
    wrapper.__qualname__ = target.__qualname__
    wrapper.__module__ = target.__module__
    _set_signature(wrapper, _signature(target))
    _owners[id(wrapper)] = (wrapper, owners)
    owners.add(name)
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            table = vars(module)
            for key in [key for key, value in list(table.items()) if value is target]:
                table[key] = wrapper


def _owned(function: object, name: str) -> set[str]:
    return _owners.setdefault(id(function), (function, {name}))[1]


def _asking(original: Callable, owners: set[str], free: int) -> Any:
    """Code for a function with so many free variables: it asks, then calls the original."""

    def ask(args: tuple, kwargs: dict) -> Any:
        if _forbidden and not _forbidden.isdisjoint(owners):
            raise ShortcutUsedError(min(_forbidden & owners))
        return original(*args, **kwargs)

    # new code for a function must have as many free variables as the old
    cells = [f"cell_{n}" for n in range(free)]
    source = (
        f"def make({', '.join(cells)}):\n"
        f"    def guarded(*args, **kwargs):\n"
        f"        [{', '.join(cells)}] if False else None\n"
        f"        ask = 'ask'\n"
        f"        return ask(args, kwargs)\n"
        f"    return guarded\n"
    )
    names: dict[str, Any] = {}
    exec(source, names)
    code = names["make"](*cells).__code__
    return code.replace(co_consts=tuple(ask if value == "ask" else value for value in code.co_consts))


def _signature(function: Callable) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):  # many functions in C do not tell
        return None


def _set_signature(function: Any, signature: inspect.Signature | None) -> None:
    if signature is not None:
        function.__signature__ = signature
