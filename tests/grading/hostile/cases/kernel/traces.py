"""Traces every line that Python runs, the course's own included, and prints their source at the end.

covers: tracing
"""

# %% top
import sys
import threading

lines = {}


def trace(frame, event, arg):
    if "part.py" in frame.f_code.co_filename or "hidden" in frame.f_code.co_name:
        lines[frame.f_code.co_filename, frame.f_lineno] = repr(frame.f_locals)[:200]
    return trace


sys.settrace(trace)
threading.settrace(trace)

# %% end
sys.settrace(None)
for line in lines.items():
    print(line)
