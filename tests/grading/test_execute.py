"""One notebook run in the sandbox: outputs, verdicts, and what happens to code that goes wrong."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import nbformat
import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.grading.execution import student_kernel
from course_pkg.grading.execution.execute import execute
from course_pkg.grading.execution.limits import Limits
from course_pkg.grading.execution.task import Outcome, Task
from course_pkg.grading.sandbox.provisioner import close_rooms

QUICK = Limits(packages=("numpy",), cell=4, call=2, tests=20, total=60, memory=400, scratch=8, output=0.1)
DOUBLE = "def double(x):\n    return 2 * x"
TESTS = """
from course_pkg.checks import Part, expect_equal, student

part = Part("double", points=3)
double = student.function("double")


@part.test("two")
def _():
    expect_equal(double(2), 4)


@part.hidden_test("five", points=1)
def _():
    expect_equal(double(5), 10)


part.score()
"""

Grade = Callable[..., tuple[Outcome, list[NotebookNode]]]


@pytest.fixture(scope="module", autouse=True)
def _no_rooms_are_left() -> Iterator[None]:
    yield
    close_rooms()


@pytest.fixture
def grade() -> Grade:
    def run(*sources: str, limits: Limits = QUICK, tests: str = TESTS, **more) -> tuple[Outcome, list]:
        cells = [new_code_cell(source) for source in sources]
        settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
        settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
        cells.append(new_code_cell(tests, metadata={"nbgrader": settings}))
        content = nbformat.writes(new_notebook(cells=cells))
        outcome = execute(Task("student", "a0", "a0", content, limits, **more))
        return outcome, nbformat.reads(outcome.content, as_version=4).cells

    return run


def score(cells: list[NotebookNode]) -> float | None:
    """What nbgrader will read from the test cell; None for an error."""
    last = cells[-1].outputs[-1]
    return float(last.data["text/plain"]) if last.output_type == "execute_result" else None


def messages(cells: list[NotebookNode]) -> list[str]:
    """What the tests found."""
    return [test["message"] for test in cells[-1].outputs[0].data[VERDICT_TYPE]["tests"]]


def said(cell: NotebookNode) -> str:
    return "".join(
        output.get("text", "") + output.get("ename", "") + output.get("evalue", "") for output in cell.outputs
    )


def test_right_code_gets_its_points_and_keeps_its_outputs(grade):
    outcome, cells = grade(DOUBLE, "print(double(3))\ndouble('ab')")
    assert score(cells) == 3
    assert messages(cells) == ["", ""]
    assert [output.output_type for output in cells[1].outputs] == ["stream", "execute_result"]
    assert cells[1].outputs[0].text == "6\n"
    assert cells[1].outputs[1].data["text/plain"] == "'abab'"
    assert outcome.incidents == ()
    assert set(outcome.seconds) == {"kernel", "student", "tests", "shutdown"}
    nbformat.validate(nbformat.reads(outcome.content, as_version=4))


def test_partial_credit_and_a_message_for_each_test(grade):
    _, cells = grade("def double(x):\n    return 4")
    assert score(cells) == 2
    assert messages(cells)[0] == ""
    assert messages(cells)[1]


def test_nothing_written_scores_nothing(grade):
    _, cells = grade("x = 1")
    assert score(cells) is None
    assert cells[-1].outputs[-1].ename == "PartFailedError"
    assert "no function named double" in messages(cells)[0]


def test_only_the_named_test_cells_run(grade):
    _, cells = grade(DOUBLE, only=frozenset())
    assert cells[-1].outputs == []
    _, cells = grade(DOUBLE, only=frozenset({"double"}))
    assert score(cells) == 3


def test_files_of_the_assignment_lie_beside_the_notebook(grade):
    _, cells = grade(DOUBLE, "print(open('data/x.txt').read())", files={"data/x.txt": b"hello"})
    assert cells[1].outputs[0].text == "hello\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os._exit(3)", "it ended itself (exit code 3)"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\nimport ctypes; ctypes.string_at(0)",
            "SIGSEGV",
        ),
        ("while True: pass", "4 seconds are over"),
        (
            "import time\nwhile True:\n  try:\n    time.sleep(1)\n  except BaseException: pass",
            "did not stop when told to",
        ),
        ("x = [b'x' * 2**20 for _ in range(3000)]", "MB of memory"),
    ],
    ids=["exit", "crash", "endless", "catches all", "memory"],
)
def test_a_cell_that_goes_wrong_costs_that_cell_only(grade, code, says):
    outcome, cells = grade("a = 1\n" + DOUBLE, code, "print('alive', a)")
    assert score(cells) == 3
    assert "alive 1" in said(cells[2])
    assert says in said(cells[1])
    assert {line[:6] for line in outcome.incidents} == {"cell 2"}
    assert says in outcome.incidents[-1]


def test_an_endless_recursion_is_shown_by_its_first_and_last_calls(grade):
    _, cells = grade(DOUBLE, "def f(n):\n    return f(n + 1)\n\nf(0)", "print('alive')")
    assert score(cells) == 3
    [shown] = cells[1].outputs
    assert shown.ename == "RecursionError"
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(shown.traceback))
    assert 20 < text.count("return f(n + 1)") < 90
    hidden = re.search(r"\(([0-9,]+) calls in between are not shown\)", text)
    assert hidden
    assert int(hidden[1].replace(",", "")) > 500
    assert text.rstrip().splitlines()[-2].startswith("RecursionError: maximum recursion depth exceeded")
    assert "alive" in said(cells[2])


def test_a_short_recursion_error_is_shown_whole(grade):
    _, cells = grade(DOUBLE, "raise RecursionError('mine')")
    [shown] = cells[1].outputs
    assert (shown.ename, shown.evalue) == ("RecursionError", "mine")
    assert "not shown" not in "".join(shown.traceback)


def test_a_cell_that_asks_for_too_much_at_once_is_named(grade):
    outcome, cells = grade(DOUBLE, "x = bytearray(2**33)", "print('alive')")
    assert score(cells) == 3
    assert "MemoryError" in said(cells[1])
    assert "alive" in said(cells[2])
    assert outcome.incidents == ("cell 2: it asked for more memory than 400 MB",)


@pytest.mark.parametrize("take", ["x = b'x' * 2**27", "x = mmap.mmap(-1, 2**27); x.write(bytes(2**27))"])
def test_memory_that_many_processes_use_together_is_counted(grade, take):
    code = f"""
    import mmap, os, time
    for _ in range(8):
        if not os.fork():
            {take}
            time.sleep(30)
            os._exit(0)
    time.sleep(3.5)
    """
    outcome, cells = grade(DOUBLE, "\n".join(line[4:] for line in code.splitlines()))
    assert score(cells) == 3
    assert "MB of memory, allowed are 400 MB" in outcome.incidents[-1]


def test_memory_in_nobodys_address_space_cannot_be_had(grade):
    segment = "import ctypes\nprint('segment', ctypes.CDLL(None).shmget(0, 4096, 0o1600))"
    _, cells = grade(DOUBLE, "import os\nos.memfd_create('hoard')", segment)
    assert "PermissionError" in said(cells[1])
    assert "segment -1" in said(cells[2])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("while True: pass", "was still running"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("raise SystemExit", "SystemExit"),
        (
            "import signal, time\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    time.sleep(60)",
            "was still running",
        ),
    ],
    ids=["endless", "exit", "crash", "SystemExit", "no alarm"],
)
def test_a_function_that_goes_wrong_costs_its_part_only(grade, body, message):
    _, cells = grade(DOUBLE, f"_double = double\ndef double(x):\n    {body}", "print('alive')")
    assert score(cells) is None
    assert message in messages(cells)[0]
    assert "alive" in said(cells[2])


def test_one_call_that_dies_leaves_the_other_tests_theirs(grade):
    code = "import os\ndef double(x):\n    return 2 * x if x == 2 else os._exit(1)"
    outcome, cells = grade(code)
    assert score(cells) == 2
    assert "exit code 1" in messages(cells)[1]
    assert outcome.incidents[-1] == "double: the process that ran double ended itself (exit code 1)"


RECORDS = {
    "a list": ("seen = []", "seen.append(x)", "print(seen)"),
    "a file": ("", "open('/tmp/seen', 'a').write(str(x))", "print(__import__('os').listdir('/tmp'))"),
    "shared memory": (
        "import mmap\nseen = mmap.mmap(-1, 8)",
        "seen.write(str(x).encode())",
        "print(seen[:])",
    ),
    "a pipe": (
        "import os\nr, w = os.pipe()\nos.set_blocking(r, False)",
        "os.write(w, str(x).encode())",
        "try: print(os.read(r, 9))\nexcept BlockingIOError: print('nothing')",
    ),
}


@pytest.mark.parametrize(("before", "record", "show"), RECORDS.values(), ids=RECORDS)
def test_tests_leave_no_trace_in_the_notebook(before, record, show):
    settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
    settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
    cells = [
        new_code_cell(f"{before}\ndef double(x):\n    print('got', x)\n    {record}\n    return 2 * x"),
        new_code_cell(TESTS, metadata={"nbgrader": settings}),
        new_code_cell(show),
    ]
    outcome = execute(Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=cells)), QUICK))
    cells = nbformat.reads(outcome.content, as_version=4).cells
    assert score(cells[:2]) == 3
    assert cells[2].outputs[0].text in ("[]\n", "['.home']\n", f"{bytes(8)}\n", "nothing\n")
    assert "got" not in json.dumps(cells[1].outputs)


def test_a_test_cell_sees_the_notebook_as_it_was_where_it_stands():
    settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
    settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
    cells = [
        new_code_cell(DOUBLE),
        new_code_cell(TESTS, metadata={"nbgrader": settings}),
        new_code_cell("def double(x):\n    return 'something else'"),
    ]
    outcome = execute(Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=cells)), QUICK))
    assert score(nbformat.reads(outcome.content, as_version=4).cells[:2]) == 3


@pytest.mark.parametrize(
    "code",
    [
        "get_ipython().ask_exit()",
        "get_ipython().kernel.do_shutdown(False)\nimport os, signal\nos.kill(1, signal.SIGTERM)",
    ],
    ids=["exit", "shutdown"],
)
def test_a_kernel_that_ends_a_moment_later_is_not_laid_at_the_next_cells_door(grade, code):
    outcome, cells = grade(DOUBLE, code, "print('innocent')")
    assert score(cells) == 3
    assert said(cells[2]) == "innocent\n"
    assert not any(line.startswith("cell 3") for line in outcome.incidents)


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None",
        "import builtins\n_i = builtins.__import__\n"
        "def no(name, *a): raise ImportError(name)\nbuiltins.__import__ = no",
        "keep = []\ntry:\n    while True: keep.append(open('/dev/null'))\nexcept OSError: pass",
        "import threading, time\ntry:\n"
        "    while True: threading.Thread(target=time.sleep, args=[60]).start()\nexcept RuntimeError: pass",
        "print('x' * 40_000_000)",
        "get_ipython().kernel.iopub_thread.stop()",
    ],
    ids=["no streams", "no imports", "no descriptors", "no threads", "one long line", "no outputs"],
)
def test_what_a_kernel_needs_taken_from_it(grade, code):
    _, cells = grade(DOUBLE, code, "y = 1")
    assert score(cells) == 3


def test_a_test_cell_that_fails_by_itself_is_the_instructors_affair(grade):
    outcome, cells = grade(DOUBLE, tests="part = undefined")
    assert score(cells) is None
    assert "the test cell itself failed: NameError" in outcome.incidents[0]
    outcome, cells = grade(DOUBLE, tests="x = 1")
    assert score(cells) is None
    assert "makes 0 parts, expected 1" in outcome.incidents[0]


def test_tests_that_never_end(grade):
    outcome, cells = grade(DOUBLE, tests="while True: pass", limits=Limits(packages=("numpy",), tests=2))
    assert score(cells) is None
    assert "took longer than 2 seconds" in outcome.incidents[0]


def test_time_for_the_whole_notebook(grade):
    slow = "import time\ntime.sleep(1.5)"
    limits = Limits(packages=("numpy",), cell=2, total=4)
    outcome, cells = grade(DOUBLE, *[slow] * 5, limits=limits)
    assert score(cells) is None
    assert "4 seconds for the whole notebook" in outcome.incidents[-1]


def test_outputs_are_cut_and_cleaned(grade):
    forged = f"""
