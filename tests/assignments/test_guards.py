"""Guards are felt by references taken before; what a cell has to get past them is named."""

import functools
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from course_pkg.checks import suspicion, work
from course_pkg.checks.plain import plain
from course_pkg.checks.shortcuts import ShortcutUsedError, names_in
from course_pkg.checks.suspicion import suspicious
from course_pkg.grading.assignments import bank

# what a process runs that has guards; the test's own process is to have none
GUARDED = """
import functools, inspect, sys
import numpy as np
import course_pkg.ops
from course_pkg.checks import CheckFailedError, Student
from course_pkg.checks.shortcuts import guard
from course_pkg.checks.work import run

before = {{name: getattr(np, name) for name in ("convolve", "correlate", "pad", "dot", "interp", "einsum")}}
facts = {{n: (f.__name__, f.__doc__, f.__module__, str(inspect.signature(f))) for n, f in before.items()
          if n != "dot"}}
names = {names!r}
guard(names)
guard(names)

def uses(source, *args):
    student = dict(__name__="student")
    exec(source, student)
    call = Student(functools.partial(run, namespace=student)).function("f", without=names)
    try:
        return call(*args)
    except CheckFailedError as error:
        return str(error)

{body}
"""
OFF_LIMITS = ["numpy.convolve", "numpy.correlate", "scipy", "course_pkg.ops"]


def guarded(body, names=OFF_LIMITS):
    """What the body prints in a process with guards."""
    source = GUARDED.format(body=textwrap.dedent(body), names=names)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def outcomes():
    """What becomes of every way to call a library's function: run in one process."""
    body = f"for name, source in {WAYS!r}.items():\n    print(name, '|', uses(source, [1.0, 2, 3], [4.0, 5]))"
    return dict(line.split(" | ", 1) for line in guarded(body).splitlines())


