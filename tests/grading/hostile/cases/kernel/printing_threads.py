"""Threads print on and on, through every cell that follows.

covers: printing threads
"""

# %% top
import sys
import threading
import time


def chatter(stream):
    while True:
        print("x" * 1000, file=stream, flush=True)
        time.sleep(0.001)


for stream in (sys.stdout, sys.stderr):
    threading.Thread(target=chatter, args=(stream,), daemon=True).start()
