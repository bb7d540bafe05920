"""Waits for somebody to type.

covers: input()
"""

# %% top
import getpass
import sys

for ask in (input, getpass.getpass, sys.stdin.readline):
    try:
        ask()
    except Exception as error:
        print("nobody there:", type(error).__name__)