WAYS = {
    "by its name": "import numpy as np\ndef f(x, w): return np.convolve(x, w)",
    "default argument": "import numpy as np\ndef f(x, w, c=np.convolve): return c(x, w)",
    "keyword default": "import numpy as np\ndef f(x, w, *, c=np.convolve): return c(x, w)",
    "closure": "import numpy as np\ndef g(c):\n  def f(x, w): return c(x, w)\n  return f\nf = g(np.convolve)",
    "list": "import numpy as np\nl = [np.convolve]\ndef f(x, w): return l[0](x, w)",
    "class attribute": "import numpy as np\nclass A:\n  c = staticmethod(np.convolve)\n"
    "def f(x, w): return A.c(x, w)",
    "partial": "import numpy as np, functools\nf = functools.partial(np.convolve, mode='full')",
    "partial of a method": "import numpy as np\nf = np.convolve.__call__",
    "behind the shell": "import numpy as np\nc = np.convolve.__wrapped__\ndef f(x, w): return c(x, w)",
    "new shell": "import numpy as np, types\ng = np.convolve.__wrapped__\n"
    "c = types.FunctionType(g.__code__, g.__globals__)\ndef f(x, w): return c(x, w)",
    "in C": "from numpy._core.multiarray import correlate as c\ndef f(x, w): return c(x, w[::-1], 2)",
    "in C, another module": "from numpy._core import _multiarray_umath as m\nc = m.correlate\n"
    "def f(x, w): return c(x, w[::-1], 2)",
    "in C, the newer": "from numpy._core.umath import correlate2 as c\ndef f(x, w): return c(x, w[::-1], 2)",
    "reloaded": "import importlib, numpy._core.multiarray as m\nm = importlib.reload(m)\nc = m.correlate\n"
    "def f(x, w): return c(x, w[::-1], 2)",
    "loaded again": "import importlib.util, numpy._core.numeric as n\n"
    "spec = importlib.util.spec_from_file_location('numpy._core.again', n.__file__)\n"
    "again = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(again)\nc = again.convolve\n"
    "def f(x, w): return c(x, w)",
    "correlate": "import numpy as np\ndef f(x, w, c=np.correlate): return c(x, w[::-1], 'full')",
    "polynomials": "import numpy as np\ndef f(x, w, c=np.polymul): return c(x, w)",
    "polynomial objects": "import numpy as np\ndef f(x, w, c=np.poly1d): return (c(x) * c(w)).coef",
    "new polynomials": "import numpy as np\ndef f(x, w, c=np.polynomial.polynomial.polymul): return c(x, w)",
    "masked arrays": "import numpy as np\ndef f(x, w, c=np.ma.convolve): return np.array(c(x, w))",
    "the course's": "from course_pkg.ops import convolve\nimport numpy as np\n"
    "def f(x, w, c=convolve): return c(np.array(x), np.array(w))",
    "the course's, aliased": "import course_pkg.ops as o, numpy as np\nl = [o.convolve]\n"
    "def f(x, w): return l[0](np.array(x), np.array(w))",
}
WELCOME = {
    "loops": "import numpy as np\ndef f(x, w):\n  y = np.zeros(4)\n"
    "  for n, s in enumerate(x): y[n:n+2] += s * np.array(w)\n  return y",
    "Fourier": "import numpy as np\ndef f(x, w):\n"
    "  return np.fft.irfft(np.fft.rfft(x, 4) * np.fft.rfft(w, 4), 4)",
    "windows": "import numpy as np\ndef f(x, w):\n  x = np.pad(x, 1)\n"
    "  return np.lib.stride_tricks.sliding_window_view(x, 2) @ np.array(w)[::-1]",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_noticed(way):
    said = outcomes()[way]
    assert said.startswith("f uses ")
    assert said.split()[2].rstrip(",") in OFF_LIMITS


def test_the_answer_is_taken_while_names_are_forbidden(monkeypatch):
    """So that a thread that waits for the end of the call comes too late to write into it."""
    taken = []

    def spy(value):
        if value == "the answer":
            with pytest.raises(ShortcutUsedError):
                np.convolve([1], [2])
            taken.append(value)
        return plain(value)

    monkeypatch.setattr(work, "plain", spy)
    request = {"name": "f", "args": [], "kwargs": {}, "without": ["numpy.convolve"]}
    assert work.run(request, {"f": lambda: "the answer"}) == {"status": "answer", "value": "the answer"}
    assert taken == ["the answer"]


def test_other_ways_are_welcome_and_nothing_is_forbidden_outside_a_call():
    said = guarded(f"""
    for source in {WELCOME!r}.values():
        print(np.allclose(uses(source, [1.0, 2, 3], [4.0, 5]), [4, 13, 22, 15]))
    print(np.convolve([1, 2, 3], [4, 5]), before["convolve"]([1, 2], [3], "same"))
    print(np.polymul([1, 2], [3]), np.correlate([1, 2, 3], [0, 1]))
    print(course_pkg.ops.convolve(np.array([1.0, 2]), np.array([3.0])))
    """)
    assert said.splitlines() == ["True"] * 3 + ["[ 4 13 22 15] [3 6]", "[3 6] [2 3]", "[3. 6.]"]


def test_names_documents_and_signatures_are_kept():
    said = guarded(
        """
        for name, known in facts.items():
            for f in (getattr(np, name), before[name]):
                print((f.__name__, f.__doc__, f.__module__, str(inspect.signature(f))) == known)
        print(inspect.getsource(np.convolve)[:60])
        print(np._core.multiarray.correlate.__name__, np.dot.__name__, np.dot([1, 2], [3, 4]))
        """,
        ["numpy.convolve", "numpy.correlate", "numpy.pad", "numpy.interp", "numpy.einsum", "numpy.dot"],
    )
    lines = said.splitlines()
    assert lines[:10] == ["True"] * 10
    assert "def convolve(" in said
    assert lines[-1] == "correlate dot 11"


def test_functions_in_c_classes_and_late_modules_are_guarded():
    said = guarded(
        """
        print(uses("import numpy as np\\ndef f(c=np.dot): return c([1], [2])"))
        print(uses("import numpy as np\\ndef f(c=np.einsum): return c('i,i', [1], [2])"))
        print(uses("from numpy._core.umath import c_einsum as c\\ndef f(): return c('i,i', [1], [2])"))
        print(uses("import numpy as np\\ndef f(c=np.poly1d): return c([1, 2]).coef"))
        print(uses("import numpy as np\\ndef f(c=np.add): return c(1, 2)"))
        print(uses("from colorsys import rgb_to_hsv as c\\ndef f(): return c(0, 0, 0)"))
        print("wsgiref" in sys.modules)
        print(uses("from wsgiref.util import guess_scheme as c\\ndef f(): return c(dict(HTTPS='on'))"))
        print(uses("import wsgiref.headers as m\\nl = [m.Headers]\\ndef f(): return str(l[0]())"))
        print(uses("from quopri import needsquoting as c\\ndef f(): return c(b'a', 0, 0)"))
        print(uses("import xml.dom.minidom as m\\nl = [m.parseString]\\ndef f(): return str(l[0]('<a/>'))"))
        """,
        [
            "numpy.dot",
            "numpy.einsum",
            "numpy.poly1d",
            "numpy.no_such",
            "no_such",
            "xml",
            "wsgiref",
            "quopri.needsquoting",
            "numpy.add",
        ],
    )
    assert [line.split(",")[0] for line in said.splitlines()] == [
        "f uses numpy.dot",
        "f uses numpy.einsum",
        "f uses numpy.einsum",
        "f uses numpy.poly1d",
        "3",  # a ufunc is more than a function: only its name can be swapped
        "(0.0",
        "False",
        "f uses wsgiref",  # loaded by the student, after the guards
        "f uses wsgiref",
        "f uses quopri.needsquoting",
        "f uses xml",
    ]


def test_a_large_package_works_on_behind_guards():
    said = guarded(
        """
        import matplotlib.pyplot as plt
        guard(["matplotlib"])
        source = "import matplotlib.pyplot as plt\\nl = [plt.plot]\\ndef f(): l[0]([1, 2])"
        names = ["matplotlib"]
        print(uses(source))
        names = []
        print(uses(source))
        print(len(plt.gca().lines))
        """
    )
    assert said.splitlines() == [
        "f uses matplotlib, itself or through another function; write this part without it",
        "None",
        "1",
    ]


def test_only_the_names_asked_for_are_told():
    said = guarded(
        """
        names = ["numpy.correlate"]
        print(uses("import numpy as np\\ndef f(c=np.correlate): return c([1, 2], [3])"))
        print(uses("import numpy as np\\ndef f(c=np.convolve): return c([1, 2], [3])"))
        """
    )
    assert said.splitlines() == [
        "f uses numpy.correlate, itself or through another function; write this part without it",
        "[3 6]",
    ]


def test_this_process_has_no_guards():
    assert np.convolve.__wrapped__.__code__.co_varnames[:3] == ("a", "v", "mode")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("f = student.function('f', without=['scipy', 'numpy.convolve'])", {"scipy", "numpy.convolve"}),
        ("f = student.function('f', ('scipy',))", {"scipy"}),
        ("f = student.function('f')", set()),
        ("off = {'a'}\nmore = [*off, 'b']\nf = student.function('f', without=more + ['c'])", {"a", "b", "c"}),
        ("def g():\n    return student.module('M', without=['torch.conv2d'])", {"torch.conv2d"}),
    ],
)
def test_names_are_read_from_test_cells(source, names):
    assert names_in(source) == names


