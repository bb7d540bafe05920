"""The handle on the student's work: plain data in, plain data out, and a clear word about everything else."""

import sys
import warnings
from functools import partial

import numpy as np
import pytest

from course_pkg.checks import CheckFailedError, NotWrittenError, StillRunningError, Student
from course_pkg.checks.work import run


def handle(**functions):
    return Student(partial(run, namespace=functions))


def answer_of(value):
    return handle(f=lambda: value).function("f")()


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "text", [1, (2, "a")], {"a": [1.0]}, float("inf"), [], np.float32(0.5), np.int8(3)],
)
def test_plain_answers_come_back(value):
    assert answer_of(value) == value


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.uint16, np.int64, np.float16, np.float32, np.float64, ">f8"]
)
def test_arrays_of_numbers_come_back_with_their_dtype(dtype):
    x = np.arange(6).reshape(2, 3).astype(dtype)[:, ::-1]
    back = answer_of(x)
    assert type(back) is np.ndarray
    assert back.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(back, x)
    assert not np.shares_memory(back, x)


def test_ranges_and_sets_of_numbers_come_back_in_order():
    assert answer_of({5, 2, np.int64(9)}) == [2, 5, 9]
    assert answer_of(range(0, 6, 2)) == [0, 2, 4]
    assert answer_of([set()]) == [[]]


class AlwaysEqual(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    __hash__ = None

    def __array_ufunc__(self, *args, **kwargs):
        return True


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([1, None]), "an array with dtype object"),
        (np.array(["a"]), "an array with dtype <U1"),
        (np.array([1j]), "complex"),
        (np.zeros(3).view(AlwaysEqual), "a AlwaysEqual, not an ordinary NumPy array"),
        (np.ma.masked_array([1, 2]), "MaskedArray"),
        (Text("a"), "a Text"),
        ((x for x in [1]), "a generator"),
        (np.convolve, "a function"),
        ({"a", "b"}, "a set; return numbers"),
        (1j, "a complex number; the answer is real"),
        ([np.complex128(1)], "a complex number; the answer is real"),
        ([1, object()], "an object"),
        (np.dtype(float), "DType"),
    ],
)
def test_other_answers_are_refused_by_name(value, words):
    with pytest.raises(CheckFailedError, match="f returned") as refused:
        answer_of(value)
    assert words in str(refused.value)


def test_endless_lists_are_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(CheckFailedError, match="nested more than 20 deep"):
        answer_of(endless)


@pytest.mark.parametrize("x", [[3, 1, 2], np.array([3.0, 1.0, 2.0])])
def test_a_change_in_place_is_noticed_and_harms_nobody(x):
    before = list(x)
    f = handle(f=lambda w, x: x.sort()).function("f")
    with pytest.raises(CheckFailedError, match="f changed its argument x in place"):
        f([1], x)
    with pytest.raises(CheckFailedError, match="f changed its argument x in place"):
        f([1], x=x)
    assert list(x) == before


def test_a_change_by_a_function_that_names_no_arguments():
    with pytest.raises(CheckFailedError, match="f changed its argument number 2 in place"):
        handle(f=lambda *things: things[1].clear()).function("f")([1], [2])
    assert handle(f=max).function("f")(1, 2) == 2


def test_an_argument_may_hold_nan():
    assert handle(f=len).function("f")([float("nan")]) == 1


def test_stubs_and_missing_functions():
    def stub(x):
        raise NotImplementedError

    with pytest.raises(NotWrittenError, match=r"^f is not written yet$"):
        handle(f=stub).function("f")(1)
    with pytest.raises(NotWrittenError, match="no function named f yet: run the cell that defines it"):
        handle().function("f")(1)
    with pytest.raises(CheckFailedError, match=r"the name f now belongs to a value \(ndarray\)"):
        handle(f=np.zeros(3)).function("f")(1)


def test_an_error_is_told_with_the_students_line(tmp_path):
    file = tmp_path / "cell.py"
    file.write_text("def f(x):\n    return helper(x)\n\ndef helper(x):\n    return x[5]\n")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(CheckFailedError) as told:
        Student(partial(run, namespace=names)).function("f")([1])
    assert str(told.value) == "f stopped with IndexError: list index out of range, at its line `return x[5]`"


@pytest.mark.parametrize(
    "error", [KeyError("k"), SystemExit(3), RecursionError("deep"), MemoryError(), GeneratorExit()]
)
def test_every_error_becomes_a_message(error):
    def f():
        raise error

    with pytest.raises(CheckFailedError, match=f"f stopped with {type(error).__name__}"):
        handle(f=f).function("f")()


def test_an_interruption_is_told():
    def f():
        raise KeyboardInterrupt

    with pytest.raises(StillRunningError, match=r"^f was still running$"):
        handle(f=f).function("f")()


def test_wrong_arguments_are_told():
    with pytest.raises(CheckFailedError, match="f stopped with TypeError"):
        handle(f=lambda x: x).function("f")(1, 2)


