"""Plain data as JSON and `.npy` blobs, and back, for `course_pkg.checks.wire`.

None, bool, int, float, str and list stand for themselves; whatever JSON does not have is an object with a
single key: `{"tuple": [...]}`, `{"dict": [key, value, key, value, ...]}`, `{"array": index}`, and
`{"text": hex}` for text with lone surrogates. Everything is bounded, and what is read is taken for hostile.
"""

import io
import json
import math
import re
from typing import Any, NoReturn

import numpy as np

from course_pkg.checks.plain import MAX_DEPTH, MAX_ITEMS, Plain

MAX_JSON = 16 * 2**20  # bytes of the JSON
MAX_NODES = 1_000_000  # values in it
MAX_KEYS = 4_000  # keys of all dicts together: so few that colliding hashes cost no time
MAX_ARRAYS = 1_000
MAX_NESTING = MAX_DEPTH + 4  # an answer lies a few levels deep in its reply
MAX_INT_DIGITS = 1_200
MAX_FLOAT_DIGITS = 40  # Python's own need 24 characters
MAX_HEADER = 1_024  # bytes of the header of a .npy blob

# what NumPy writes for an array of numbers: nothing else gets as far as NumPy's parser
_HEADER = re.compile(
    rb"\{'descr': '[<>|][biuf]\d{1,2}', 'fortran_order': (True|False), 'shape': \([\d, ]*\), \} *\n"
)


class WireError(ValueError):
    """What came, or is to be sent, is damaged, too large, or not plain data."""


def encode(value: Plain) -> tuple[bytes, list[bytes]]:
    """Plain data as JSON in ASCII, and its arrays as `.npy` blobs.

    Raises
    ------
    WireError
        If something in it is not plain data or goes beyond a bound of this module.

    Examples
    --------
    >>> encode([1, (None, 0.5)])
    (b'[1,{"tuple":[null,0.5]}]', [])
    """
    writer = _Writer()
    text = json.dumps(writer.encode(value, 0), separators=(",", ":")).encode("ascii")
    _check_json(text)
    return text, writer.blobs


def decode(text: bytes, blobs: list[memoryview]) -> Plain:
    """What `encode` was given, in fresh objects.

    Raises
    ------
    WireError
        If this is anything but what `encode` gives.

    Examples
    --------
    >>> decode(b'[1,{"tuple":[null,0.5]}]', [])
    [1, (None, 0.5)]
    """
    _check_json(text)
    try:
        tree = json.loads(text.decode("ascii"), parse_int=_parse_int, parse_float=_parse_float)
    except WireError:
        raise
    except (ValueError, RecursionError) as error:
        raise WireError(f"JSON that cannot be read: {type(error).__name__}") from None
    if len(blobs) > MAX_ARRAYS:
        raise WireError(f"{len(blobs):,} arrays, more than {MAX_ARRAYS:,}")
    reader = _Reader(blobs)
    value = reader.decode(tree, 0)
    if reader.used != len(blobs):
        raise WireError(f"{len(blobs)} arrays came, {reader.used} are used")
    return value


def _check_json(text: bytes) -> None:
    """Refuse what would take too much memory, before it is read."""
    if len(text) > MAX_JSON:
        raise WireError(f"{len(text):,} bytes of numbers and text outside arrays, more than {MAX_JSON:,}")
    nodes = text.count(b",") + text.count(b"[") + text.count(b"{") + text.count(b":")
    if nodes > MAX_NODES:
        raise WireError(f"about {nodes:,} values outside arrays, more than {MAX_NODES:,}")


def _parse_int(text: str) -> int:
    if len(text) > MAX_INT_DIGITS:
        raise WireError(f"a whole number of {len(text):,} digits, more than {MAX_INT_DIGITS:,}")
    return int(text)


def _parse_float(text: str) -> float:
    if len(text) > MAX_FLOAT_DIGITS:
        raise WireError(f"a number written in {len(text):,} digits")
    return float(text)


def _too_deep() -> NoReturn:
    raise WireError(f"nested more than {MAX_NESTING} deep")