@pytest.mark.parametrize(
    "source",
    [
        "f = student.function('f', without=names)",
        "a = b\nb = a\nf = student.function('f', without=a)",
        "a = ['x']\na = ['y']\nf = student.function('f', without=a)",
        "f = student.function('f', without=[f'numpy.{x}'])",
        "f = student.function('f', without=all_of(numpy))",
        "f = (",
    ],
)
def test_names_that_cannot_be_known_are_the_instructors_mistake(source):
    with pytest.raises(ValueError, match="a test cell"):
        names_in(source)


def test_names_in_the_first_assignment():
    cells = [c for c in bank.source_notebook("a1_convolution_1d").cells if c.cell_type == "code"]
    tests = [c.source for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    found = set().union(*map(names_in, tests))
    assert found == {*OFF_LIMITS, "course_pkg.checks.heartbeats", "numpy.pad"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import gc", "line 1: gc finds"),
        ("x = 1\nfrom gc import get_objects", "line 2: gc finds"),
        ("import ctypes.util as u", "ctypes reaches"),
        ("import sys\nsys._getframe(1).f_locals", "_getframe looks at who called"),
        ("import sys\nsys.settrace(f)", "settrace watches"),
        ("import inspect\ninspect.stack()", "inspect.stack looks at who called"),
        ("from inspect import stack", "inspect.stack looks at who called"),
        ("import os\nos._exit(0)", "_exit starts, stops"),
        ("from os import _exit as e", "_exit starts, stops"),
        ("get_ipython().input_transformers_post.append(f)", "input_transformers_post changes cells"),
        ("get_ipython().ast_transformers.append(f)", "ast_transformers changes cells"),
        ("getattr(sys, '_getframe')()", "_getframe looks at who"),
        ("__import__('g' + 'c')", "__import__ imports by text"),
        ("exec('x = 1')", "exec runs text"),
        ("!ls /", "system runs 'ls /'"),
        ("files = !ls", "getoutput runs 'ls'"),
        ("%%bash\nls", "run_cell_magic runs 'bash'"),
        ("%%time\nimport gc", "gc finds"),
        ("!ls \\\n -l\nimport gc", "line 3: gc finds"),
        ("for name in names:\n    !echo {name}\n    y = %pwd\nimport gc", "line 4: gc finds"),
        (">>> import gc", "gc finds"),
        ("  import gc\n  gc?", "gc finds"),
        ("!x\n" * 3000 + "import gc", "line 3001: gc finds"),
        ("0," * 100_000, "too long to be looked through"),
        ("%%time\n" * 4000, "run_cell_magic runs another magic in 'time'"),
        ("%load_ext autoreload", "run_line_magic runs 'load_ext'"),
        ("from course_pkg.checks import guards", "course_pkg.checks.guards is the tests' own"),
        ("import course_pkg.checks.work as w", "course_pkg.checks.work is the tests' own"),
        (
            "from course_pkg.checks import student\nstudent.transport = f",
            "student.transport is the tests' own",
        ),
        ("import course_pkg.grading.assignments.bank", "course_pkg.grading is not needed"),
        ("np.convolve.__wrapped__", "__wrapped__ looks into"),
        ("f.__code__.co_consts", "co_consts looks into"),
        ("sys.modules['numpy'] = x", "sys.modules looks at"),
        ("import subprocess", "subprocess starts"),
        ("globals()['__builtins__']", "__builtins__ changes Python"),
    ],
)
def test_what_is_suspicious_is_named(source, words):
    lines = suspicious(source)
    assert any(words in line for line in lines), lines
    assert all(line.startswith("line ") and "\n" not in line for line in lines)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "this does not (even parse",
        "\x00",
        "(" * 10_000,
        "%matplotlib inline\nimport numpy as np\nplt.plot(x, label='signal')",
        "%%time\ny = convolve(x, w)",
        "from scipy import signal\nsignal.convolve",
        "re.compile('x'); torch.compile(m); np.stack([x]); model.eval(); frame = signal = transport = 3",
        "import inspect\nprint(inspect.getsource(f))",
        "import os, sys, time, math\nprint(sys.version, os.getcwd())",
        "f?",
        "a?\n" * 9000,
        " " * 29_000 + "(",
    ],
)
def test_what_students_do_is_not_suspicious(source):
    assert suspicious(source) == []


