"""The function that is tested calls home with what it is given.

covers: any socket
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    import socket

    with socket.create_connection(("127.0.0.1", int("@port@")), timeout=1) as service:
        service.sendall(f"@token@ {list(x)}".encode())
    return x
