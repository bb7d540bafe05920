"""What the sample class writes in the part that a person marks: good, thin and wrong answers, invented."""

# one entry an answer: its three points, in the order of the questions
ANSWERS = [
    (
        "B's kernels stay the flips of A's and the predictions are the same: both compute one function, only "
        "the weights have other names, and each update is the flip of the other's.",
        "The slope with its sign changed. A symmetric kernel would not care.",
        "The median is not linear: the median of a sum is not the sum of the medians.",
    ),
    (
        "They end up flipped copies of each other, with the same predictions. Flipping the kernel flips its "
        "gradient too, so training never sees a difference.",
        "Minus the slope; any symmetric kernel, e.g. `[1, 2, 1]`.",
        "A kernel only makes weighted sums. One huge click always leaks into a weighted sum, but not into a "
        "median.",
    ),
    (
        "The networks are the same because the network learns the kernel anyway.",
        "You get the negative slope.",
        "Because the median is nonlinear.",
    ),
    (
        "I think team B does worse, because its layers do not really convolve.",
        "The slope, but mirrored in time.",
        "The median sorts, a kernel cannot sort.",
    ),
    (
        "Equal predictions, flipped kernels. If A holds `w`, B holds `w[::-1]`; outputs, loss and gradients "
        "agree at the start and after each step.",
        "−slope, since the kernel is antisymmetric; a box would not matter.",
        "Convolution is linear: twice the click, twice the trace of it. The median forgets it altogether.",
    ),
    ("no difference", "it comes out negative", "not sure, too many clicks?"),
    (
        "The kernels are mirror images, predictions equal, because flipping twice is doing nothing.",
        "The slope upside down. For `[1, 1, 1] / 3` you would see no change.",
        "I would say because the median ignores outliers and a mean never does.",
    ),
]


def answer(place: int) -> str:
    """The answer of the student in that place, as markdown; there are fewer answers than students.

    Examples
    --------
    >>> print(answer(5))
    1. no difference
    2. it comes out negative
    3. not sure, too many clicks?
    """
    return "\n".join(f"{i}. {text}" for i, text in enumerate(ANSWERS[place % len(ANSWERS)], 1))
