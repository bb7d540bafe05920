"""What all sliding windows share: where each kernel tap reads, gathering that into columns, adding it back.

The functions take any number of spatial axes; the comments write them for one, length L, with kernel size K
and P positions.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from course_pkg._validate import Array

Ints = int | tuple[int, ...] | list[int]


class Windows(NamedTuple):
    """How windows lie along the spatial axes; each field has one integer per axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]  # padding in front of the first input
    positions: tuple[int, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """From the first padded position to the last one that a window reads."""
        return tuple(
            (p - 1) * s + d * (k - 1) + 1
            for k, s, d, p in zip(self.kernel, self.stride, self.dilation, self.positions, strict=True)
        )


def reads(windows: Windows, first: int = 0) -> Iterator[tuple[tuple[int, ...], list[slice]]]:
    """Each tap of the kernel with what it reads of the padded input: every S-th position from D k on.

    The positions begin with `first` along the first spatial axis.

    Examples
    --------
    >>> list(reads(Windows(kernel=(2,), stride=(3,), dilation=(1,), before=(0,), positions=(4,))))
    [((0,), [slice(0, 10, 3)]), ((1,), [slice(1, 11, 3)])]
    """
    firsts = (first, *(0,) * (len(windows.kernel) - 1))
    for tap in np.ndindex(windows.kernel):
        axes = zip(tap, windows.dilation, windows.stride, firsts, windows.positions, strict=True)
        yield tap, [slice(d * k + s * f, d * k + s * (f + p - 1) + 1, s) for k, d, s, f, p in axes]


def last(*indices: int | slice) -> Any:
    """An index into the last axes."""
    return (..., *indices)


def padded(x: Array, windows: Windows, value: float = 0) -> Array:
    """`x` with `value` in front and behind, so that all windows lie inside; `x` itself if they already do."""
    sizes = x.shape[x.ndim - len(windows.kernel) :]
    lengths = padded_sizes(sizes, windows)
    if lengths == sizes:
        return x
    longer = np.full((*x.shape[: x.ndim - len(sizes)], *lengths), value, x.dtype)
    longer[_inside(sizes, windows)] = x
    return longer


def phases(x: Array, windows: Windows) -> Array:
    """Padded `x` (..., L) with every S-th position of the last axis side by side, (..., S, L / S).

    So a tap reads neighbours in memory whatever the stride, which is faster.

    Examples
    --------
    >>> windows = Windows(kernel=(2,), stride=(3,), dilation=(1,), before=(0,), positions=(2,))
    >>> phases(np.array([1, 2, 3, 4, 5]), windows)
    array([[1, 4],
           [2, 5],
           [3, 0]])
    """
    s, n = windows.stride[-1], x.shape[-1]
    if s == 1:
        return x[..., None, :]
    split = np.zeros((*x.shape[:-1], s, -(-n // s)), x.dtype)
    for a in range(min(s, n)):
        split[..., a, : -(-(n - a) // s)] = x[..., a::s]
    return split


def gather(split: Array, windows: Windows, columns: Array, first: int = 0) -> None:
    """Write what each window sees of an input into `columns` (..., K, P), from position `first` on.

    The input comes padded and split into `phases`.
    """
    whole = (slice(None),) * len(windows.kernel)
    for tap, (*read, along) in reads(windows, first):
        start, phase = divmod(along.start, windows.stride[-1])
        columns[last(*tap, *whole)] = split[last(*read, phase, slice(start, start + windows.positions[-1]))]


def scatter(columns: Array, windows: Windows, total: Array, first: int = 0) -> None:
    """Adjoint of gathering: each tap adds its column (..., K, P) to what it read of `total` (..., L)."""
    whole = (slice(None),) * len(windows.kernel)
    for tap, read in reads(windows, first):
        total[last(*read)] += columns[last(*tap, *whole)]


def crop(x: Array, sizes: tuple[int, ...], windows: Windows) -> Array:
    """The part of padded `x` that was the input, of spatial `sizes`; a view."""
    return x[_inside(sizes, windows)]


def padded_sizes(sizes: tuple[int, ...], windows: Windows) -> tuple[int, ...]:
    """Sizes of the padded axes: at least the input, and as much behind it as windows read."""
    return tuple(max(left + n, m) for n, left, m in zip(sizes, windows.before, windows.lengths, strict=True))


def _inside(sizes: tuple[int, ...], windows: Windows) -> Any:
    # where the input lies in the padded input
    return last(*(slice(left, left + n) for n, left in zip(sizes, windows.before, strict=True)))
