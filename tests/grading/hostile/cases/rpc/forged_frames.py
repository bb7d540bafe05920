"""Writes frames of its own on every socket it holds: two replies for one request, then half a one.

covers: replies out of order
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import os
    from contextlib import suppress

    from course_pkg.checks import wire

    frame = wire.pack({"status": "answer", "value": [190, 518, 848], "died": None})
    for descriptor in range(3, 64):
        with suppress(OSError):
            os.set_blocking(descriptor, False)
            os.write(descriptor, frame + frame + frame[: len(frame) // 2])
    return []
