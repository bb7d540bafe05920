"""What goes onto the wire comes out unchanged; what is damaged does no harm."""

import doctest
import json
import math
import socket
import struct
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_pkg.checks import CheckFailedError, Student, encoding, wire
from course_pkg.checks.discretion import discreet
from course_pkg.checks.encoding import MAX_ARRAYS, MAX_KEYS, MAX_NESTING, MAX_NODES, WireError
from course_pkg.checks.plain import plain, same
from course_pkg.checks.wire import MAX_FRAME, pack, receive, send, unpack
from course_pkg.checks.work import run

PREFIX = struct.Struct(">4sIQ")
NUMBER_DTYPES = ["?", *"bBhHiIqQ", "e", "f", "d", "g", ">f8", ">f4", ">i2", ">u8"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**3900), 2**3900)
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
)
keys = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
number_arrays = arrays.arrays(
    st.sampled_from(NUMBER_DTYPES).map(np.dtype), arrays.array_shapes(min_dims=0, max_dims=4, min_side=0)
)
values = st.recursive(
    scalars | number_arrays | number_arrays.map(np.asfortranarray),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(keys | st.tuples(keys, keys), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(values)
@example(["\ud83d\ude00", "\ud800", "😀", "\x00"])
@example([{"tuple": []}, {"array": 0}, {"dict": 1, "text": 2}, {1: 1, (1.0, "a"): 2, None: 3}])
@example([0.0, -0.0, 5e-324, math.inf, -math.inf, math.nan, 2**63, -(2**64)])
@example([np.zeros(()), np.zeros((0, 3)), np.asfortranarray([[1.5, 2], [3, 4]]), np.ones((1,) * 64)])
@example([np.array(True), np.array([np.nan, -0.0, np.inf], np.float16)])
def test_everything_plain_comes_out_unchanged(value):
    message = {"status": "answer", "value": value}
    back = unpack(pack(message))
    assert same(back, message)
    assert same(plain(back), plain(message))


@pytest.mark.parametrize("dtype", NUMBER_DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 0, 3)])
def test_arrays_keep_dtype_shape_and_order_in_memory(dtype, shape):
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    for sent in (x, np.asfortranarray(x), np.broadcast_to(x, shape)):
        back = unpack(pack({"x": sent}))["x"]
        assert type(back) is np.ndarray
        assert same(back, np.array(sent))
        assert back.flags.f_contiguous == sent.flags.f_contiguous
        back[...] = 1  # it belongs to the reader
    if x.ndim:
        assert same(unpack(pack({"x": np.repeat(x, 2, axis=-1)[..., ::-2]}))["x"], x[..., ::-1].copy())


class Sub(list):
    pass


