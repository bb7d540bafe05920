"""For parts to be written by hand: library functions that raise while the student's function runs.

In a student's own notebook the names are swapped, in the modules and among the student's own, for as long as
the function runs. Where work is graded, `guard` has been called first, and references that were taken before
obey too (see `course_pkg.checks.guards`).
"""

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType
from typing import Any

from course_pkg.checks.guards import ShortcutUsedError, guard, is_guarded, loaded, look_again, raising
from course_pkg.checks.operators import refusing

__all__ = ["ShortcutUsedError", "forbidden", "guard", "names_in"]


@contextmanager
def forbidden(names: Iterable[str], namespace: MutableMapping[str, Any]) -> Iterator[None]:
    """Make the named functions and modules raise inside the `with` block.

    Parameters
    ----------
    names : iterable of str
        Dotted names: a function ("numpy.convolve") or a whole module ("scipy"), which need not be installed.
    namespace : mutable mapping
        The student's names; those bound to something forbidden raise too, whatever they are called. PyTorch's
        operators raise however they are reached (see `course_pkg.checks.operators`).

    Raises
    ------
    ShortcutUsedError
        By whatever in the block uses one of them.

    Examples
    --------
    >>> import numpy as np
    >>> with forbidden(["numpy.convolve"], {}):
    ...     np.convolve([1, 2], [3, 4])
    Traceback (most recent call last):
    course_pkg.checks.guards.ShortcutUsedError: numpy.convolve
    """
    names = list(names)
    look_again(names)
    targets = {name: _target(name) for name in names if not is_guarded(name)}
    with ExitStack() as swaps:
        for name, target in targets.items():
            parent, _, attribute = name.rpartition(".")
            places = _function_places(attribute, target, parent) if callable(target) else _module_places(name)
            stand_in = _refusal(name) if callable(target) else _ForbiddenModule(name)
            for mapping, key in [*places, *_aliases(name, target, namespace)]:
                swaps.enter_context(_swapped(mapping, key, stand_in))
        swaps.enter_context(raising(names))
        swaps.enter_context(refusing(names))
        yield


def _target(name: str) -> Any:
    """What the name stands for; None for what is not there."""
    parent, _, attribute = name.rpartition(".")
    if parent:
        with suppress(ImportError):  # the function could load it too
            importlib.import_module(parent)
    return getattr(sys.modules.get(parent), attribute, None)


def names_in(source: str) -> set[str]:
    """All names that the tests in a cell forbid: what follows `without=` in it.

    Parameters
    ----------
    source : str
        A test cell. The names stand in a list, tuple or set of strings, directly or under a name that the
        cell gives to it once, or in a sum of such lists.

    Raises
    ------
    ValueError
        If it is not Python, or what follows `without=` cannot be known without running the cell.

    Examples
    --------
    >>> cell = "off = ['scipy']; f = student.function('f', without=[*off, 'numpy.convolve'])"
    >>> sorted(names_in(cell))
    ['numpy.convolve', 'scipy']
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"a test cell is not Python: {error}") from None
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    known = {name: values[0] for name, values in assigned.items() if len(values) == 1}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    asked = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "without"]
    asked += [call.args[1] for call in calls if _is_function_of_student(call) and len(call.args) > 1]
    return {name for value in asked for name in _strings(value, known)}


def _is_function_of_student(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="student"), attr="function"):
            return True
    return False


def _strings(value: ast.expr, known: dict[str, ast.expr]) -> list[str]:
    match value:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return [name for part in parts for name in _strings(part, known)]
        case ast.Constant(value=str(name)):
            return [name]
        case ast.Starred(value=inner):
            return _strings(inner, known)
        case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
            return _strings(left, known) + _strings(right, known)
        case ast.Name(id=name) if name in known:
            rest = {key: other for key, other in known.items() if key != name}
            return _strings(known[name], rest)
    raise ValueError(
        f"what is forbidden on line {value.lineno} of a test cell, {ast.unparse(value)}, cannot be known "
        "before it runs; write the names as a list of strings"
    )


class _ForbiddenModule(ModuleType):
    """Stands where a forbidden module, or something from it, was."""

    def __getattr__(self, attribute: str) -> None:
        # `inspect` looks for __file__ in every module that is loaded; an import looks for __path__
        if attribute.startswith("__") and attribute != "__path__":
            raise AttributeError(attribute)
        raise ShortcutUsedError(self.__name__)

    def __call__(self, *args: object, **kwargs: object) -> None:
        raise ShortcutUsedError(self.__name__)


def _refusal(name: str) -> Any:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ShortcutUsedError(name)

    return refuse


Place = tuple[MutableMapping[str, Any], str]


def _function_places(attribute: str, target: object, parent: str) -> list[Place]:
    # wherever the package keeps it: numpy.polymul reaches np.convolve by another path
    modules = [sys.modules[name] for name in loaded(parent.partition(".")[0])]
    tables: list[MutableMapping[str, Any]] = [vars(m) for m in modules if isinstance(m, ModuleType)]
    return [(table, attribute) for table in tables if table.get(attribute) is target]


def _module_places(name: str) -> list[Place]:
    parent, _, attribute = name.rpartition(".")
    on_parent: list[Place] = [(vars(sys.modules[parent]), attribute)] if parent in sys.modules else []
    return on_parent + [(sys.modules, key) for key in sorted({*loaded(name), name})]


def _aliases(name: str, target: object, namespace: MutableMapping[str, Any]) -> list[Place]:
    beginning = name + "."

    def is_forbidden(value: object) -> bool:
        if type(value) in _NEVER_FORBIDDEN:
            return False
        if target is not None and value is target:
            return True
        home = _home(value)
        return home == name or home.startswith(beginning)

    return [(namespace, key) for key, value in list(namespace.items()) if is_forbidden(value)]


def _home(value: object) -> str:
    """The name of the module that a value is or comes from; empty where it does not say."""
    try:
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    except BaseException:  # the student's own object, which may raise anything when it is looked at
        return ""
    return home if type(home) is str else ""


_NEVER_FORBIDDEN = {type(None), bool, int, float, str, list, tuple, dict, set}  # most of a notebook's names


@contextmanager
def _swapped(mapping: MutableMapping[str, Any], key: str, value: object) -> Iterator[None]:
    absent = object()
    before = mapping.get(key, absent)
    mapping[key] = value
    try:
        yield
    finally:
        if before is absent:
            del mapping[key]
        else:
            mapping[key] = before
