"""Talks to a service of the machine over a socket that is a file.

covers: any socket
"""

# %% top
import socket
from contextlib import suppress

with socket.socket(socket.AF_UNIX) as service, suppress(OSError):
    service.connect("@home@/service.socket")
    service.sendall(b"@token@ was here")
    print(service.recv(1000))
