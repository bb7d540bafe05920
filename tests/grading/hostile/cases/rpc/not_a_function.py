"""The name belongs to a callable whose every attribute bites.

covers: objects that change between calls
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    return x


class Thorny:
    def __call__(self, *args, **kwargs):
        raise ValueError("ouch")

    def __getattribute__(self, name):
        raise SystemExit(name)

    def __bool__(self):
        raise SystemExit("bool")

    def __repr__(self):
        raise SystemExit("repr")

    __eq__ = __hash__ = __repr__


pad = Thorny()