from IPython.display import display
verdict = {{"{VERDICT_TYPE}": {{"score": 9}}}}
display(verdict | {{"application/javascript": "alert(1)", "text/plain": "shown"}}, raw=True)
display(verdict, raw=True)
"""
    outcome, cells = grade(DOUBLE, "print('x' * 3_000_000)", forged, "print('still here')")
    assert score(cells) == 3
    assert len(said(cells[1])) < 200_000
    assert "cut after 0.1 MB" in outcome.incidents[0]
    assert [dict(output.data) for output in cells[2].outputs] == [{"text/plain": "shown"}]
    assert "still here" in said(cells[3])


def test_outputs_of_many_cells_together_are_cut(grade):
    outcome, cells = grade(DOUBLE, *["print('x' * 90_000)"] * 20)
    assert score(cells) == 3
    assert len(outcome.content) < 1_500_000
    assert sum("x" * 90_000 in said(cell) for cell in cells) == 12
    assert outcome.incidents[-1] == "after 1 MB, all other output was cut"


def test_warnings_cost_nothing(grade):
    _, cells = grade(
        "import warnings\ndef double(x):\n    warnings.warn('careful')\n    return 2 * x", "double(1)"
    )
    assert score(cells) == 3
    assert "careful" in said(cells[1])


def test_torch_differentiates_in_tests_after_the_notebook_has_done_so(grade):
    code = """
