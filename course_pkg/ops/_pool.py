"""What pooling layers share: the checks at the door, and sums that run along one axis after the other."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_pkg._validate import Array, flag, has_shape, integers, not_empty, real_array, same_dtype
from course_pkg.arithmetic import output_size
from course_pkg.ops._windows import Ints, Windows, last

AXES = {1: "(C, L) or (N, C, L)", 2: "(C, H, W) or (N, C, H, W)"}  # as the messages write them


def pool_windows(
    rank: int,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    kinds: str = "f",
) -> Windows:
    """The windows of a pooling layer, after everything that can be wrong."""
    real_array("input", input, (rank + 1, rank + 2), kinds, AXES[rank])
    not_empty("input", input, rank + 1)
    kernel = integers("kernel_size", kernel_size, rank, minimum=1)
    given = stride is not None and stride != ()
    strides = integers("stride", stride, rank, minimum=1) if given else kernel
    before = integers("padding", padding, rank, minimum=0)
    dilations = integers("dilation", dilation, rank, minimum=1)
    flag("ceil_mode", ceil_mode)
    positions = []
    for n, k, s, p, d in zip(input.shape[-rank:], kernel, strides, before, dilations, strict=True):
        span = d * (k - 1) + 1
        if p > k // 2:
            raise ValueError(f"padding: got {p}, expected at most {k // 2}, half of kernel_size={k}")
        if span > n + 2 * p + (s - 1 if ceil_mode else 0):
            raise ValueError(
                f"kernel_size: got {k}, which with dilation={d} spans {span} positions, "
                f"expected at most {n + 2 * p}, the length of the padded input"
            )
        positions.append(output_size(n, k, s, p, d, ceil_mode))
        if d > 1 and any(
            all(not 0 <= i * s - p + d * tap < n for tap in range(k)) for i in range(positions[-1])
        ):
            raise ValueError(f"dilation: got {d}, expected every window to see one of {n} positions")
    return Windows(kernel, strides, dilations, before, tuple(positions))


def check_grad(grad_out: Array, input: Array, positions: tuple[int, ...]) -> None:
    """Refuse a gradient that does not have the shape and dtype of the result."""
    real_array("grad_out", grad_out, kinds="f")
    same_dtype(input=input, grad_out=grad_out)
    lead = input.shape[: input.ndim - len(positions)]
    has_shape("grad_out", grad_out, (*lead, *positions), "the shape of the result")


def axis_reads(windows: Windows, axis: int) -> list[Any]:
    """What the taps of spatial axis `axis` read of an array, all other axes whole; one index per tap."""
    d, s, p = windows.dilation[axis], windows.stride[axis], windows.positions[axis]
    after = (slice(None),) * (len(windows.kernel) - 1 - axis)
    return [last(slice(d * k, d * k + s * (p - 1) + 1, s), *after) for k in range(windows.kernel[axis])]


def window_sums(x: Array, windows: Windows, weights: Sequence[Sequence[float]]) -> Array:
    """Weighted sums over windows of padded `x`, with a weight per tap of each axis: (..., L) to (..., P)."""
    for axis, axis_weights in enumerate(weights):
        terms = (w * x[read] for w, read in zip(axis_weights, axis_reads(windows, axis), strict=True))
        total = next(terms)
        for term in terms:
            total += term
        x = total
    return x


def window_sums_adjoint(
    y: Array, windows: Windows, weights: Sequence[Sequence[float]], lengths: tuple[int, ...]
) -> Array:
    """Adjoint of `window_sums`, to a padded array with spatial `lengths`: (..., P) to (..., L)."""
    for axis in reversed(range(len(weights))):
        shape = list(y.shape)
        shape[axis - len(weights)] = lengths[axis]
        total = np.zeros(shape, y.dtype)
        for w, read in zip(weights[axis], axis_reads(windows, axis), strict=True):
            total[read] += w * y
        y = total
    return y


def in_all_channels(indices: Array, sizes: tuple[int, ...]) -> Array:
    """Positions in each channel, (..., P), as positions in the flat array of all channels."""
    planes = math.prod(indices.shape[: indices.ndim - len(sizes)])
    start = np.arange(planes).reshape(-1, 1) * math.prod(sizes)
    return (indices.reshape(planes, math.prod(indices.shape[indices.ndim - len(sizes) :])) + start).reshape(
        -1
    )
