"""A test cell is there twice, the second time with an easier test.

covers: duplicate test cells
loses: pad
"""

import copy


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    place = next(
        i for i, c in enumerate(notebook.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == "pad"
    )
    twin = copy.deepcopy(notebook.cells[place])
    twin.source, twin.id = "5.0", "twin"
    notebook.cells.insert(place, twin)
    notebook.cells.append(copy.deepcopy(twin))
    return notebook
