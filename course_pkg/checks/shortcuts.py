"""For parts to be written by hand: library functions that raise while the student's function runs."""

import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any


class ShortcutUsedError(RuntimeError):
    """The student's function called what this part is to be written without."""


@contextmanager
def forbidden(names: Iterable[str], namespace: MutableMapping[str, Any]) -> Iterator[None]:
    """Make the named functions and modules raise inside the `with` block.

    Parameters
    ----------
    names : iterable of str
        Dotted names: a function ("numpy.convolve") or a whole module ("scipy"), which need not be installed.
    namespace : mutable mapping
        The student's names; those bound to something forbidden raise too, whatever they are called.

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
    course_pkg.checks.shortcuts.ShortcutUsedError: numpy.convolve
    """
    with ExitStack() as swaps:
        for name in names:
            parent, _, attribute = name.rpartition(".")
            target = getattr(sys.modules.get(parent), attribute, None)
            places = _function_places(attribute, target, parent) if callable(target) else _module_places(name)
            stand_in = _refusal(name) if callable(target) else _ForbiddenModule(name)
            for mapping, key in [*places, *_aliases(name, target, namespace)]:
                swaps.enter_context(_swapped(mapping, key, stand_in))
        yield


class _ForbiddenModule(ModuleType):
    """Stands where a forbidden module, or something from it, was."""

    def __getattr__(self, attribute: str) -> None:
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
    names = [name for name in list(sys.modules) if _inside(name, parent.partition(".")[0])]
    tables: list[MutableMapping[str, Any]] = [
        vars(sys.modules[name]) for name in names if isinstance(sys.modules[name], ModuleType)
    ]
    return [(table, attribute) for table in tables if table.get(attribute) is target]


def _module_places(name: str) -> list[Place]:
    parent, _, attribute = name.rpartition(".")
    on_parent: list[Place] = [(vars(sys.modules[parent]), attribute)] if parent in sys.modules else []
    loaded = {key for key in list(sys.modules) if _inside(key, name)} | {name}
    return on_parent + [(sys.modules, key) for key in sorted(loaded)]


def _aliases(name: str, target: object, namespace: MutableMapping[str, Any]) -> list[Place]:
    def is_forbidden(value: object) -> bool:
        if isinstance(value, ModuleType):
            return _inside(value.__name__, name)
        return (target is not None and value is target) or _inside(getattr(value, "__module__", None), name)

    return [(namespace, key) for key, value in list(namespace.items()) if is_forbidden(value)]


def _inside(module: object, package: str) -> bool:
    return isinstance(module, str) and f"{module}.".startswith(f"{package}.")


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
