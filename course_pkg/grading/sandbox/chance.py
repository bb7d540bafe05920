"""The same numbers by chance in every run, so that the same submission gets the same score."""

import random
import sys


def same_again() -> None:
    """Set the seed of the generators that everybody shares: Python's, NumPy's and torch's, where loaded."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
