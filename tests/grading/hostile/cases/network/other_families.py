"""Opens sockets of families that reach past a network namespace, or into the kernel.

covers: any socket
"""

# %% top
import socket
from contextlib import suppress

for name in ("AF_VSOCK", "AF_PACKET", "AF_ALG", "AF_BLUETOOTH", "AF_CAN"):
    kind = (
        socket.SOCK_SEQPACKET
        if name == "AF_ALG"
        else socket.SOCK_RAW
        if name == "AF_PACKET"
        else socket.SOCK_STREAM
    )
    with suppress(OSError, AttributeError), socket.socket(getattr(socket, name), kind):
        print("@won@", name)  # it is not connected to anything
