"""Stops every clock that Python has, or lets it run backwards.

covers: patched clocks
"""

# %% top
import time

for name in (
    "time",
    "perf_counter",
    "monotonic",
    "process_time",
    "time_ns",
    "monotonic_ns",
    "perf_counter_ns",
):
    setattr(time, name, lambda: -1)
time.sleep = lambda seconds: None
