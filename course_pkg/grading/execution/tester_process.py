"""The process that holds the hidden tests, from the outside, and what comes of its verdicts."""

import json
import time
from socket import AF_UNIX, SOCK_STREAM, socketpair
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_pkg.checks import wire
from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.grading.execution import outputs
from course_pkg.grading.execution.limits import Limits
from course_pkg.grading.execution.student_kernel import StudentKernel
from course_pkg.grading.sandbox.provisioner import room
from course_pkg.grading.sandbox.room import Child, Furniture

Answer = dict[str, Any]  # verdict and text, or error; and lost, deaths: see sandbox/tester.py


class TesterProcess:
    """The process that holds the hidden tests, for one kernel."""

    def __init__(
        self, furniture: Furniture, limits: Limits, kernel: StudentKernel, tests: list[str], lines: list[str]
    ) -> None:
        self.orders, inside = socketpair(AF_UNIX, SOCK_STREAM)
        with inside:
            channels = [inside, kernel.tests_end]
            files = {"tests.json": json.dumps({"tests": tests, "lines": lines}).encode()}
            self.child: Child = room(furniture).fork(limits, channels, files)

    def test(self, name: str, source: str, seconds: float) -> Answer | None:
        """Run one test cell; None if that took too long, or the tester did not survive it."""
        until = time.monotonic() + max(0.0, seconds)
        try:
            wire.send(self.orders, {"name": name, "source": source}, until)
            return wire.receive(self.orders, deadline=until)
        except (TimeoutError, EOFError, OSError):
            return None

    def close(self) -> None:
        """End it."""
        self.orders.close()
        self.child.send_signal(9)
        self.child.wait(2)


def verdict_outputs(answer: Answer, points: float) -> list[NotebookNode]:
    """A verdict as nbgrader reads it: what to show, and the score; an error where there is none."""
    verdict, score = answer["verdict"], answer["verdict"]["score"]
    shown = new_output("display_data", data={"text/plain": answer["text"], VERDICT_TYPE: verdict})
    if verdict["points"] != points:
        wrong = f"the part says {verdict['points']:g} points, its cell {points:g}"
        return [shown, outputs.error("NotTested", wrong)]
    if not score or not 0 < score <= points:
        return [shown, outputs.error("PartFailedError", f"{verdict['part']}: 0 of {points:g} points")]
    result = new_output("execute_result", data={"text/plain": repr(float(score))}, execution_count=None)
    return [shown, result]
