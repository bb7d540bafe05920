"""Learning rates that change as training goes on; PyTorch has many more in `torch.optim.lr_scheduler`."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from course_pkg._validate import integer, positive_int


def warmup_cosine(optimizer: Optimizer, steps: int, warmup: int = 0) -> LambdaLR:
    """Raise the learning rate along a line, then let it fall to 0 along half a cosine.

    Parameters
    ----------
    optimizer
        Its learning rate is the highest.
    steps
        Updates in all; `fit` takes one step of the schedule after each.
    warmup
        How many of them rise: update 1 has 1/warmup of the rate, update `warmup` all of it.

    Returns
    -------
    LambdaLR
        What `fit` takes as `schedule`.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind, or `warmup` is not less than `steps`.

    Notes
    -----
    Sources: I. Loshchilov and F. Hutter, "SGDR" (2017), equation 5, without restarts; P. Goyal et al.,
    "Accurate, large minibatch SGD" (2017), section 2.2.

    Examples
    --------
    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=8.0)
    >>> schedule = warmup_cosine(optimizer, steps=6, warmup=2)
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(round(optimizer.param_groups[0]["lr"], 2))
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [4.0, 8.0, 8.0, 6.83, 4.0, 1.17]
    """
    steps, warmup = positive_int("steps", steps), integer("warmup", warmup, minimum=0)
    if warmup >= steps:
        raise ValueError(f"warmup: got {warmup}, expected less than the {steps} steps")

    def share(done: int) -> float:
        if done < warmup:
            return (done + 1) / warmup
        return (1 + math.cos(math.pi * min(1.0, (done - warmup) / (steps - warmup)))) / 2

    return LambdaLR(optimizer, share)
