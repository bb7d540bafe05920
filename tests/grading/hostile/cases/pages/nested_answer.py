"""The written answer is a quote in a quote in a quote, and a list in a list, thousands deep.

covers: rich outputs
"""


def submit(folder, notebook, fill):
    [cell] = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "in-your-own-words"
    ]
    lists = "".join("  " * i + "- x\n" for i in range(300))
    cell.source = f"{'>' * 3000} deep\n\n{lists}{'[' * 3000}{'*' * 3000}"
    return notebook
