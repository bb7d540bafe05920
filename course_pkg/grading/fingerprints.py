"""Short hashes that tell whether something is still the same."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash of the files' names and contents; folders are walked, caches and links left out.

    Examples
    --------
    >>> fingerprint([]) == fingerprint([])
    True
    """
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not file.is_symlink() and "__pycache__" not in file.parts:
                name = str(file.relative_to(path)) if path.is_dir() else file.name
                total.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def digest(*things: object) -> str:
    """A short hash of how the things print.

    Examples
    --------
    >>> digest("a", 1) == digest("a", 2)
    False
    """
    return hashlib.sha256(repr(things).encode()).hexdigest()[:16]
