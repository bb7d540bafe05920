"""The function reads from address 0, and asks for a core dump.

covers: segfault
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import ctypes
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    return ctypes.string_at(0)
