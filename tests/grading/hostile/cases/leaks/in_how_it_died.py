"""Says on the wire that its process died, and words the reason itself.

covers: encoding test inputs in outputs
covers: forged replies
loses: convolve
"""


# %% replace convolve
def convolve(x, w):
    import io
    import os
    import sys
    from contextlib import suppress

    from course_pkg.checks import wire

    how = "@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])
    frame = wire.pack({"status": "died", "how": how})
    for descriptor in (
        range(3, 64) if isinstance(sys.stdout, io.StringIO) else ()
    ):  # not in the notebook's cells
        with suppress(OSError):
            os.set_blocking(descriptor, False)
            os.write(descriptor, frame)
    return []