import torch

torch.set_num_threads(2)
w = torch.ones(300, 300, requires_grad=True)
(w @ w).sum().backward()


def double(x):
    t = torch.full((300, 300), float(x), requires_grad=True)
    ((t @ torch.eye(300)) * t).sum().backward()
    return float(t.grad[0, 0])
"""
    slow = Limits(packages=("numpy", "torch"), cell=30, call=20, tests=60, total=200, memory=1500)
    outcome, cells = grade(code, limits=slow)
    assert said(cells[0]) == ""
    assert messages(cells) == ["", ""]
    assert score(cells) == 3
    assert outcome.incidents == ()


def test_markdown_and_empty_cells_pass_through(grade):
    notebook = new_notebook(cells=[new_markdown_cell("# hello"), new_code_cell("  ")])
    outcome = execute(Task("s", "a0", "a0", nbformat.writes(notebook), QUICK))
    assert nbformat.reads(outcome.content, as_version=4).cells[0].source == "# hello"


def test_the_same_notebook_gives_the_same_numbers(grade):
    code = "import random, numpy as np\nprint(random.random(), np.random.rand(), {'a', 'b', 'c'}, hash('x'))"
    runs = [said(grade(code)[1][0]) for _ in range(3)]
    assert len(set(runs)) == 1


def test_a_function_taken_early_is_forbidden_all_the_same(grade):
    tests = TESTS.replace('function("double")', 'function("double", without=["numpy.convolve"])')
    early = "import numpy as np\ntaken = [np.convolve]\n"
    _, cells = grade(early + "def double(x):\n    return float(taken[0]([x], [2])[0])", tests=tests)
    assert score(cells) is None
    assert "numpy.convolve" in messages(cells)[0]
    _, cells = grade(early + "y = taken[0]([1], [2])\n" + DOUBLE, tests=tests)
    assert score(cells) == 3


def test_what_an_honest_solution_does_not_need_is_named(grade):
    outcome, cells = grade("import gc\ngc.collect()\n" + DOUBLE)
    assert score(cells) == 3
    assert outcome.incidents[0].startswith("cell 1: line ")
    assert "gc" in outcome.incidents[0]


def test_without_a_sandbox_the_same_comes_out(monkeypatch):
    settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
    settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
    endless = "while True: pass"
    cells = [
        new_code_cell(DOUBLE),
        new_code_cell(endless),
        new_code_cell(TESTS, metadata={"nbgrader": settings}),
    ]
    monkeypatch.setenv("PATH", "/nowhere")  # where there is no bubblewrap
    task = Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=cells)), QUICK)
    outcome = execute(task, sandboxed=False)
    assert score(nbformat.reads(outcome.content, as_version=4).cells) == 3
    assert outcome.incidents == ("cell 2: 4 seconds are over: is there an endless loop?",)


def test_no_other_program_can_be_started(grade):
    _, cells = grade(DOUBLE, "!echo shell", "import subprocess\nsubprocess.run(['/usr/bin/python3', '-V'])")
    assert score(cells) == 3
    assert "shell" not in said(cells[1])
    assert "PermissionError" in said(cells[2])


def test_a_test_cell_that_hides_what_it_forbids_is_named(grade):
    tests = TESTS.replace('function("double")', 'function("double", without=[chr(110)])')
    outcome, cells = grade(DOUBLE, tests=tests)
    assert score(cells) == 3
    assert outcome.incidents[0].startswith("double: ")
    assert "cannot be known before it runs" in outcome.incidents[0]


ON_THE_WIRE = """
from IPython import get_ipython

