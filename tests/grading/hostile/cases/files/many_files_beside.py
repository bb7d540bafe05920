"""Three thousand files lie beside the notebook, in as many folders.

covers: inode flood
"""


def submit(folder, notebook, fill):
    for i in range(3000):
        (folder / f"d{i % 50}" / f"e{i}").mkdir(parents=True)
        (folder / f"d{i % 50}" / f"e{i}" / "f").touch()
    return notebook
