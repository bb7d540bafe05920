"""A cell starts threads until no more can be had, and keeps them.

covers: thread storm
"""

# %% top
import threading
import time
from contextlib import suppress

with suppress(RuntimeError):
    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
