"""Shows a verdict of its own making, with full marks, before and after the test.

covers: forged scores
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    return x


# %% before pad
from IPython.display import display

verdict = {
    "part": "pad",
    "points": 5.0,
    "state": "graded",
    "score": 5.0,
    "basics": 2.0,
    "tests": [{"name": "@won@", "message": "", "hidden": True, "points": 3, "passed": True}],
    "notes": [],
}
display({"text/plain": "5 of 5", "application/vnd.course-pkg.part+json": verdict}, raw=True, display_id="pad")

# %% after pad
display({"text/plain": "5 of 5", "application/vnd.course-pkg.part+json": verdict}, raw=True)
