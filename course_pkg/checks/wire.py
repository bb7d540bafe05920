"""Plain data on a wire between two processes that do not trust each other.

A frame is a length prefix, a JSON part, and one `.npy` blob for each array. Reading a frame runs nothing that
came with it: no pickle, no dtype other than numbers, and no memory beyond a small multiple of the bytes that
have really come. A frame that is damaged in any way ends in a `WireError`.
"""

import socket
import struct
import time
from typing import Any

from course_pkg.checks.encoding import MAX_ARRAYS, MAX_JSON, WireError, decode, encode

__all__ = [
    "MAX_ARRAYS",
    "MAX_FRAME",
    "MAX_JSON",
    "WireError",
    "pack",
    "receive",
    "send",
    "send_reply",
    "unpack",
]

MAX_FRAME = 128 * 2**20  # bytes of one frame

_PREFIX = struct.Struct(">4sIQ")  # magic, bytes of the JSON part, bytes of the blobs
_MAGIC = b"cpw1"
_LENGTH = struct.Struct(">Q")  # before each blob
_CHUNK = 2**20  # bytes asked of the socket at a time


def pack(message: dict[Any, Any]) -> bytes:
    """The message as one frame.

    Parameters
    ----------
    message : dict
        Plain data, as in `course_pkg.checks.plain`.

    Returns
    -------
    bytes

    Raises
    ------
    WireError
        If something in it is not plain data or goes beyond a bound of this module or of `encoding`.

    Examples
    --------
    >>> unpack(pack({"status": "answer", "value": (1, float("inf"))}))
    {'status': 'answer', 'value': (1, inf)}
    """
    if type(message) is not dict:
        raise WireError(f"message is a {type(message).__name__}, expected a dict")
    text, arrays = encode(message)
    blobs = b"".join(_LENGTH.pack(len(array)) + array for array in arrays)
    frame = _PREFIX.pack(_MAGIC, len(text), len(blobs)) + text + blobs
    if len(frame) > MAX_FRAME:
        raise WireError(f"a message of {len(frame):,} bytes; at most {MAX_FRAME:,} can be sent")
    return frame


def unpack(data: bytes | bytearray) -> dict[Any, Any]:
    """The message in a frame, in fresh objects.

    Raises
    ------
    WireError
        If the bytes are anything but one whole frame within the bounds.

    Examples
    --------
    >>> unpack(b"no frame")
    Traceback (most recent call last):
    course_pkg.checks.encoding.WireError: a frame of 8 bytes, too short for its prefix
    """
    if len(data) < _PREFIX.size:
        raise WireError(f"a frame of {len(data)} bytes, too short for its prefix")
    size = _frame_size(data, MAX_FRAME)
    if len(data) != size:
        raise WireError(f"a frame of {len(data):,} bytes that calls itself {size:,} long")
    _, json_size, _ = _PREFIX.unpack_from(data)
    blobs_start = _PREFIX.size + json_size
    message = decode(bytes(data[_PREFIX.size : blobs_start]), _split(memoryview(data)[blobs_start:]))
    if type(message) is not dict:
        raise WireError(f"a frame that holds a {type(message).__name__}, expected a dict")
    return message


def send(sock: socket.socket, message: dict[Any, Any], deadline: float | None = None) -> None:
    """Send the message as one frame.

    Parameters
    ----------
    sock : socket.socket
        A stream socket.
    message : dict
        Plain data.
    deadline : float or None
        The time on `time.monotonic` by which the last byte has to be gone; None: whenever it is.

    Raises
    ------
    WireError
        As in `pack`; nothing was sent then.
    TimeoutError
        If the deadline passes.
    EOFError
        If the other end is gone.
    """
    frame = pack(message)
    try:
        sock.settimeout(_time_left(deadline))
        sock.sendall(frame)
    except ConnectionError:
        raise EOFError("the other process is gone") from None


def send_reply(sock: socket.socket, reply: dict[Any, Any]) -> None:
    """Send a reply of `course_pkg.checks.work`, or, where it cannot be sent, that it is not plain data.

    Raises
    ------
    EOFError
        If the other end is gone.
    """
    try:
        send(sock, reply)
    except WireError as error:
        send(sock, {"status": "not plain", "what": str(error)})


def receive(sock: socket.socket, limit: int = MAX_FRAME, deadline: float | None = None) -> dict[Any, Any]:
    """Wait for one frame and return its message.

    After anything but a message the stream is of no use any more: where the next frame begins is not known.

    Parameters
    ----------
    sock : socket.socket
        A stream socket.
    limit : int
        The most bytes that the frame may have.
    deadline : float or None
        The time on `time.monotonic` by which the last byte has to be here; None: whenever it comes. The
        socket's own timeout would begin anew with every byte.

    Raises
    ------
    WireError
        If what comes is not a frame within the bounds.
    TimeoutError
        If the deadline passes.
    EOFError
        If the other end is gone.
    """
    frame = bytearray()
    _read(sock, frame, _PREFIX.size, deadline)
    _read(sock, frame, _frame_size(frame, limit), deadline)
    return unpack(frame)


def _time_left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


def _read(sock: socket.socket, buffer: bytearray, size: int, deadline: float | None) -> None:
    """Add to the buffer until it has that many bytes; it grows as they come, whatever they promise."""
    while len(buffer) < size:
        try:
            sock.settimeout(_time_left(deadline))
            part = sock.recv(min(size - len(buffer), _CHUNK))
        except ConnectionError:
            part = b""
        if not part:
            raise EOFError("the other process is gone")
        buffer += part


def _frame_size(prefix: bytes | bytearray, limit: int) -> int:
    magic, json_size, blobs_size = _PREFIX.unpack_from(prefix)
    if magic != _MAGIC:
        raise WireError("this is not a frame")
    size = _PREFIX.size + json_size + blobs_size
    if size > min(limit, MAX_FRAME):
        raise WireError(f"a frame of {size:,} bytes, more than {min(limit, MAX_FRAME):,}")
    return size


def _split(blobs: memoryview) -> list[memoryview]:
    found: list[memoryview] = []
    while blobs:
        if len(found) == MAX_ARRAYS:
            raise WireError(f"more than {MAX_ARRAYS:,} arrays")
        size = _LENGTH.unpack_from(blobs)[0] if len(blobs) >= _LENGTH.size else len(blobs)
        if size > len(blobs) - _LENGTH.size:
            raise WireError("an array that is longer than what came")
        found.append(blobs[_LENGTH.size : _LENGTH.size + size])
        blobs = blobs[_LENGTH.size + size :]
    return found
