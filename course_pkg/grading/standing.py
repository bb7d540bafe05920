"""Scores of an earlier grading do not outlive the submission that they were for."""

from nbgrader.api import Gradebook, MissingEntry


def take_back(url: str, assignment: str, student: str, notebook: str | None = None) -> None:
    """Take back the scores that a machine gave, so that none is left over from an earlier submission.

    Marks and comments that a person gave stay, and are flagged for another look. A student or submission that
    the gradebook does not know has no scores.

    Parameters
    ----------
    url : str
        The gradebook's.
    assignment, student : str
    notebook : str, optional
        Only this notebook's scores; by default those of all.
    """
    with Gradebook(url) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return
        for submitted in submission.notebooks:
            if notebook in (None, submitted.name):
                for grade in submitted.grades:
                    grade.auto_score = None
                    grade.needs_manual_grade = True
        gradebook.db.commit()
