"""All cells stand in the opposite order.

covers: reordered test cells
says: order
"""


def submit(folder, notebook, fill):
    notebook.cells.reverse()
    return notebook
