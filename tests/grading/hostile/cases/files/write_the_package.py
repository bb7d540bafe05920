"""Rewrites the course's own package on the disk, tests and all.

covers: writing
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    import glob
    import os
    from contextlib import suppress

    import course_pkg

    for path in glob.glob(os.path.dirname(course_pkg.__file__) + "/**/*.py", recursive=True):
        with suppress(OSError):
            os.chmod(path, 0o666)
            with open(path, "r+") as stream:
                print("@won@", stream.name)
            raise SystemExit("@won@")
    return x
