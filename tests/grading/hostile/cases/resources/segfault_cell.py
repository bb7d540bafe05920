"""A cell reads from address 0.

covers: segfault
says: SIGSEGV
"""

# %% top
import ctypes

ctypes.string_at(0)
