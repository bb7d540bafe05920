"""A file of one gigabyte lies beside the notebook, to be copied from folder to folder.

covers: full disk
"""


def submit(folder, notebook, fill):
    with (folder / "data.bin").open("wb") as stream:
        stream.truncate(1 << 30)  # with a hole: it takes no room until somebody copies it
    return notebook
