"""Handed in as a zip of a few megabytes that unfolds to one gigabyte.

covers: zip bomb
graded: no
"""

import zipfile


def archive(path, notebook):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for i in range(4):
            with out.open(f"zeros{i}.bin", "w", force_zip64=True) as stream:
                for _ in range(4):
                    stream.write(bytes(1 << 26))
