"""Prints and shows text that cannot be written down as UTF-8.

covers: rich outputs
"""

# %% top
from IPython.display import display

try:
    print("half a character: \ud83d")
except UnicodeError:
    print("not printed")
display({"text/plain": "half a character: \ud83d"}, raw=True)
"\udc80"
