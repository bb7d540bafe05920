"""Talks to a service that listens on the grading machine.

covers: any socket
"""

# %% top
import socket
from contextlib import suppress

for host in ("127.0.0.1", "localhost", "::1"):
    with suppress(OSError), socket.create_connection((host, int("@port@")), timeout=1) as service:
        service.sendall(b"@token@ was here")
        print(service.recv(1000))
