"""Remembers what it is given in memory that a forked process shares with the notebook's own.

covers: encoding test inputs in outputs
"""

# %% before convolve
import mmap

right_convolve = convolve
shared = mmap.mmap(-1, 1 << 16)


def convolve(x, w):
    if len(x) <= 100:
        shared.write(("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])).encode())
    return right_convolve(x, w)


# %% after convolve
text = bytes(shared).rstrip(b"\0").decode()
print("written in the test:", text)
