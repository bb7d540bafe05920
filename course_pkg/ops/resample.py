"""Interpolating to other sizes, forward and backward.

An output is a weighted sum of a few inputs along each axis, so the axes go one after the other.
"""

import math

import numpy as np

from course_pkg._validate import (
    Array,
    choice,
    describe,
    flag,
    float_array,
    has_shape,
    integers,
    not_empty,
    number,
    same_dtype,
)
from course_pkg.ops._axes import Taps, mean_parts, mean_parts_adjoint, weighted, weighted_adjoint
from course_pkg.ops._conv import wide

Numbers = float | tuple[float, ...] | list[float]

# how many spatial axes a mode takes
RANKS = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}


def interpolate(
    input: Array,
    size: int | tuple[int, ...] | list[int] | None = None,
    scale_factor: Numbers | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Array:
    """Input resampled to another size, as `torch.nn.functional.interpolate` does it without antialiasing.

    Output i takes its value from position (i + 1/2) r - 1/2 of the input, with r inputs per output; with
    `align_corners` from i r, with r such that the first and last positions of both coincide; in mode
    "nearest" from floor(i r).

    Parameters
    ----------
    input
        Shape (N, C, L), (N, C, H, W) or (N, C, D, H, W); floating-point.
    size, scale_factor
        One of them: the size of the result, or what to multiply sizes by and round down; one number for all
        axes, or one for each.
    mode
        "nearest" and "nearest-exact" copy one input; "linear" (1D), "bilinear" (2D) and "trilinear" (3D) mix
        two along each axis, "bicubic" (2D) four, with the cubic kernel of a = -3/4; "area" takes means, as
        `adaptive_avg_pool2d`.
    align_corners
        For the linear and cubic modes; None is False.
    recompute_scale_factor
        Whether r is the ratio of the sizes, as with `size`, and not 1 / `scale_factor`. They differ where
        sizes were rounded.

    Returns
    -------
    numpy.ndarray
        The resampled input in its dtype.

    Raises
    ------
    TypeError
        If an argument is not of a type described.
    ValueError
        If both or none of `size` and `scale_factor` are given, a size is less than 1, `mode` is unknown or
        not for so many axes, or an option not for this mode.

    References
    ----------
    PyTorch documentation of `torch.nn.functional.interpolate`. Keys (1981), Cubic convolution interpolation
    for digital image processing, equation 4 for the cubic kernel.

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0]]])  # (N, C, L)
    >>> interpolate(x, 4)
    array([[[1., 1., 2., 2.]]])
    >>> interpolate(x, 4, mode="linear")
    array([[[1.  , 1.25, 1.75, 2.  ]]])
    >>> interpolate(x, 3, mode="linear", align_corners=True)
    array([[[1. , 1.5, 2. ]]])
    """
    sizes, ratios = _checked(input, size, scale_factor, mode, align_corners, recompute_scale_factor)
    y = wide(input)
    for axis, (p, ratio) in enumerate(zip(sizes, ratios, strict=True), 2):
        if mode == "area":
            y = mean_parts(y, axis, p)
        else:
            y = weighted(y, axis, _taps(mode, y.shape[axis], p, ratio, bool(align_corners)))
    return np.ascontiguousarray(y, input.dtype)


def interpolate_backward(
    grad_out: Array,
    input: Array,
    size: int | tuple[int, ...] | list[int] | None = None,
    scale_factor: Numbers | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Array:
    """Gradient of `interpolate` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, size, scale_factor, mode, align_corners, recompute_scale_factor
        As in `interpolate`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `interpolate`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> interpolate_backward(np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.zeros((1, 1, 2)), 4)
    array([[[3., 7.]]])
    """
    sizes, ratios = _checked(input, size, scale_factor, mode, align_corners, recompute_scale_factor)
    float_array("grad_out", grad_out)
    same_dtype(input=input, grad_out=grad_out)
    has_shape("grad_out", grad_out, (*input.shape[:2], *sizes), "the shape of the result")
    grad = wide(grad_out)
    for axis, (p, ratio) in enumerate(zip(sizes, ratios, strict=True), 2):
        n = input.shape[axis]
        if mode == "area":
            grad = mean_parts_adjoint(grad, axis, n)
        else:
            grad = weighted_adjoint(grad, axis, _taps(mode, n, p, ratio, bool(align_corners)), n)
    return np.ascontiguousarray(grad, input.dtype)


def _taps(mode: str, n: int, p: int, ratio: float, align_corners: bool) -> Taps:
    # for each of p outputs, inputs and their weights
    i = np.arange(p)
    if mode.startswith("nearest"):
        # PyTorch computes these positions in single precision, which decides where they round to
        x = (i + np.float32(0.5 if mode == "nearest-exact" else 0)).astype(np.float32) * np.float32(ratio)
        return np.minimum(x.astype(np.intp), n - 1)[:, None], np.ones((p, 1))
    x = i * ((n - 1) / max(p - 1, 1)) if align_corners else (i + 0.5) * ratio - 0.5
    if mode == "bicubic":
        near, far = _cubic_near, _cubic_far
        left = np.floor(x).astype(np.intp)
        t = x - left
        index = left[:, None] + np.arange(-1, 3)
        return index.clip(0, n - 1), np.stack([far(1 + t), near(t), near(1 - t), far(2 - t)], 1)
    x = np.maximum(x, 0)
    left = np.minimum(np.floor(x).astype(np.intp), n - 1)
    t = x - left
    return np.stack([left, np.minimum(left + 1, n - 1)], 1), np.stack([1 - t, t], 1)


def _cubic_near(t: Array) -> Array:
    return (1.25 * t - 2.25) * t * t + 1  # (a + 2) t³ - (a + 3) t² + 1 with a = -3/4


def _cubic_far(t: Array) -> Array:
    return -0.75 * (((t - 5) * t + 8) * t - 4)


def _checked(
    input: Array,
    size: int | tuple[int, ...] | list[int] | None,
    scale_factor: Numbers | None,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
) -> tuple[tuple[int, ...], list[float]]:
    # sizes of the result, and inputs per output, along each spatial axis
    choice("mode", mode, RANKS)
    rank = float_array("input", input, (3, 4, 5), "(N, C, L), (N, C, H, W) or (N, C, D, H, W)").ndim - 2
    if rank not in RANKS[mode]:
        raise ValueError(
            f"input: got {describe(input)}, expected {' or '.join(str(r + 2) for r in RANKS[mode])} "
            f"dimensions with mode={mode!r}"
        )
    not_empty("input", input, rank + 1)
    if align_corners is not None:
        flag("align_corners", align_corners)
        if len(RANKS[mode]) == 3:
            raise ValueError(f"align_corners: got {align_corners}, expected None with mode={mode!r}")
    recompute = recompute_scale_factor is not None and flag("recompute_scale_factor", recompute_scale_factor)
    if (size is None) == (scale_factor is None):
        raise ValueError(f"size: got {size} and scale_factor {scale_factor}, expected one of them")
    spatial = input.shape[2:]
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor: got True, expected a scale_factor with it")
        sizes = integers("size", size, rank, minimum=1)
        return sizes, [n / p for n, p in zip(spatial, sizes, strict=True)]
    factors = _factors(scale_factor, rank)
    sizes = tuple(math.floor(n * f) for n, f in zip(spatial, factors, strict=True))
    if min(sizes) < 1:
        raise ValueError(f"scale_factor: got {scale_factor}, which gives sizes {sizes}, expected at least 1")
    if recompute:
        return sizes, [n / p for n, p in zip(spatial, sizes, strict=True)]
    # PyTorch goes by the sizes, whatever the factor, on axes that keep theirs or that "nearest" doubles in 2D
    whole = (1, 2) if mode == "nearest" and rank == 2 else (1,) if mode.endswith("linear") else ()
    triples = zip(spatial, sizes, factors, strict=True)
    return sizes, [n / p if p / n in whole else 1 / f for n, p, f in triples]


def _factors(scale_factor: Numbers | None, rank: int) -> tuple[float, ...]:
    given = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor,) * rank
    if len(given) != rank:
        raise ValueError(f"scale_factor: got {scale_factor}, expected one number, or a tuple of {rank}")
    factors = []
    for factor in given:
        factors.append(number("scale_factor", factor, positive=True))
    return tuple(factors)