kernel = get_ipython().kernel
parent = kernel.get_parent()


def signed(*frames):
    return [b"<IDS|MSG>", kernel.session.sign(list(frames)), *frames]


def send(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent)


"""


@pytest.mark.parametrize(
    "words",
    [
        "kernel.iopub_socket.send_multipart(signed(b'1', b'2', b'3', b'4'))",
        "kernel.iopub_socket.send_multipart([b'<IDS|MSG>', b'?'])",
        'header = b\'{"msg_id": "1", "msg_type": 5}\'\n'
        "kernel.iopub_socket.send_multipart(signed(header, b'{}', b'{}', b'{}'))",
        "send('execute_input', {'code': '1', 'execution_count': True})",
        "send('execute_result', {'data': {'text/plain': 'x'}, 'metadata': {}, 'execution_count': -5})",
        "send('execute_result', {'data': {'text/plain': 'x'}, 'metadata': {}, 'execution_count': 2.5})",
    ],
)
def test_messages_that_no_kernel_sends_cost_nothing(grade, words):
    outcome, cells = grade(DOUBLE, ON_THE_WIRE + words, "print('still here')")
    assert score(cells) == 3
    assert "still here" in said(cells[2])
    assert outcome.incidents == ()


def test_a_message_without_end_does_not_fill_our_memory(grade, monkeypatch):
    monkeypatch.setattr(student_kernel, "FLOOD", 60)
    parts = "kernel.iopub_socket.io_thread.socket.send_multipart([bytes(7 << 20)] * 40)\n"
    outcome, cells = grade(DOUBLE, ON_THE_WIRE + parts + "import time\ntime.sleep(3)", "print('still here')")
    assert outcome.incidents == ("cell 2 ended the kernel: it sent more than 60 MB at once",)
    assert "still here" in said(cells[2])
    assert score(cells) == 3


def test_a_process_may_have_any_name(grade):
    rename = "import ctypes, time\nctypes.CDLL(None).prctl(15, b'\\xff\\xfe', 0, 0, 0)\ntime.sleep(1)"
    _, cells = grade(DOUBLE, rename, "print('still here')")
    assert "still here" in said(cells[2])
    assert score(cells) == 3


@pytest.mark.parametrize("when", ["in a cell", "in the tests"])
def test_a_kernel_that_something_outside_kills_costs_nothing(when):
    """As when the machine is short of memory, and the system picks a process to end."""
    settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
    settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
    wait = "import time\ntime.sleep(1)\n"
    cells = [
        new_code_cell(wait + DOUBLE if when == "in a cell" else DOUBLE),
        new_code_cell(wait + TESTS if when == "in the tests" else TESTS, metadata={"nbgrader": settings}),
    ]
    killed: list[int] = []
    killer = threading.Thread(target=_kill_the_kernels, args=[killed])
    killer.start()
    outcome = execute(Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=cells)), QUICK))
    killer.join()
    assert killed
    assert score(nbformat.reads(outcome.content, as_version=4).cells) == 3


def _kill_the_kernels(killed: list[int]) -> None:
    until = time.monotonic() + 20
    while not killed and time.monotonic() < until:
        time.sleep(0.7)
        for server in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has ended in the meantime
                if server.name() != "bwrap" and server.cmdline()[-1:] == ["kernel"]:
                    for kernel in server.children():
                        kernel.kill()
                        killed.append(kernel.pid)


def test_descriptors_that_one_submission_keeps_under_way_are_missed_by_no_other():
    """Linux counts those that were sent and not yet taken for all processes of a user together."""
    flood = """
import array, os, socket, time
ends, taken = socket.socketpair(), []
message = [array.array("i", [ends[0].fileno()] * 50)]
try:
    for _ in range(20):
        ends[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, message[0])])
except OSError as error:
    print(error)
time.sleep(3)
"""
    hoarder = Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=[new_code_cell(flood)])), QUICK)
    said_there: list[str] = []
    busy = threading.Thread(target=lambda: said_there.append(execute(hoarder).content))
    busy.start()
    time.sleep(1.5)
    settings = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "task": False}
    settings |= {"grade_id": "double", "points": 3, "cell_type": "code"}
    honest = [new_code_cell(DOUBLE), new_code_cell(TESTS, metadata={"nbgrader": settings})]
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        task = Task("s", "a0", "a0", nbformat.writes(new_notebook(cells=honest)), QUICK)
        outcome = pool.submit(execute, task).result()
    busy.join()
    assert score(nbformat.reads(outcome.content, as_version=4).cells) == 3
    assert "Operation not permitted" in said_there[0]
