"""The answers to two parts stand in one another's cells.

covers: reordered test cells
loses: pad crop
"""


def submit(folder, notebook, fill):
    named = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    pad, crop = named["pad-code"], named["crop-code"]
    pad.source, crop.source = crop.source, pad.source.replace("def pad", "def crop")
    return notebook
