"""Fills the notebook with names of Python's and the course's own, and a module under the name of its own.

covers: answering for another name
free: challenge
"""

# %% before challenge
import sys
import types

__builtins__ = {}
__name__ = "course_pkg.checks.handle"
sys.modules["__main__"] = types.ModuleType("__main__")
run = request = reply = namespace = plain = student = sock = transport = None