def test_errors_that_are_asked_for_come_back_as_data():
    def f(kind):
        if kind == "sub":
            raise UnicodeError("a kind of ValueError")
        return 1

    f = handle(f=f).function("f")
    assert f.raises("sub").types == ("UnicodeError", "ValueError", "Exception")
    assert f.raises("sub").message == "a kind of ValueError"
    assert f.raises("none").types == ()
    with pytest.raises(NotWrittenError):
        handle().function("f").raises("none")


def test_warnings_and_stderr_go_to_stdout(capsys, monkeypatch):
    def as_python_does(message, category, filename, lineno, file=None, line=None):
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))

    monkeypatch.setattr(warnings, "showwarning", as_python_does)  # pytest has put a collector there

    def f():
        warnings.warn("careful", stacklevel=1)
        print("a message", file=sys.stderr)
        return np.array([1.0]) / np.array([0.0])

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        handle(f=f).function("f")()
    captured = capsys.readouterr()
    assert captured.err == ""
    assert all(words in captured.out for words in ("careful", "a message", "divide by zero"))


def test_what_a_function_remembers_is_kept():
    names = {}
    exec("count = 0\ndef f():\n    global count\n    count += 1\n    return count", names)
    f = Student(partial(run, namespace=names)).function("f", without=["numpy.convolve", "scipy"])
    assert [f(), f(), f()] == [1, 2, 3]


class TestShortcuts:
    def uses(self, source, without):
        names = {}
        exec(source, names)
        return Student(partial(run, namespace=names)).function("f", without=without)

    @pytest.mark.parametrize(
        "source",
        [
            "import numpy as np\ndef f(x, w):\n    return np.convolve(x, w)",
            "from numpy import convolve as anything\ndef f(x, w):\n    return anything(x, w)",
            "def f(x, w):\n    from numpy import convolve\n    return convolve(x, w)",
            "import numpy as np\ndef f(x, w):\n    return np.polymul(x, w)",
            "import numpy as np\ndef f(x, w):\n    return np.polynomial.polynomial.polymul(x, w)",
        ],
    )
    def test_a_function_in_every_disguise(self, source):
        with pytest.raises(CheckFailedError, match=r"f uses numpy\.convolve, .* \(np\.polymul does\); write"):
            self.uses(source, ["numpy.convolve"])([1, 2, 3], [4, 5])
        assert self.uses(source, [])([1, 2, 3], [4, 5]).tolist() == [4, 13, 22, 15]

    @pytest.mark.parametrize(
        "source",
        [
            "from scipy.signal import convolve\ndef f(x, w):\n    return convolve(x, w)",
            "import scipy.signal as s\ndef f(x, w):\n    return s.convolve(x, w)",
            "import scipy\ndef f(x, w):\n    return scipy.signal.convolve(x, w)",
            "def f(x, w):\n    import scipy.signal\n    return scipy.signal.convolve(x, w)",
            "def f(x, w):\n    from scipy import signal\n    return signal.convolve(x, w)",
        ],
    )
    def test_a_package_in_every_disguise(self, source):
        with pytest.raises(CheckFailedError, match="f uses scipy, itself or through another function; write"):
            self.uses(source, ["scipy"])([1, 2, 3], [4, 5])
        assert self.uses(source, [])([1, 2, 3], [4, 5]).tolist() == [4, 13, 22, 15]

    def test_the_courses_own_operators(self):
        source = "from course_pkg.ops import convolve\ndef f(x, w):\n    return convolve(x, w)"
        with pytest.raises(CheckFailedError, match=r"f uses course_pkg\.ops"):
            self.uses(source, ["course_pkg.ops"])([1, 2, 3], [4, 5])
        assert self.uses(source, [])([1, 2, 3], [4, 5]).tolist() == [4, 13, 22, 15]

    def test_a_package_that_is_not_installed(self):
        with pytest.raises(CheckFailedError, match="f uses no_such_package"):
            self.uses("def f():\n    import no_such_package.part", ["no_such_package"])()
        assert "no_such_package" not in sys.modules

    def test_who_looks_through_all_modules_uses_none(self):
        source = "import inspect\ndef f():\n    return len(inspect.stack()) > 0"
        assert self.uses(source, ["no_such_package", "scipy"])() is True

    def test_fourier_transforms_are_welcome(self):
        source = "import numpy as np\ndef f(x):\n    return np.fft.irfft(np.fft.rfft(x), len(x))"
        assert np.allclose(
            self.uses(source, ["numpy.convolve", "numpy.correlate", "scipy"])([1.0, 2.0, 3.0]), [1, 2, 3]
        )

    def test_everything_is_put_back(self):
        before = np.convolve
        with pytest.raises(CheckFailedError):
            self.uses("import numpy as np\ndef f():\n    np.convolve([1], [2])", ["numpy.convolve"])()
        assert np.convolve is before
