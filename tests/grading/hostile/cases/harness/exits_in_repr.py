"""Ends the program while a result is being shown.

covers: sys.exit
loses: challenge
"""


# %% top
class Last:
    def __repr__(self):
        raise SystemExit(0)

    _repr_html_ = _repr_png_ = _ipython_display_ = __str__ = __repr__


Last()


# %% replace challenge
def find_beats(recording, clean):
    return Last()
