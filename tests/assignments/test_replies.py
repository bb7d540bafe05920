"""Replies of a process that the student controls: nothing in them is believed, and little is passed on."""

import doctest
import re
import string
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_pkg.checks import (
    CheckFailedError,
    NotWrittenError,
    Part,
    StillRunningError,
    Student,
    encoding,
    expect_equal,
    expect_numbers,
    expect_raised,
    expect_shape,
    wire,
)
from course_pkg.checks.discretion import clean, discreet
from course_pkg.checks.handle import Raised
from course_pkg.checks.work import run

RAISED = {"status": "raised", "types": ["ValueError"], "message": "m", "line": ""}


def call(reply, without=("numpy.convolve",), **kwargs):
    """What a call comes to when this is the reply to it."""
    return Student(lambda request: reply, **kwargs).function("f", without=without)(1)


ODD = [
    None,
    "answer",
    [],
    {},
    {"status": None},
    {"status": ["answer"]},
    {"status": np.array(["answer"])},
    {"status": "graded", "score": 100},
    {"status": "Answer", "value": 1},
    {"status": "answer"},
    {"status": "missing"},
    {"status": "missing", "what": 3},
    {"status": "missing", "what": None},
    {"status": "raised"},
    RAISED | {"types": []},
    RAISED | {"types": "ValueError"},
    RAISED | {"types": [1]},
    RAISED | {"types": ["A"] * 31},
    RAISED | {"types": {"ValueError": 1}},
    RAISED | {"message": 5},
    RAISED | {"message": np.zeros(3)},
    RAISED | {"line": None},
    {"status": "shortcut"},
    {"status": "shortcut", "name": "scipy"},
    {"status": "shortcut", "name": "the hidden input is 3"},
    {"status": "changed", "argument": 1},
    {"status": "not plain", "what": ["x"]},
    {"status": "died"},
    {"status": "died", "how": 9},
]


@pytest.mark.parametrize("reply", ODD, ids=repr)
def test_odd_replies_are_refused(reply):
    with pytest.raises(CheckFailedError) as refused:
        call(reply)
    assert str(refused.value) == "f: the student's process answered in a way that no function can"
    with pytest.raises(CheckFailedError):
        Student(lambda request: reply).function("f").raises(1)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | arrays.arrays("f8", 3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
fields = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            [
                "answer",
                "missing",
                "not written",
                "raised",
                "interrupted",
                "died",
                "shortcut",
                "changed",
                "not plain",
            ]
        )
        | plain_values
    },
    optional={
        name: plain_values | st.lists(st.text()) | st.text()
        for name in ("value", "what", "types", "message", "line", "how", "name", "argument")
    },
)


@given(fields | plain_values, st.booleans())
def test_any_reply_is_an_answer_or_a_failed_check_of_one_clean_line(reply, hidden):
    with discreet(hidden):
        for use in (partial(call, reply), lambda: Student(lambda r: reply).function("f").raises()):
            try:
                use()
            except CheckFailedError as failed:
                said = str(failed)
            else:
                said = ""
            assert said.isprintable()
            assert len(said) < 800


def test_what_cannot_be_read_from_the_wire_is_refused():
    def broken(request):
        raise encoding.WireError("damaged")

    with pytest.raises(CheckFailedError, match="in a way that no function can"):
        Student(broken).function("f")(1)


def test_answers_are_made_plain_once_more():
    class Zero(int):
        pass

    with pytest.raises(CheckFailedError, match="f returned a Zero"):
        call({"status": "answer", "value": Zero()})
    sent = np.arange(3)
    got = call({"status": "answer", "value": sent})
    assert not np.shares_memory(sent, got)


def test_a_test_may_send_numpys_numbers_over_the_wire():
    def over_the_wire(request):
        request = wire.unpack(wire.pack(request))
        return wire.unpack(wire.pack(run(request, {"f": lambda x, w, n: x[n] * w})))

    f = Student(over_the_wire).function("f")
    assert f(np.arange(4)[::-1], np.float32(0.5), n=np.int64(0)) == 1.5
    assert f(range(4), 2, n=3) == 6


