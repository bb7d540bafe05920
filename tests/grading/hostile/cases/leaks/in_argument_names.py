"""Changes its argument in place, and has a signature that names that argument after the hidden input.

covers: encoding test inputs in exceptions
loses: convolve
"""

# %% replace convolve
import inspect


class Convolve:
    def __call__(self, x, w):
        said = "@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        Spoken = type("Spoken", (inspect.Parameter,), {"name": said})
        self.__signature__ = inspect.Signature([inspect.Parameter("x", kind)])
        self.__signature__._parameters = {said: Spoken("x", kind)}
        x[0] += 1
        return x


def convolve(x, w):
    return 0


convolve = Convolve()
