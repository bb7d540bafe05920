"""Hands in its own course_pkg, whose parts always score full marks.

covers: shadow modules
loses: pad
"""


def submit(folder, notebook, fill):
    (folder / "course_pkg" / "checks").mkdir(parents=True)
    (folder / "course_pkg" / "__init__.py").write_text("")
    (folder / "course_pkg" / "checks" / "__init__.py").write_text(
        "class Part:\n"
        "    def __init__(self, name, points):\n        self.points = points\n"
        "    test = hidden_test = lambda self, *a, **k: lambda body: None\n"
        "    score = lambda self: self.points\n"
        "def __getattr__(name):\n    return lambda *a, **k: None\n"
    )
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    return notebook
