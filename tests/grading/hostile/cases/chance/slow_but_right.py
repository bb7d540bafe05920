"""Takes its time at every call, and stays within the limit.

covers: unseeded randomness
"""

# %% after peaks
import time

quick_find_peaks = find_peaks


def find_peaks(*args, **kwargs):
    time.sleep(0.05)
    return quick_find_peaks(*args, **kwargs)
