"""Beside the notebook lie links to the gradebook, the solutions and the roster; copied along, they come back.

covers: symlinks
"""


def submit(folder, notebook, fill):
    room = folder.parents[2]
    (folder / "notes.db").symlink_to(room / "gradebook.db")
    (folder / "notes.csv").symlink_to(room / "roster.csv")
    (folder / "pictures").symlink_to(room.parent / "source", target_is_directory=True)
    return notebook
