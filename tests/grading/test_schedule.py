"""Many tasks side by side: processes on this machine, and a Dask cluster that the tests start."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grading_fakes
import pytest
from dask_cluster import cluster
from grading_fakes import notebook, task

from course_pkg.grading.classroom.classfolder import REPOSITORY
from course_pkg.grading.execution.schedule import ATTEMPTS, Failure, run
from course_pkg.grading.execution.task import Task


def cells(first: str) -> str:
    return notebook((first, None), ("test x", "x"), ("y = 2", None), ("test y", "y"))


def class_of(count: int) -> list[Task]:
    return [task(f"student{i:02}", cells(f"x = {i}")) for i in range(count)]


def graded(tasks, **how):
    """Student -> outcome; each exactly once."""
    found = list(run(tasks, work=grading_fakes.execute, **how))
    assert len(found) == len({task.student for task, _ in found})
    return {task.student: outcome for task, outcome in found}


def expected(tasks):
    return {task.student: grading_fakes.execute(task) for task in tasks}


def test_nothing_to_do_starts_nothing():
    assert list(run([], workers=0)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_each_task_comes_back_once(workers):
    tasks = class_of(7)
    assert graded(tasks, workers=workers) == expected(tasks)


def test_workers_run_side_by_side_and_stay():
    tasks = [task(f"s{i}", cells(f"sleep 0.5 {i}")) for i in range(6)]
    found = list(run(tasks, workers=2, work=grading_fakes.execute_and_name_process))
    assert len({outcome.incidents for _, outcome in found}) == 2


def test_no_more_than_a_few_tasks_are_under_way():
    taken = []

    def tasks():
        for one in class_of(20):
            taken.append(one.student)
            yield one

    for done, _ in enumerate(run(tasks(), workers=2, work=grading_fakes.execute)):
        assert len(taken) <= done + 1 + 4


@pytest.mark.parametrize("deaths", [1, ATTEMPTS - 1])
def test_a_worker_that_dies_is_replaced_and_its_task_tried_again(tmp_path, deaths):
    count = tmp_path / "count"
    count.write_text(str(deaths))
    tasks = [*class_of(3), task("unlucky", cells(f"die {count}")), *class_of(5)[3:]]
    outcomes = graded(tasks, workers=2)
    assert count.read_text() == "0"
    assert outcomes == expected(tasks)


def test_a_task_that_kills_every_worker_stops_nobody(tmp_path):
    count = tmp_path / "count"
    count.write_text("1000")
    tasks = [*class_of(3), task("deadly", cells(f"die {count}")), *class_of(6)[3:]]
    outcomes = graded(tasks, workers=2)
    assert count.read_text() == str(1000 - ATTEMPTS)
    assert "died 3 times" in outcomes.pop("deadly").reason
    assert outcomes == expected(class_of(6))


def test_a_task_that_raises_stops_nobody():
    tasks = [*class_of(2), task("broken", cells("raise no sandbox\nhere"))]
    outcomes = graded(tasks, workers=1)
    broken = outcomes.pop("broken")
    assert isinstance(broken, Failure)
    assert broken.reason == "RuntimeError: no sandbox"
    assert "grading_fakes.py" in broken.log
    assert outcomes == expected(class_of(2))


def test_killed_from_outside_at_any_moment_nothing_is_lost():
    tasks = [task(f"s{i}", cells(f"sleep 0.1 {i}")) for i in range(12)]
    found = {}
    for one, outcome in run(tasks, workers=2, work=grading_fakes.execute_and_name_process):
        found[one.student] = outcome
        if len(found) in (2, 5, 8):
            os.kill(int(outcome.incidents[0]), signal.SIGKILL)
    assert sorted(found) == sorted(one.student for one in tasks)
    assert not [outcome for outcome in found.values() if isinstance(outcome, Failure)]


def test_workers_end_when_the_run_is_given_up():
    tasks = [task(f"s{i}", cells("sleep 30" if i else "x = 1")) for i in range(4)]
    running = run(tasks, workers=2, work=grading_fakes.execute_and_name_process)
    _, outcome = next(running)
    start = time.monotonic()
    running.close()
    assert time.monotonic() - start < 25  # it does not wait for those that sleep
    with pytest.raises(ProcessLookupError):
        os.kill(int(outcome.incidents[0]), 0)


def test_workers_die_with_a_killed_grader(tmp_path):
    program = tmp_path / "grader.py"
    program.write_text(
        f"import sys; sys.path.append({str(Path(grading_fakes.__file__).parent)!r})\n"
        "import grading_fakes, os\n"
        "from course_pkg.grading.execution.schedule import run\n"
        "if __name__ == '__main__':\n"
        "    cells = [grading_fakes.notebook((c, None)) for c in ('x = 1', 'sleep 600', 'sleep 601')]\n"
        "    tasks = [grading_fakes.task(f's{i}', c) for i, c in enumerate(cells)]\n"
        "    for _, outcome in run(tasks, workers=1, work=grading_fakes.execute_and_name_process):\n"
        "        print(outcome.incidents[0], flush=True)\n"
    )
    grader = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    worker = int(grader.stdout.readline())
    os.kill(worker, 0)
    grader.kill()
    assert grader.wait() == -signal.SIGKILL
    while _alive(worker):
        time.sleep(0.05)
    grader.stdout.close()


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_workers_print_goes_to_the_log(tmp_path, capfd):
    log = tmp_path / "grading.log"
    assert list(run(class_of(1), workers=1, work=grading_fakes.print_something, log=log))
    assert log.read_text() == "printed by the worker\n"
    assert "printed" not in capfd.readouterr().out


def test_too_few_workers():
    with pytest.raises(ValueError, match="--workers: got 0, expected at least 1"):
        list(run(class_of(1), workers=0))


# -- a real Dask cluster ------------------------------------------------------------------------------------


def test_a_cluster_gives_what_this_machine_gives_though_a_worker_is_killed_half_way():
    tasks = [task(f"s{i:02}", cells(f"sleep 0.2 {i}")) for i in range(16)]
    with cluster(2) as (address, workers):
        found = {}
        for one, outcome in run(tasks, scheduler=address, work=grading_fakes.execute):
            found[one.student] = outcome
            if len(found) == 6:
                workers[0].kill()
        assert workers[0].wait() == -signal.SIGKILL
        assert workers[1].poll() is None
    assert found == expected(tasks)


def test_a_failure_on_a_cluster_stops_nobody():
    tasks = [*class_of(2), task("broken", cells("raise no sandbox here"))]
    with cluster(1) as (address, _):
        outcomes = graded(tasks, scheduler=address)
    assert outcomes.pop("broken").reason == "RuntimeError: no sandbox here"
    assert outcomes == expected(class_of(2))


def test_a_cluster_without_a_worker_and_one_that_is_not_there(monkeypatch):
    monkeypatch.setattr("course_pkg.grading.execution.schedule.CONNECT", 1)
    with cluster(0) as (address, _), pytest.raises(ValueError, match=f"{address} has no worker"):
        list(run(class_of(1), scheduler=address))
    with pytest.raises(ValueError, match=r"--scheduler: nobody answers at 'tcp://127.0.0.1:9'"):
        list(run(class_of(1), scheduler="tcp://127.0.0.1:9"))


def test_a_worker_that_runs_several_at_a_time_is_refused():
    with (
        cluster(1, "--nthreads", "3") as (address, _),
        pytest.raises(ValueError, match="has 3 threads, expected 1"),
    ):
        list(run(class_of(1), scheduler=address))


def test_a_worker_with_another_version_is_refused(tmp_path):
    other = tmp_path / "course_pkg"
    shutil.copytree(REPOSITORY / "course_pkg", other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "checks" / "part.py").write_text("changed = True\n")
    path = os.pathsep.join([str(tmp_path), str(Path(grading_fakes.__file__).parent)])
    with (
        cluster(1, environment={"PYTHONPATH": path}) as (address, _),
        pytest.raises(ValueError, match=r"has course_pkg [0-9a-f]{16} where this machine has [0-9a-f]{16}"),
    ):
        list(run(class_of(1), scheduler=address))
