"""Attaches to every process that it sees, and reads their memory.

covers: ptrace
"""

# %% top
import ctypes
import glob
import os

libc = ctypes.CDLL(None, use_errno=True)
own = os.getpid()
for path in glob.glob("/proc/[0-9]*"):
    process = int(os.path.basename(path))
    if process != own and libc.ptrace(16, process, 0, 0) == 0:  # PTRACE_ATTACH
        command = open(f"{path}/cmdline", "rb").read()
        print("attached to", process, command)
        if b"grade" in command or b"formgrader" in command:
            print("@won@", command)
        libc.ptrace(17, process, 0, 0)