class _Writer:
    """Turns plain data into what JSON has, and collects the arrays."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.keys = 0

    def encode(self, value: Plain, depth: int) -> Any:
        if depth > MAX_NESTING:
            _too_deep()
        kind = type(value)
        if kind is list or kind is tuple:
            items = [self.encode(item, depth + 1) for item in value]  # type: ignore[union-attr]
            return items if kind is list else {"tuple": items}
        if isinstance(value, dict) and kind is dict:
            self.keys += len(value)
            _check_keys(self.keys)
            return {"dict": [self.encode(part, depth + 1) for item in value.items() for part in item]}
        if isinstance(value, np.ndarray) and kind is np.ndarray:
            return {"array": self._add(value)}
        if isinstance(value, str) and kind is str:
            return value if _is_whole(value) else {"text": value.encode("utf-8", "surrogatepass").hex()}
        if isinstance(value, int) and kind is int:
            # the digits of a larger one take time that grows with their square
            if value.bit_length() > 3.3 * (MAX_INT_DIGITS - 2):
                raise WireError(f"a whole number of {value.bit_length():,} bits, too large to be sent")
            return value
        if value is None or kind is bool or kind is float:
            return value
        raise WireError(f"a {kind.__name__}, which is not plain data")

    def _add(self, array: np.ndarray) -> int:
        if array.dtype.kind not in "biuf" or array.dtype.hasobject:
            raise WireError(f"an array with dtype {array.dtype}, not numbers")
        if array.size > MAX_ITEMS:
            raise WireError(f"an array of {array.size:,} numbers, more than {MAX_ITEMS:,}")
        if len(self.blobs) == MAX_ARRAYS:
            raise WireError(f"more than {MAX_ARRAYS:,} arrays")
        blob = io.BytesIO()
        np.lib.format.write_array(blob, array, version=(1, 0), allow_pickle=False)
        self.blobs.append(blob.getvalue())
        return len(self.blobs) - 1


class _Reader:
    """Turns what JSON had back into plain data."""

    def __init__(self, blobs: list[memoryview]) -> None:
        self.blobs = blobs
        self.used = 0
        self.keys = 0

    def decode(self, tree: Any, depth: int) -> Plain:
        if depth > MAX_NESTING:
            _too_deep()
        if isinstance(tree, list):
            return [self.decode(item, depth + 1) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if len(tree) != 1:
            raise WireError(f"an object with {len(tree)} keys")
        [(tag, content)] = tree.items()
        match tag, content:
            case "tuple", list():
                return tuple(self.decode(item, depth + 1) for item in content)
            case "dict", list():
                return self._dict(content, depth)
            case "text", str():
                return _text(content)
            case "array", int() if type(content) is int and content == self.used:
                if self.used == len(self.blobs):
                    raise WireError(f"array {content} did not come")
                self.used += 1
                return _array(self.blobs[content])
        raise WireError("an object that stands for nothing")

    def _dict(self, content: list, depth: int) -> dict:
        self.keys += len(content) // 2
        _check_keys(self.keys)
        parts = [self.decode(item, depth + 1) for item in content]
        try:
            found = dict(zip(parts[::2], parts[1::2], strict=True))
        except (TypeError, ValueError):
            raise WireError("a dict with a key that none can have, or without a value") from None
        if 2 * len(found) != len(parts):
            raise WireError("a dict with a key that comes twice")
        return found


def _check_keys(keys: int) -> None:
    if keys > MAX_KEYS:
        raise WireError(f"dicts with {keys:,} keys together, more than {MAX_KEYS:,}")


def _is_whole(text: str) -> bool:
    """Whether it has no lone surrogates, two of which JSON would join."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(content: str) -> str:
    try:
        return bytes.fromhex(content).decode("utf-8", "surrogatepass")
    except ValueError:
        raise WireError("damaged text") from None


def _array(blob: memoryview) -> np.ndarray:
    """The array in a .npy blob: as long as it says, and made of numbers."""
    file = io.BytesIO(blob[: MAX_HEADER + 10])
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise WireError("an array in an unknown format")
        if not _HEADER.fullmatch(file.getvalue(), *_header_span(file)):
            raise WireError("an array whose header is damaged, or that does not hold numbers")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=MAX_HEADER)
        content = blob[file.tell() :]
        if math.prod(shape) > MAX_ITEMS or math.prod(shape) * dtype.itemsize != len(content):
            raise WireError(f"an array of shape {shape} in {len(content):,} bytes"[:200])
        flat = np.frombuffer(content, dtype)
        array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"a damaged array: {type(error).__name__}") from None
    if dtype.kind == "b":
        return np.asarray(array.view(np.uint8) != 0)  # a byte of 2 would be neither true nor false
    return array.copy(order="K")


def _header_span(file: io.BytesIO) -> tuple[int, int]:
    """Where the header's text begins and ends, from its length in the two bytes that come next."""
    start = file.tell() + 2
    return start, start + int.from_bytes(file.getvalue()[start - 2 : start], "little")
