"""Talks to a service of the machine over a socket that has a name and no file: mounts do not hide it.

covers: any socket
"""

# %% top
import socket
from contextlib import suppress

with socket.socket(socket.AF_UNIX) as service, suppress(OSError):
    service.connect("\0@token@")
    service.sendall(b"@token@ was here")
    print(service.recv(1000))