@pytest.mark.parametrize(
    "value",
    [
        object(),
        b"bytes",
        {1, 2},
        Sub(),
        np.float64(1),
        1j,
        np.zeros(2, complex),
        np.array([None]),
        np.array(["a"]),
        np.array([b"a"]),
        np.zeros(2, "f8,i4"),
        np.zeros(2, "M8[s]"),
        np.ma.masked_array([1.0]),
        2**4000,
        -(2**4000),
        np.zeros(10_000_001, np.int8),
        [0] * (MAX_NODES + 1),
        "a" * 17_000_000,
        [np.zeros(0)] * (MAX_ARRAYS + 1),
        dict.fromkeys(range(MAX_KEYS + 1)),
        np.zeros(9_000_000, "g"),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_is_not_plain_or_too_large_is_not_sent(value):
    with pytest.raises(WireError):
        pack({"value": value})


def test_depth():
    def nested(depth):
        return [] if depth == 0 else [nested(depth - 1)]

    assert same(unpack(pack({"v": nested(MAX_NESTING - 1)})), {"v": nested(MAX_NESTING - 1)})
    with pytest.raises(WireError, match="nested"):
        pack({"v": nested(MAX_NESTING)})
    endless = []
    endless.append(endless)
    with pytest.raises(WireError, match="nested"):
        pack({"v": endless})
    with pytest.raises(WireError, match="a list, expected a dict"):
        pack([])


def frame(text, *blobs):
    """A frame with this JSON and these blobs."""
    text = text if isinstance(text, bytes) else json.dumps(text).encode()
    tail = b"".join(struct.pack(">Q", len(blob)) + blob for blob in blobs)
    return PREFIX.pack(b"cpw1", len(text), len(tail)) + text + tail


def npy(header, content=b"", version=b"\x01\x00"):
    header = header.encode() if isinstance(header, str) else header
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + content


def header(descr="'<f8'", fortran="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


ONE_ARRAY = {"dict": ["x", {"array": 0}]}


def test_a_hand_made_frame_is_read():
    content = struct.pack("<2d", 1.5, -2)
    assert same(unpack(frame(ONE_ARRAY, npy(header(), content))), {"x": np.array([1.5, -2])})
    assert same(unpack(frame(ONE_ARRAY, npy(header("'|b1'"), b"\x00\x07"))), {"x": np.array([False, True])})


PICKLE = b"cos\nsystem\n(S'touch /tmp/pwned'\ntR."

DAMAGED = {
    "nothing": b"",
    "one byte": b"c",
    "other magic": b"cpw2" + frame({"dict": []})[4:],
    "more bytes than it says": frame({"dict": []}) + b"\x00",
    "claims the largest sizes": PREFIX.pack(b"cpw1", 2**32 - 1, 2**64 - 1),
    "claims a large JSON part": PREFIX.pack(b"cpw1", 2**26, 0),
    "claims large blobs": PREFIX.pack(b"cpw1", 2, 2**26) + b"{}",
    "no JSON": frame(b""),
    "half of JSON": frame(b'{"dict":['),
    "JSON in UTF-16": frame('{"dict": []}'.encode("utf-16")),
    "text that is not ASCII": frame('{"dict": ["é", 1]}'.encode()),
    "a list": frame([1]),
    "a number": frame(1),
    "an empty object": frame({}),
    "an object with two keys": frame({"dict": [], "tuple": []}),
    "an unknown object": frame({"set": []}),
    "a dict without a value": frame({"dict": ["a"]}),
    "a dict of a number": frame({"dict": 3}),
    "a dict with a list for a key": frame({"dict": [[], 1]}),
    "a dict with an array for a key": frame({"dict": [{"array": 0}, 1]}, npy(header(), bytes(16))),
    "a dict with a key twice": frame({"dict": ["a", 1, "a", 2]}),
    "a dict with a key twice, as float": frame({"dict": [1, 1, 1.0, 2]}),
    "text of odd digits": frame({"dict": ["a", {"text": "abc"}]}),
    "text of no digits": frame({"dict": ["a", {"text": "xy"}]}),
    "text that is not UTF-8": frame({"dict": ["a", {"text": "ff"}]}),
    "deep lists": frame(b'{"dict":["a",' + b"[" * 100 + b"]" * 100 + b"]}"),
    "very deep lists": frame(b"[" * 400_000 + b"]" * 400_000),
    "very deep objects": frame(b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
    "millions of lists": frame(b'{"dict":["a",[' + b"[]," * 5_000_000 + b"1]]}"),
    "a whole number without end": frame(b'{"dict":["a",' + b"9" * 10_000_000 + b"]}"),
    "a fraction without end": frame(b'{"dict":["a",0.' + b"9" * 10_000_000 + b"]}"),
    "keys with one hash": frame({"dict": [n for k in range(20_000) for n in (k * (2**61 - 1), 0)]}),
    "no array came": frame(ONE_ARRAY),
    "an array that nothing uses": frame({"dict": []}, npy(header(), bytes(16))),
    "an array used twice": frame({"dict": [1, {"array": 0}, 2, {"array": 0}]}, npy(header(), bytes(16))),
    "array number true": frame({"dict": ["x", {"array": False}]}, npy(header(), bytes(16))),
    "array number -1": frame({"dict": ["x", {"array": -1}]}, npy(header(), bytes(16))),
    "array number 10**9": frame({"dict": ["x", {"array": 10**9}]}, npy(header(), bytes(16))),
    "a million empty arrays": frame(ONE_ARRAY, *[b""] * 1_000_000),
    "a length for an array, and no more": PREFIX.pack(b"cpw1", 2, 8) + b"{}" + struct.pack(">Q", 2**40),
    "half a length for an array": PREFIX.pack(b"cpw1", 2, 4) + b"{}" + bytes(4),
    "an empty blob": frame(ONE_ARRAY, b""),
    "a blob of noise": frame(ONE_ARRAY, b"noise" * 10),
    "a pickle": frame(ONE_ARRAY, PICKLE),
    "objects": frame(ONE_ARRAY, npy(header("'|O'"), PICKLE)),
    "objects, spelled otherwise": frame(ONE_ARRAY, npy(header("'|O8'", shape="()"), PICKLE)),
    "a structure": frame(ONE_ARRAY, npy(header("[('a', '<f8')]"), bytes(16))),
    "a structure of objects": frame(ONE_ARRAY, npy(header("[('a', '|O')]"), bytes(16))),
    "text in an array": frame(ONE_ARRAY, npy(header("'<U2'"), bytes(16))),
    "complex numbers": frame(ONE_ARRAY, npy(header("'<c8'"), bytes(16))),
    "dates": frame(ONE_ARRAY, npy(header("'<M8[s]'"), bytes(16))),
    "floats of 3 bytes": frame(ONE_ARRAY, npy(header("'<f3'"), bytes(6))),
    "floats of 99 bytes": frame(ONE_ARRAY, npy(header("'<f99'"), bytes(198))),
    "huge shape, few bytes": frame(ONE_ARRAY, npy(header(shape="(1000000000000,)"), bytes(16))),
    "huge empty shape": frame(ONE_ARRAY, npy(header(shape="(0, 99999999999999999999999999)"))),
    "huge product": frame(ONE_ARRAY, npy(header(shape="(4294967296, 4294967296)"))),
    "shape too large by one": frame(ONE_ARRAY, npy(header(shape="(3,)"), bytes(16))),
    "shape too small by one": frame(ONE_ARRAY, npy(header(shape="(1,)"), bytes(16))),
    "too many dimensions": frame(ONE_ARRAY, npy(header(shape=f"({'1, ' * 70})"), bytes(8))),
    "negative shape": frame(ONE_ARRAY, npy(header(shape="(-2, -1)"), bytes(16))),
    "a shape of commas": frame(ONE_ARRAY, npy(header(shape="(,,)"), bytes(16))),
    "a number with leading zeros": frame(ONE_ARRAY, npy(header(shape="(02,)"), bytes(16))),
    "a shape that is a number": frame(ONE_ARRAY, npy(header(shape="(2)"), bytes(16))),
    "no order": frame(ONE_ARRAY, npy("{'descr': '<f8', 'shape': (2,), }\n", bytes(16))),
    "a header that is code": frame(ONE_ARRAY, npy("__import__('os').abort()\n", bytes(16))),
    "a deep header": frame(ONE_ARRAY, npy("(" * 60_000 + "\n")),
    "a long header": frame(ONE_ARRAY, npy(header()[:-1] + " " * 2_000 + "\n", bytes(16))),
    "Python 2's header": frame(ONE_ARRAY, npy(header(shape="(2L,)"), bytes(16))),
    "version 2": frame(ONE_ARRAY, npy(header(), bytes(16), version=b"\x02\x00")),
    "version 3": frame(ONE_ARRAY, npy(header(), bytes(16), version=b"\x03\x00")),
    "a header longer than the blob": frame(ONE_ARRAY, npy(header(), bytes(16))[:-40]),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_frames_are_refused_in_little_memory(data):
    tracemalloc.start()
    try:
        with pytest.raises(WireError) as refused:
            unpack(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data) + 2**20
    assert len(str(refused.value)) < 250


RICH = pack(
    {
        "status": "answer",
        "value": [1, -2.5, "té\ud800xt", (True, None), {3: np.arange(3.0)}, np.ones((2, 2), bool)],
        "seconds": 0.25,
    }
)


def test_every_truncation_is_refused():
    for n in range(len(RICH)):
        with pytest.raises(WireError):
            unpack(RICH[:n])


def try_to_read(data):
    """Only two things may come of bytes: a message that can be packed again, or a WireError."""
    try:
        message = unpack(data)
    except WireError:
        return
    assert same(unpack(pack(message)), message)


def test_every_flipped_bit_is_harmless():
    for place in range(len(RICH)):
        for bit in range(8):
            damaged = bytearray(RICH)
            damaged[place] ^= 1 << bit
            try_to_read(bytes(damaged))


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_noise_is_harmless(noise):
    try_to_read(noise)
    try_to_read(PREFIX.pack(b"cpw1", len(noise), 0) + noise)
    try_to_read(frame(ONE_ARRAY, noise))
    try_to_read(frame(ONE_ARRAY, npy(noise)))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(16, len(RICH) - 1), st.binary(min_size=1, max_size=4)), max_size=6))
def test_many_changes_are_harmless(changes):
    damaged = bytearray(RICH)
    for place, new in changes:
        damaged[place : place + len(new)] = new[: len(damaged) - place]
    try_to_read(bytes(damaged))


@settings(deadline=None, max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["dict", "tuple", "array", "text", "x"]), inner, max_size=2)
        ),
    )
)
def test_any_json_is_harmless(tree):
    try_to_read(frame(tree))
    try_to_read(frame({"dict": ["a", tree, "x", {"array": 0}]}, npy(header(), bytes(16))))


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_messages_go_both_ways_in_order(ends):
    left, right = ends
    large = {"value": np.arange(1_000_000)}  # more than a socket's buffer holds
    sender = threading.Thread(target=lambda: [send(left, {"n": 1}), send(left, large), send(left, {"n": 2})])
    sender.start()
    assert [receive(right), same(receive(right), large), receive(right)] == [{"n": 1}, True, {"n": 2}]
    sender.join()
    send(right, {"n": 3})
    assert receive(left) == {"n": 3}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (list(range(MAX_NODES + 5)), "f returned about 1,000,0.. values outside arrays, more than 1,000,000"),
        (np.zeros(9_000_000, "g"), "f returned a message of .* bytes; at most"),
        (2**10_000, "f returned a whole number of 10,001 bits, too large to be sent"),
    ],
    ids=["list", "array", "number"],
)
def test_an_answer_too_large_to_be_sent_is_told(ends, value, words):
    def over_there(request):
        wire.send_reply(ends[0], run(request, {"f": lambda: value}))
        return receive(ends[1])

    with pytest.raises(CheckFailedError, match=words):
        Student(over_there).function("f")()
    with discreet(), pytest.raises(CheckFailedError, match=r"f returned (far more|something else)"):
        Student(over_there).function("f")()
    wire.send_reply(ends[0], {"status": "answer", "value": 1})
    assert receive(ends[1]) == {"status": "answer", "value": 1}


