"""What every convolution layer is made of: three matrix products, and the checks at the door.

A layer is linear in its input and in its weight. `apply` computes y = A x, `apply_adjoint` x = Aᵀ y, which is
the input's gradient and also the transposed convolution, and `weight_gradient` the third. What the windows
see is laid out as the columns of a matrix (im2col), with one matrix product per group and example. A few
examples or positions are done at a time, so that the columns take little memory and stay in the cache.
"""

import math
from collections.abc import Iterator

import numpy as np

from course_pkg._validate import (
    Array,
    choice,
    float_array,
    has_shape,
    integers,
    not_empty,
    positive_int,
    real_array,
    same_dtype,
)
from course_pkg.ops._windows import Ints, Windows, crop, gather, padded, padded_sizes, phases, scatter

AXES = {1: ("L", "K"), 2: ("H, W", "K_h, K_w"), 3: ("D, H, W", "K_d, K_h, K_w")}  # as the messages write them
BLOCK = 2**21  # values in a block of columns: large products are fast, small blocks stay in the cache


def conv(
    rank: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> Array:
    """A convolution layer with any number of spatial axes."""
    windows, groups = checked(rank, input, weight, bias, stride, padding, dilation, groups)
    y = apply(batched(input, rank), weight, windows, groups)
    add_bias(y, bias)
    return finished(y, input, rank)


def conv_backward(
    rank: int,
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv` with respect to input, weight and bias."""
    for name, array in {"grad_out": grad_out, "input": input, "weight": weight}.items():
        float_array(name, array)
    windows, groups = checked(rank, input, weight, bias, stride, padding, dilation, groups)
    same_dtype(input=input, grad_out=grad_out)
    output_shape = (*input.shape[: -rank - 1], len(weight), *windows.positions)
    has_shape("grad_out", grad_out, output_shape, "the shape of the output")

    x, g = batched(input, rank), batched(grad_out, rank)
    grad_input = apply_adjoint(g, weight, windows, groups, x.shape[2:])
    grad_weight = weight_gradient(x, g, windows, groups).astype(weight.dtype, copy=False)
    return finished(grad_input, input, rank), grad_weight, bias_gradient(g, bias)


def apply(x: Array, weight: Array, windows: Windows, groups: int) -> Array:
    """Outputs (N, O, P) of the layer with weight (O, C/G, K) and no bias, from inputs (N, C, L)."""
    split, w = phases(padded(wide(x), windows), windows), _rows(wide(weight), groups)  # w (G, O/G, C/G K)
    y = np.empty((len(x), groups, w.shape[1], math.prod(windows.positions)), split.dtype)
    buffer = np.empty(_largest_block(x, windows), split.dtype)
    for examples, rows, part in _blocks(x, windows):
        seen, some = split[examples], _flat(rows, part)
        shape = (len(seen), x.shape[1], *part.kernel, *part.positions)
        columns = buffer[: math.prod(shape)].reshape(shape)
        gather(seen, part, columns, rows.start)
        columns = columns.reshape(len(seen), groups, w.shape[2], some.stop - some.start)
        np.matmul(w, columns, out=y[examples, :, :, some])
    return y.reshape(len(x), len(weight), *windows.positions)


def apply_adjoint(y: Array, weight: Array, windows: Windows, groups: int, sizes: tuple[int, ...]) -> Array:
    """Adjoint of `apply`: from (N, O, P) to (N, C, L) with spatial `sizes` L."""
    y, w = wide(y), _rows(wide(weight), groups).swapaxes(1, 2)  # w (G, C/G K, O/G)
    y = y.reshape(len(y), groups, w.shape[2], math.prod(windows.positions))
    x = np.zeros((len(y), groups * weight.shape[1], *padded_sizes(sizes, windows)), y.dtype)
    buffer = np.empty(_largest_block(x, windows), y.dtype)
    for examples, rows, part in _blocks(x, windows):
        seen = y[examples, :, :, _flat(rows, part)]
        shape = (len(seen), groups, w.shape[1], seen.shape[-1])
        columns = np.matmul(w, seen, out=buffer[: math.prod(shape)].reshape(shape))  # (N, G, C/G K, P)
        columns = columns.reshape(len(seen), x.shape[1], *part.kernel, *part.positions)
        scatter(columns, part, x[examples], rows.start)
    return crop(x, sizes, windows)


def weight_gradient(x: Array, grad_y: Array, windows: Windows, groups: int) -> Array:
    """Gradient (O, C/G, K) of the weight, from inputs (N, C, L) and the gradient (N, O, P) of the outputs."""
    split, grad_y = phases(padded(wide(x), windows), windows), wide(grad_y)
    outputs, size = grad_y.shape[1] // groups, x.shape[1] // groups * math.prod(windows.kernel)
    total: Array | None = None
    for examples, rows, part in _blocks(x, windows):
        seen = split[examples]
        columns = np.empty((x.shape[1], *part.kernel, len(seen), *part.positions), split.dtype)
        gather(seen, part, np.moveaxis(columns, 1 + len(part.kernel), 0), rows.start)  # as (N, C, K, P)
        across = len(seen) * math.prod(part.positions)
        g = grad_y[examples, :, rows].swapaxes(0, 1).reshape(groups, outputs, across)
        product = g @ columns.reshape(groups, size, across).swapaxes(1, 2)
        total = product if total is None else np.add(total, product, out=total)
    if total is None:  # a batch of no examples
        total = np.zeros((groups, outputs, size), split.dtype)
    return total.reshape(groups * outputs, x.shape[1] // groups, *windows.kernel)


def add_bias(y: Array, bias: Array | None) -> None:
    """Add one number per channel to (N, O, P)."""
    if bias is not None:
        y += bias.reshape(-1, *(1,) * (y.ndim - 2))


def bias_gradient(grad_y: Array, bias: Array | None) -> Array | None:
    """Sum of (N, O, P) over all but the channels; None if there is no bias."""
    if bias is None:
        return None
    return wide(grad_y).sum(axis=(0, *range(2, grad_y.ndim))).astype(bias.dtype)


def batched(array: Array, rank: int) -> Array:
    """With a batch axis, of one example if there was none."""
    return array if array.ndim == rank + 2 else array[None]


def finished(y: Array, like: Array, rank: int) -> Array:
    """`y` as the caller gets it: contiguous, in the dtype of `like`, with a batch axis if `like` has one."""
    y = np.ascontiguousarray(y, like.dtype)
    return y if like.ndim == rank + 2 else y[0]


def wide(array: Array) -> Array:
    """Half precision as single precision, in which it is summed."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def check_arrays(rank: int, input: Array, weight: Array, bias: Array | None, weight_axes: str) -> None:
    """Refuse arrays of wrong type, rank or dtype, and empty ones."""
    axes, taps = AXES[rank]
    real_array("input", input, (rank + 1, rank + 2), shape=f"(C, {axes}) or (N, C, {axes})")
    real_array("weight", weight, rank + 2, shape=f"({weight_axes}, {taps})")
    if bias is not None:
        real_array("bias", bias)
    same_dtype(input=input, weight=weight, bias=bias)
    if 0 in weight.shape:
        raise ValueError(f"weight: got shape {weight.shape}, expected no axis of length 0")
    not_empty("input", input, rank + 1)


def checked(
    rank: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> tuple[Windows, int]:
    """The windows and groups of a convolution layer, after everything that can be wrong."""
    check_arrays(rank, input, weight, bias, "O, C / groups")
    strides = integers("stride", stride, rank, minimum=1)
    dilations = integers("dilation", dilation, rank, minimum=1)
    groups = positive_int("groups", groups)
    if weight.shape[0] % groups:
        raise ValueError(
            f"weight: got {weight.shape[0]} output channels, expected a multiple of groups={groups}"
        )
    channels = weight.shape[1] * groups
    if input.shape[-rank - 1] != channels:
        raise ValueError(
            f"input: got {input.shape[-rank - 1]} channels, expected {channels}, "
            f"as weight has shape {weight.shape} and groups={groups}"
        )
    if bias is not None:
        has_shape("bias", bias, weight.shape[:1], "one number per output channel")
    kernel, positions = weight.shape[2:], []
    paddings = _paddings(padding, rank, kernel, strides, dilations)
    for n, k, s, d, (left, right) in zip(
        input.shape[-rank:], kernel, strides, dilations, paddings, strict=True
    ):
        free = n + left + right - d * (k - 1) - 1  # how far the kernel can travel
        if free < 0:
            raise ValueError(
                f"weight: got kernel size {k}, which with dilation={d} spans {d * (k - 1) + 1} positions, "
                f"expected at most {n + left + right}, the length of the padded input"
            )
        positions.append(free // s + 1)
    before = tuple(left for left, _ in paddings)
    return Windows(kernel, strides, dilations, before, tuple(positions)), groups


def _paddings(
    padding: Ints | str,
    rank: int,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> list[tuple[int, int]]:
    # (left, right) along each axis
    if not isinstance(padding, str):
        return [(p, p) for p in integers("padding", padding, rank, minimum=0)]
    if choice("padding", padding, ("valid", "same")) == "valid":
        return [(0, 0)] * rank
    if set(strides) != {1}:
        raise ValueError(f"stride: got {strides}, expected 1 with padding='same'")
    totals = [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]
    return [(total // 2, total - total // 2) for total in totals]


def _rows(weight: Array, groups: int) -> Array:
    # weight (O, C/G, K) as one matrix per group, a row for each of its outputs
    return weight.reshape(groups, len(weight) // groups, math.prod(weight.shape[1:]))


def _blocks(x: Array, windows: Windows) -> Iterator[tuple[slice, slice, Windows]]:
    # examples, positions along the first spatial axis, and the windows there, with at most so many columns
    examples, rows = _block_size(x, windows)
    for n in range(0, len(x), examples):
        for start in range(0, windows.positions[0], rows):
            stop = min(start + rows, windows.positions[0])
            part = windows._replace(positions=(stop - start, *windows.positions[1:]))
            yield slice(n, n + examples), slice(start, stop), part


def _block_size(x: Array, windows: Windows) -> tuple[int, int]:
    one = x.shape[1] * math.prod(windows.kernel) * math.prod(windows.positions[1:])
    rows = min(max(BLOCK // one, 1), windows.positions[0])
    return max(min(BLOCK // (one * windows.positions[0]), len(x)), 1), rows


def _largest_block(x: Array, windows: Windows) -> int:
    examples, rows = _block_size(x, windows)
    return examples * rows * x.shape[1] * math.prod(windows.kernel) * math.prod(windows.positions[1:])


def _flat(rows: slice, part: Windows) -> slice:
    # positions along the first spatial axis as positions of all axes in one
    across = math.prod(part.positions[1:])
    return slice(rows.start * across, rows.stop * across)
