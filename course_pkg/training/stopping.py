"""When to stop before the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from course_pkg._validate import choice, positive_int


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when a measure has not improved for a while, and keep the weights with which it was best.

    Choose the measure on examples that are neither trained on nor tested on: the best of many measurements on
    the test set is better than the network is.

    Parameters
    ----------
    metric
        Which of the numbers that `evaluate` gives.
    patience
        After this many measurements without a better one training ends.
    mode
        "min" if small is good, as of an error; "max" if large is, as of an accuracy.

    Raises
    ------
    TypeError, ValueError
        If `patience` is not a positive integer or `mode` neither of the two.

    Notes
    -----
    Source: L. Prechelt, "Early stopping - but when?" (1998), section 2.

    Examples
    --------
    >>> stopping = EarlyStopping("error", patience=2)
    >>> stopping.best([0.5, 0.3, 0.4]), stopping.is_over([0.5, 0.3, 0.4])
    (1, False)
    >>> stopping.is_over([0.5, 0.3, 0.4, 0.3])
    True
    """

    metric: str
    patience: int
    mode: str = "min"

    def __post_init__(self) -> None:
        positive_int("patience", self.patience)
        choice("mode", self.mode, ["min", "max"])

    def best(self, values: Sequence[float]) -> int:
        """Which of the measurements is the best, the first of several that are."""
        sign = 1 if self.mode == "min" else -1
        # NaN is worse than anything
        return min(range(len(values)), key=lambda i: (values[i] != values[i], sign * values[i]))

    def is_over(self, values: Sequence[float]) -> bool:
        """Whether there have been `patience` measurements after the best one."""
        return len(values) - 1 - self.best(values) >= self.patience
