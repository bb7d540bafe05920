"""Settings of nbgrader for this course; `nbgrader` reads them when it is started in the repository's root."""

from pathlib import Path

from course_pkg.grading import settings

root = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  nbgrader defines it

# The instructor's notebooks are the source; what students get is made from them and committed.
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"

# A real class lives in class/, which git ignores: submissions, graded copies, feedback and the gradebook.
(root / "class").mkdir(exist_ok=True)
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.ZipCollectApp.downloaded_directory = "class/downloaded"
c.CourseDirectory.db_url = f"sqlite:///{root}/class/gradebook.db?timeout=60"

# What stands in the student's copy where the solution was.
c.ClearSolutions.code_stub = {"python": "# your code here\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# Students' code runs in a sandbox, within the limits of solutions/limits.toml; the tests run beside it.
# Feedback pages show messages, score and the student's work, never a hidden test.
settings.configure(c)
