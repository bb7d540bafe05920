"""Makes every score nan, infinity, or a number that JSON reads as infinity.

covers: nan score
loses: pad
"""

# %% replace pad
import course_pkg.checks.part as checks


def pad(x, left, right, mode):
    return x


checks.Part.score = lambda self: float("nan")
checks.Part.points = property(lambda self: 1e400, lambda self, value: None)

# %% before pad
float("nan")

# %% after pad
1e400
