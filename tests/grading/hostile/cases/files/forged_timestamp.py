"""The file that says when it was handed in holds nonsense.

covers: forged metadata
"""


def submit(folder, notebook, fill):
    (folder / "timestamp.txt").write_bytes(b"\xff\x00 the day before yesterday; 9999-99-99")
    return notebook
