"""What the test cells of the assignments call: the handle on the student's work, comparisons, parts."""

from course_pkg.checks.compare import (
    expect,
    expect_equal,
    expect_numbers,
    expect_raised,
    expect_shape,
)
from course_pkg.checks.errors import CheckFailedError, NotWrittenError, StillRunningError
from course_pkg.checks.handle import Student, student
from course_pkg.checks.part import Part, PartFailedError
from course_pkg.checks.stubs import WhenWritten

__all__ = [
    "CheckFailedError",
    "NotWrittenError",
    "Part",
    "PartFailedError",
    "StillRunningError",
    "Student",
    "WhenWritten",
    "expect",
    "expect_equal",
    "expect_numbers",
    "expect_raised",
    "expect_shape",
    "student",
]
