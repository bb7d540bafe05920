"""Replaces what writes frames: a length of 2^63, then noise.

covers: monkeypatching course_pkg.checks
loses: pad
free: *
"""

# %% replace pad
import course_pkg.checks.encoding as encoding
import course_pkg.checks.wire as wire


def pad(x, left, right, mode):
    return x


wire.pack = lambda message: b"cpw1" + b"\xff" * 100
wire.send = lambda sock, message, *args, **kwargs: sock.sendall(b"\xff" * 100_000)
encoding.encode = wire.encode = lambda value: (b"[" * 1000, [b"\x93NUMPY\x01\x00"])
