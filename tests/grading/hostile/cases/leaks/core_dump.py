"""Leaves the memory image of a test behind by crashing in it, where a later cell looks for it.

covers: core dumps
loses: convolve
"""

# %% replace convolve
import ctypes
import os
import resource


def convolve(x, w):
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    if len(x) > 100:
        return [0.0]
    return ctypes.string_at(0)


# %% end
for name in os.listdir("."):
    if name.startswith("core"):
        print("@won@", name)
