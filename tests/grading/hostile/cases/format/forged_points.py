"""Every part says that it is worth a thousand points, one that it is worth nan.

covers: forged points
"""

import json


def submit(folder, notebook, fill):
    for cell in notebook.cells:
        claims = cell.metadata.get("nbgrader", {})
        if claims.get("grade"):
            claims["points"] = float("nan") if claims["grade_id"] == "pad" else 1000
    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(notebook))
