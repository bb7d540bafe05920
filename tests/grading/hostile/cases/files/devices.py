"""Makes device files for the machine's disks and memory, and reads from them.

covers: devices
stock: not tried: it reads the machine's own disk
"""

# %% top
import os
import stat
from contextlib import suppress

with open("/proc/partitions") as table:
    disks = [line.split() for line in table.readlines()[2:]]
for major, minor, _, name in disks:
    with suppress(OSError):
        os.mknod(name, stat.S_IFBLK | 0o600, os.makedev(int(major), int(minor)))
    for path in (name, f"/dev/{name}"):
        with suppress(OSError), open(path, "rb") as disk:
            print("@won@", name, len(disk.read(512)))
for name in ("mem", "kmem", "port", "kmsg"):
    with suppress(OSError), open(f"/dev/{name}", "rb", buffering=0) as device:
        print("@won@", name, len(os.read(device.fileno(), 1)))
