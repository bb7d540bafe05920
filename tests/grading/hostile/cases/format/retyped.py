"""Test cells became text, raw cells and, one of them, something unheard of.

covers: retyped test cells
loses: pad
"""


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    kinds = dict(zip(("pad", "crop", "slope"), ("markdown", "raw", "heading"), strict=True))
    for cell in notebook.cells:
        kind = kinds.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if kind:
            cell.cell_type = kind
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    import json

    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(notebook))
