"""Goes through /proc: command lines, working folders, roots, open files and memory of every process there is.

covers: /proc of others
"""

# %% top
import glob
import os
from contextlib import suppress

for process in glob.glob("/proc/[0-9]*"):
    for name in ("cmdline", "environ", "cwd/gradebook.db", "cwd/roster.csv", "root@class@/gradebook.db"):
        with suppress(OSError), open(f"{process}/{name}", "rb") as stream:
            text = stream.read()
            print(text[max(text.find(b"canary"), 0) :][:200])
    for link in glob.glob(f"{process}/fd/*"):
        with suppress(OSError):
            target = os.readlink(link)
            if os.path.isfile(link) and b"canary" in (text := open(link, "rb").read()):
                print(target, text[text.index(b"canary") :][:200])
