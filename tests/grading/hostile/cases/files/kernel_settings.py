"""Writes to /proc and /sys: back what it read, and a harmless key.

covers: /sys writes
"""

# %% top
from contextlib import suppress

for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/panic", "/sys/kernel/mm/ksm/run"):
    with suppress(OSError):
        value = open(name).read()
        with open(name, "w") as stream:
            stream.write(value)
        print("@won@", name)
with suppress(OSError), open("/proc/sysrq-trigger", "w") as stream:
    stream.write("h")  # asks the kernel for the list of keys, no more
    stream.flush()
    print("@won@ sysrq")
