"""A test says that it is an answer, an answer that it is a test, and nothing is locked any more.

covers: flipped flags
loses: pad
"""


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    for cell in notebook.cells:
        claims = cell.metadata.get("nbgrader", {})
        if claims:
            claims.update(
                grade=not claims["grade"], solution=not claims["solution"], locked=False, task=False
            )
            if claims["grade"]:
                claims["points"] = 100
    return notebook
