"""There is a text file, and no notebook.

covers: missing notebook
graded: no
says: notebook
"""


def submit(folder, notebook, fill):
    (folder / "homework.txt").write_text("My dog ate it.")