def test_a_process_that_died():
    with pytest.raises(CheckFailedError, match=r"^f gave no answer; its process died: segmentation fault$"):
        call({"status": "died", "how": "segmentation fault"})
    with pytest.raises(StillRunningError, match=r"^f was still running$"):
        call({"status": "interrupted"})


def test_text_in_messages_is_one_clean_line():
    dirty = "red \x1b[31m\x00\r\n\tand\u202eturned\ud800" + "x" * 1000
    for reply in (RAISED | {"message": dirty}, {"status": "not plain", "what": dirty}):
        with pytest.raises(CheckFailedError) as failed:
            call(reply)
        assert "red [31m andturnedxxx" in str(failed.value)
        assert str(failed.value).isprintable()
        assert len(str(failed.value)) < 350
    assert clean("x" * 10, most=5) == "xx..."


class OddError(ValueError):
    def __str__(self):
        raise OverflowError


def test_an_error_that_cannot_say_what_it_is():
    def f():
        raise OddError

    with pytest.raises(CheckFailedError, match="f stopped with OddError"):
        Student(partial(run, namespace={"f": f})).function("f")()


def test_only_lines_of_the_submission_are_quoted():
    reply = RAISED | {"line": "return x[5]"}
    sources = frozenset(["def f(x):", "    return x[5]"])
    for known, quoted in ((None, True), (sources, True), (frozenset(["pass"]), False)):
        with pytest.raises(CheckFailedError) as failed:
            call(reply, sources=known)
        assert ("at its line `return x[5]`" in str(failed.value)) == quoted


class NoNames(type):
    @property
    def __name__(cls):
        raise SystemExit("no name")

    @property
    def __mro__(cls):
        raise SystemExit("no order")

    def __eq__(cls, other):
        raise SystemExit("not the same")

    __hash__ = type.__hash__


class BitesError(ValueError, metaclass=NoNames):
    def __str__(self):
        raise SystemExit("no message")


class NoTraceError(ValueError):
    __traceback__ = property(lambda self: 1 / 0)


class NoStubError(NotImplementedError, BitesError):
    pass


class Spelled(str):
    def __getitem__(self, key):
        return Spelled("x" * 10_000)


class SpelledError(ValueError):
    def __str__(self):
        return Spelled("spelled")


class Nameless(metaclass=NoNames):
    @property
    def __class__(self):
        raise SystemExit("no class")


class Signed:
    """Changes its argument, and has a signature that is none."""

    __signature__ = property(lambda self: 1 / 0)

    def __call__(self, x):
        x[0] = self


def raises(error):
    def f(x):
        raise error

    return f


BITES = {  # by name: they bite pytest as well
    "error": (raises(BitesError()), "f stopped with BitesError: "),
    "trace": (raises(NoTraceError()), "f stopped with AttributeError"),
    "stub": (raises(NoStubError()), "f is not written yet"),
    "text": (raises(SpelledError()), "f stopped with SpelledError: spelled"),
    "answer": (lambda x: Nameless(), "f stopped with SystemExit"),
    "answer in a list": (lambda x: [Nameless()], "f stopped with SystemExit"),
    "argument": (lambda x: x.insert(0, Nameless()), "f stopped with SystemExit"),
    "value": (Nameless(), r"the name f now belongs to a value \(Nameless\)"),
    "signature": (Signed(), "f stopped with ZeroDivisionError"),
}


@pytest.mark.parametrize("name", BITES)
def test_objects_that_bite_do_no_harm(name):
    f, words = BITES[name]
    reply = run({"name": "f", "args": [[1]], "kwargs": {}, "without": []}, {"f": f})
    assert wire.unpack(wire.pack(reply)) == reply
    with pytest.raises(CheckFailedError, match=words):
        Student(lambda request: reply).function("f")([1])


