"""Lifts its own limits.

covers: setrlimit
"""

# %% top
import resource
from contextlib import suppress

for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU"):
    limit = getattr(resource, name)
    for hard in (resource.RLIM_INFINITY, resource.getrlimit(limit)[1] + 1):
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (hard, hard))
            print("@won@", name)
