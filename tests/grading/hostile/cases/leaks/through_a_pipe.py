"""Sends what it is given through a pipe that was made before the function ran, to a thread that listens.

covers: encoding test inputs in outputs
"""

# %% before convolve
import os
import threading

right_convolve = convolve
reads, writes = os.pipe()
heard = []


def listen():
    while True:
        heard.append(os.read(reads, 65536))


threading.Thread(target=listen, daemon=True).start()


def convolve(x, w):
    if len(x) <= 100:
        os.write(writes, ("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])).encode())
    return right_convolve(x, w)


# %% after convolve
import time

time.sleep(0.3)
print(heard)