SECRET = "zq7319"  # stands for a hidden input


WAYS = {}  # a student's functions that try to tell their input, in every way that there is


def way(f):
    WAYS[f.__name__] = f
    return f


@way
def in_the_message(x):
    raise ValueError(x)


@way
def in_the_name_of_an_error(x):
    raise type(x, (KeyError,), {})


@way
def in_the_name_of_an_error_of_its_own(x):
    raise type(x, (BaseException,), {})


@way
def in_text(x):
    return x


@way
def in_text_in_a_list(x):
    return [1, x]


@way
def in_a_dict(x):
    return {x: x}


@way
def in_the_name_of_a_type(x):
    return type(x, (), {})()


@way
def in_the_name_of_an_array(x):
    return np.zeros(3).view(type(x, (np.ndarray,), {}))


@way
def in_the_name_of_a_function(x):
    f = lambda: 0  # noqa: E731
    f.__name__ = f.__qualname__ = x
    return f


@way
def in_a_dtype(x):
    return np.zeros(2, [(x, "f8")])


@way
def in_many_digits(x):
    return [0.1234567319, 7319731973]


@way
def in_a_shape(x):
    return np.zeros((0, 7319, 73197319))


@way
def in_many_dimensions(x):
    return np.zeros((7, 3, 1, 9, 7, 3, 1, 9))


def told_by(f, hidden):
    """All that a part says when a test calls this function with the secret."""
    part = Part("part", 5)
    add = part.hidden_test if hidden else part.test
    yours = Student(partial(run, namespace={"f": f})).function("f")
    for compare in (
        lambda: expect_equal(yours(SECRET), [1.0, 2.0], "y"),
        lambda: expect_equal(yours(SECRET), "text", "y"),
        lambda: expect_equal(yours(SECRET), True, "y"),
        lambda: expect_equal(yours(SECRET), np.ones((3, 4)), "y"),
        lambda: expect_numbers(yours(SECRET), "y"),
        lambda: expect_shape(yours(SECRET), (2,), "y"),
        lambda: expect_raised(yours.raises(SECRET), "TypeError", "this"),
        lambda: float(yours(SECRET)),
    ):
        add("test")(compare)
    return " ".join(test["message"] for test in part.verdict()["tests"])


@pytest.mark.parametrize("way", WAYS)
def test_a_hidden_test_does_not_tell_its_input(way):
    said = told_by(WAYS[way], hidden=True)
    assert said
    for secret in (SECRET, "7319731", "0.12345", "73197319", "3, 1, 9, 7, 3"):
        assert secret not in said


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"in_the_name_of_a_function", "in_a_dict"}))
def test_a_visible_test_is_talkative(way):
    said = told_by(WAYS[way], hidden=False)
    assert re.search("zq7319|0.12345|73197319|7.31973e|3, 1, 9, 7, 3", said)


def test_a_changed_argument_is_named_if_the_submission_has_such_a_name():
    def changed(name):
        with discreet(), pytest.raises(CheckFailedError) as failed:
            call({"status": "changed", "argument": name}, sources=frozenset(["def f(x, kernel):"]))
        return str(failed.value)

    assert changed("kernel") == "f changed its argument kernel in place: work on a copy"
    assert changed("number 2") == "f changed its argument number 2 in place: work on a copy"
    for name in ("kern", "secret", "number 123456", "f(x", "def f(x, kernel):", ""):
        assert changed(name) == "f changed an argument in place: work on a copy"