@pytest.mark.parametrize("sent", [b"", RICH[:5], RICH[:-1]])
def test_an_end_that_goes_away_is_told(ends, sent):
    left, right = ends
    left.sendall(sent)
    left.close()
    with pytest.raises(EOFError):
        receive(right)
    with pytest.raises(EOFError):
        send(right, {"value": np.zeros(1_000_000)})


def test_a_frame_beyond_the_readers_limit_is_refused_before_it_is_read(ends):
    left, right = ends
    left.sendall(PREFIX.pack(b"cpw1", 10, 2**62))  # and never a byte more
    with pytest.raises(WireError, match="more than"):
        receive(right)
    send(left, {"x": np.zeros(1000)})
    with pytest.raises(WireError, match="more than 100"):
        receive(right, limit=100)
    assert MAX_FRAME > 80_000_000  # the largest array of floats that `plain` lets through


def test_a_slow_sender_does_not_outlive_the_deadline(ends):
    left, right = ends
    stop = threading.Event()

    def trickle():
        for byte in RICH:
            if stop.wait(0.02):
                return
            left.sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    with pytest.raises(TimeoutError):
        receive(right, deadline=time.monotonic() + 0.2)
    stop.set()
    sender.join()


def test_an_end_that_does_not_read_does_not_outlive_the_deadline(ends):
    with pytest.raises(TimeoutError):
        send(ends[0], {"x": np.zeros(1_000_000)}, deadline=time.monotonic() + 0.2)
    with pytest.raises(TimeoutError):
        receive(ends[1], deadline=time.monotonic() - 1)


@pytest.mark.parametrize("module", [encoding, wire])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
