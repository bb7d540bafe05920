"""A numerical check of a backward function."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_pkg._validate import Array, describe

STEP = 1e-6  # of the order of the third root of float64's precision, best for central differences


def gradcheck(
    function: Callable[..., Array],
    backward: Callable[..., Any],
    args: Sequence[Any],
    rng: np.random.Generator,
) -> list[float]:
    """Compare the gradients that `backward` returns with central differences of `function`.

    The loss is the sum of the result times a random cotangent, so that no output's gradient is special: with
    a cotangent of ones, a backward function that mixes up its outputs can pass.

    Parameters
    ----------
    function
        Called with `args`; returns an array.
    backward
        Called with the cotangent and `args`; returns the gradient of the only float64 array in `args`, or a
        tuple of gradients in the order of the arguments.
    args
        Arguments; arrays that are to be checked are of float64 and are left as they were; others are passed
        on.
    rng
        Where the cotangent comes from.

    Returns
    -------
    list of float
        For each float64 array in `args`, the largest difference between its gradient and the numerical one,
        relative to the largest entry of the numerical one (or 1, if that is less). Correct gradients of
        smooth functions give about 1e-8, wrong ones far more than 1e-4.

    Raises
    ------
    TypeError
        If no argument is an array of float64.
    ValueError
        If `backward` returns another number of gradients, or one of another shape.

    References
    ----------
    Nocedal & Wright (2006), Numerical optimization, section 8.1, for the step.

    Examples
    --------
    >>> def square(x):
    ...     return x * x
    >>> def right(grad_out, x):
    ...     return 2 * x * grad_out
    >>> def wrong(grad_out, x):
    ...     return x * grad_out
    >>> x, rng = np.array([1.0, 2.0]), np.random.default_rng(0)
    >>> gradcheck(square, right, [x], rng)[0] < 1e-8, gradcheck(square, wrong, [x], rng)[0] > 0.1
    (True, True)
    """
    places = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype == np.float64]
    if not places:
        raise TypeError(f"args: got {', '.join(map(describe, args))}, expected at least one float64 array")
    cotangent = rng.normal(size=np.shape(function(*args)))
    gradients = backward(cotangent, *args)
    gradients = [g for g in (gradients if isinstance(gradients, tuple) else (gradients,)) if g is not None]
    if [np.shape(g) for g in gradients] != [args[i].shape for i in places]:
        raise ValueError(
            f"backward: got gradients of shapes {[np.shape(g) for g in gradients]}, "
            f"expected {[args[i].shape for i in places]}"
        )
    errors = []
    for i, gradient in zip(places, gradients, strict=True):
        numerical = _central_differences(function, args, i, cotangent)
        scale = max(1.0, float(np.abs(numerical).max(initial=0)))
        errors.append(float(np.abs(gradient - numerical).max(initial=0)) / scale)
    return errors


def _central_differences(
    function: Callable[..., Array], args: Sequence[Any], place: int, cotangent: Array
) -> Array:
    x = args[place].copy()
    numerical = np.empty_like(x)

    def loss() -> float:
        return float(np.vdot(function(*args[:place], x, *args[place + 1 :]), cotangent))

    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + STEP
        up = loss()
        x[i] = value - STEP
        numerical[i] = (up - loss()) / (2 * STEP)
        x[i] = value
    return numerical
