"""Takes a new user namespace, in which it is root, and makes the read-only system writable.

covers: mount
"""

# %% top
import ctypes
import os

import course_pkg

NEWUSER, NEWNS, REMOUNT, BIND = 0x10000000, 0x00020000, 32, 4096
place = os.path.dirname(course_pkg.__file__)
if os.fork() == 0:
    libc = ctypes.CDLL(None)
    libc.unshare(NEWUSER | NEWNS)
    for target in (place, os.path.dirname(place), "/usr", "/"):
        libc.mount(b"none", target.encode(), None, REMOUNT | BIND, None)
        libc.umount2(target.encode(), 2)
    for path in (f"{place}/@token@", "/usr/@token@", "@class@/@token@"):
        if not os.access(os.path.dirname(path), os.W_OK):
            continue
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.close(descriptor)
    os._exit(0)
os.wait()
