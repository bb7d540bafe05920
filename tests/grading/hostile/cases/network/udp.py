"""Sends a datagram to a service of the machine, as a name lookup would.

covers: DNS
"""

# %% top
import socket
from contextlib import suppress

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as service, suppress(OSError):
    service.settimeout(0.5)
    service.sendto(b"@token@ asks", ("127.0.0.1", int("@port@")))
    print(service.recv(1000))
with suppress(OSError):
    print("@won@", socket.getaddrinfo("example.com", 80))
