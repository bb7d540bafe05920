"""Looks for the connection files and ports of other students' kernels.

covers: other kernels' ports
"""

# %% top
import glob
import json
import socket
from contextlib import suppress

from ipykernel.connect import get_connection_file

own = json.load(open(get_connection_file()))
for folder in ("/root", "/home", "/tmp", "/run", "@home@", "@class@"):
    for path in glob.glob(f"{folder}/**/*.json", recursive=True):
        with suppress(OSError, ValueError):
            found = json.load(open(path))
            if "shell_port" in found and found["key"] != own["key"]:
                print("@won@", path)
for line in open("/proc/net/tcp").readlines()[1:]:
    address, state = line.split()[1], line.split()[3]
    port = int(address.partition(":")[2], 16)
    if state == "0A" and port not in own.values():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            print("@won@", port)
