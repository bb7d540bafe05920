"""Takes away the streams that print writes to.

covers: dropped replies
"""

# %% top
import sys

sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
