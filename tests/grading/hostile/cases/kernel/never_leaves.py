"""Registers things to do at the end that never end: at exit, in threads, when objects die.

covers: atexit
"""

# %% top
import atexit
import signal
import threading
import time

atexit.register(time.sleep, 1e6)
threading.Thread(target=time.sleep, args=(1e6,)).start()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)


class Undying:
    def __del__(self):
        time.sleep(1e6)


kept = Undying()
