"""Turns every warning into an error for the rest of the notebook.

covers: warnings on stderr
"""

# %% top
import warnings

warnings.simplefilter("error")
