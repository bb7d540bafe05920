"""Writes noise on every descriptor it holds, from inside the function.

covers: raw bytes
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import os
    from contextlib import suppress

    for descriptor in range(256):
        with suppress(OSError):
            os.set_blocking(descriptor, False)
            os.write(descriptor, b"cpw1" + b"\xff" * 60_000)
    return []