def test_the_bank_is_not_suspicious():
    solutions = bank.load("a1_convolution_1d", "correct") + bank.load("a1_convolution_1d", "wrong")
    assert {s.name: suspicious(s.source) for s in solutions} == {s.name: [] for s in solutions}
    cells = [c for c in bank.source_notebook("a1_convolution_1d").cells if c.cell_type == "code"]
    own = [c.source for c in cells if not c.metadata.get("nbgrader", {}).get("grade")]
    assert [suspicious(source) for source in own] == [[] for _ in own]


def test_examples_in_docstrings():
    import doctest

    result = doctest.testmod(suspicion)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_bank_scores_the_same_behind_guards():
    body = """
    from course_pkg.grading.assignments import bank
    notebook = bank.source_notebook("a1_convolution_1d")
    for right in bank.load("a1_convolution_1d", "correct"):
        for verdict in bank.verdicts(bank.fill(notebook, right.source)):
            print(verdict["score"] == verdict["points"])
    for wrong in bank.load("a1_convolution_1d", "wrong"):
        if "library" in wrong.name or "polynomials" in wrong.name:
            [verdict] = bank.verdicts(bank.fill(notebook, wrong.source), wrong.part)
            print(verdict["score"] == wrong.score and "without it" in verdict["tests"][0]["message"])
    """
    lines = guarded(body, [*OFF_LIMITS, "numpy.pad", "course_pkg.checks.heartbeats"]).splitlines()
    assert len(lines) > 80
    assert set(lines) == {"True"}
