"""The same through a socket pair, an abstract socket and a signal's value.

covers: encoding test inputs in outputs
"""

# %% before convolve
import socket
from contextlib import suppress

right_convolve = convolve
near, far = socket.socketpair()
near.setblocking(False)
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
with suppress(OSError):
    server.bind("\0@me@-post")
server.setblocking(False)


def convolve(x, w):
    if len(x) <= 100:
        said = ("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])).encode()
        far.send(said)
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as post:
            post.setblocking(False)
            post.connect("\0@me@-post")
            post.send(said)
    return right_convolve(x, w)


# %% after convolve
for post in (near, server):
    with suppress(OSError):
        print(post.recv(65536))
