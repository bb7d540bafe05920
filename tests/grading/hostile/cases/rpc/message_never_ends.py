"""Raises an error whose message takes for ever to make.

covers: exceptions that bite
loses: challenge
"""


# %% replace challenge
class Endless(Exception):
    def __str__(self):
        while True:
            pass

    __repr__ = __str__


def find_beats(recording, clean):
    raise Endless
