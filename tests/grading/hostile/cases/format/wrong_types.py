"""Numbers where text should be, lists where tables should be, nothing where anything should be.

covers: forged schema
"""

import json

import nbformat


def submit(folder, notebook, fill):
    raw = json.loads(nbformat.writes(notebook))
    raw["metadata"] = ["x"]
    raw["cells"] += [
        5,
        None,
        {},
        {"cell_type": 5},
        {"cell_type": "code", "source": {"a": 1}, "outputs": None},
    ]
    for cell in raw["cells"][2:20]:
        cell["id"] = "the same"
        cell["attachments"] = 7
        if cell["cell_type"] == "code":
            cell["outputs"] = {"x": float("inf")}
            cell["execution_count"] = "often"
    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(raw))
