"""Is right once, and replaces itself by something else at every call.

covers: objects that change between calls
loses: pad
"""

# %% before pad
right_pad = pad


class Changing:
    def __init__(self):
        self.calls = 0

    def __call__(self, x, left, right, mode):
        self.calls += 1
        globals()["pad"] = [right_pad, 5, "pad", None, self][self.calls % 5]
        return right_pad(x, left, right, mode)


pad = Changing()
