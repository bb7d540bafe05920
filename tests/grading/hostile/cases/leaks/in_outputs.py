"""Prints, shows, warns and logs what it is given, from the function itself.

covers: encoding test inputs in outputs
"""

# %% before convolve
import logging
import sys
import warnings

from IPython.display import HTML, display

right_convolve = convolve


def convolve(x, w):
    if len(x) > 100:
        return right_convolve(x, w)
    said = "@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])
    print(said)
    print(said, file=sys.stderr, flush=True)
    print(said, file=sys.__stdout__, flush=True)
    display(HTML(said), said, display_id="leak")
    warnings.warn(said, stacklevel=2)
    logging.getLogger().critical(said)
    return right_convolve(x, w)