def test_a_value_in_the_functions_place():
    with discreet(), pytest.raises(CheckFailedError, match=r"belongs to a value \(ndarray\)"):
        call({"status": "missing", "what": "ndarray"})
    with discreet(), pytest.raises(CheckFailedError, match=r"belongs to a value \(something else\)"):
        call({"status": "missing", "what": SECRET})
    with discreet(), pytest.raises(NotWrittenError):
        call({"status": "missing", "what": "nothing"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: 0, "f returned function; return"),
        (np.array([1j]), "f returned complex numbers; the answer is real"),
        (np.ma.masked_array([1, 2]), "f returned MaskedArray; return"),
        ({"a", "b"}, "f returned set; return numbers, lists or ordinary NumPy arrays"),
        (np.array([None]), "f returned something else; return"),
    ],
)
def test_in_a_hidden_test_what_is_not_plain_is_still_named(value, words):
    with discreet(), pytest.raises(CheckFailedError, match=re.escape(words)):
        Student(partial(run, namespace={"f": lambda: value})).function("f")()


def test_in_a_hidden_test_mistakes_are_still_named():
    part = Part("part", 3)
    mistakes = {"the kernel was not flipped": [3.14159265, 2]}
    part.hidden_test("a")(lambda: expect_equal([3.14159265, 2], [2.71828183, 2], "y", mistakes))
    part.hidden_test("b")(lambda: expect_equal([2.71836, 2.0], [2.71828183, 2.0], "y"))
    part.hidden_test("c")(
        lambda: expect_raised(Raised(("IndexError",), SECRET), "ValueError", "an empty kernel")
    )
    assert [test["message"] for test in part.verdict()["tests"]] == [
        "y: the kernel was not flipped. At [0] expected 2.718, got 3.142",
        "y: not the expected numbers. At [0] expected 2.718, got 2.718, off by 8e-05",
        "an empty kernel asks for a ValueError; IndexError was raised",
    ]


def test_a_visible_test_after_a_hidden_one_is_as_discreet():
    part = Part("part", 3)
    memory = []
    names = {"f": lambda x: memory.append(x) or memory[0]}
    yours = Student(partial(run, namespace=names)).function("f")
    part.hidden_test("hidden")(lambda: yours(SECRET))
    part.test("visible")(lambda: expect_equal(yours("known"), "known", "f"))
    assert part.verdict()["tests"][1]["message"] == "f: expected 'known', got a str"
    memory.clear()
    part = Part("part", 3)
    yours(SECRET)
    part.test("visible")(lambda: expect_equal(yours("known"), "known", "f"))
    assert part.verdict()["tests"][0]["message"] == f"f: expected 'known', got '{SECRET}'"


@given(arrays.arrays("f8", arrays.array_shapes(max_dims=5, min_side=0, max_side=30), elements=st.floats()))
def test_no_number_in_a_hidden_message_has_more_than_four_digits(answer):
    said = ""
    with discreet():
        try:
            expect_equal(answer, [1.5, 2.25, -3.125], "y")
        except CheckFailedError as failed:
            said = str(failed)
    for number in re.findall(r"\d[\d.]*(?:e[+-]\d+)?", said):
        mantissa = number.partition("e")[0]
        assert len(mantissa.replace(".", "").strip("0")) <= 4, said


def test_odd_answers_neither_stop_nor_fill_the_tests_process():
    for odd, words in (
        (np.zeros(3_000_000), "not the expected shape"),
        ([["x" * 1_000_000, *range(50_000)]], "expected 2 numbers, got"),
        ([2**3000, 1.5], "expected 2 numbers, got"),
        ([1, None], "expected 2 numbers, got"),
        ([2**64, -1], "expected 2 numbers, got"),
        ([[1], [1, 2]], "a list of unequal pieces"),
        (string.ascii_letters, "expected 2 numbers, got 'abc"),
    ):
        with pytest.raises(CheckFailedError, match=words):
            expect_equal(odd, [1.5, 2.5], "y")


@pytest.mark.parametrize("name", ["discretion", "replies"])
def test_examples_in_docstrings(name):
    import importlib

    result = doctest.testmod(importlib.import_module(f"course_pkg.checks.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
