"""Convolution and cross-correlation of signals in one and two dimensions, forward and backward.

The code reads a convolution as translate-and-scale: each kernel value adds one shifted, scaled copy of the
signal to the full result. `mode` then keeps a part of it, and `boundary` first continues the signal beyond
its ends.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from course_pkg._validate import Array, choice, describe, has_shape, signal
from course_pkg.ops.pad import extend, extend_backward

Slices = tuple[slice, ...]
SignalLike = npt.ArrayLike

MODES = ("full", "same", "valid")
BOUNDARIES = {"zero": "constant", "circular": "circular", "reflect": "reflect"}  # and its name in `pad`


def convolve(x: SignalLike, w: SignalLike, mode: str = "full", boundary: str = "zero") -> Array:
    """Convolution of a signal with a kernel: y[n] = sum over k of x[n - k] w[k]. The kernel is flipped.

    Parameters
    ----------
    x
        Signal, shape (L,) or (H, W): an array or nested lists of numbers.
    w
        Kernel, shape (K,) or (K_h, K_w), of the same rank.
    mode
        Which positions n to keep. "full": all at which the kernel touches the signal, n = 0 ... L + K - 2.
        "same": L positions in the middle of those, from n = (K - 1) // 2. "valid": those at which the kernel
        lies inside the signal, n = K - 1 ... L - 1, so K may not be greater than L.
    boundary
        What the signal is beyond its ends: "zero", "circular" (it repeats), or "reflect" (it is mirrored at
        its end values, which are not repeated: "reflect" in PyTorch, "mirror" in `scipy.ndimage`). "valid"
        never looks there. The modes do not change with it: "full" with "circular" has L + K - 1 values, as
        `scipy.signal.convolve2d(boundary="wrap")`; one period of the circular convolution is "same", from (K
        - 1) // 2.

    Returns
    -------
    numpy.ndarray
        The result. Floats keep their dtype (the wider of two); integers count as float64, next to a float
        array as its dtype.

    Raises
    ------
    TypeError
        If `x` or `w` is not an array or list of real numbers, `mode` or `boundary` not a string.
    ValueError
        If `x` or `w` is empty, they differ in rank or are neither 1D nor 2D, `w` is longer than `x` in mode
        "valid", or `mode` or `boundary` is unknown.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, equations 9.3 and 9.4.

    Examples
    --------
    >>> convolve([1, 2, 3], [1, 0, -1])
    array([ 1.,  2.,  2., -2., -3.])
    >>> convolve([1, 2, 3], [1, 0, -1], mode="same", boundary="circular")
    array([-1.,  2., -1.])
    """
    a, b = _signals(x, w)
    choice("boundary", boundary, BOUNDARIES)
    kept = _kept(a.shape, b.shape, mode)
    if boundary == "zero" or mode == "valid":
        return np.ascontiguousarray(_full(a, b)[kept])
    widths, inner = _surroundings(a.shape, b.shape, kept)
    return np.ascontiguousarray(_full(extend(a, widths, BOUNDARIES[boundary]), b)[inner])


def convolve_backward(
    grad_out: SignalLike, x: SignalLike, w: SignalLike, mode: str = "full", boundary: str = "zero"
) -> tuple[Array, Array]:
    """Gradients of `convolve`: each is a cross-correlation of `grad_out` with the other argument.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape.
    x, w, mode, boundary
        As in `convolve`.

    Returns
    -------
    grad_x, grad_w : numpy.ndarray
        Of the shapes of `x` and `w` and the dtype of the result.

    Raises
    ------
    TypeError, ValueError
        As `convolve`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> grad_x, grad_w = convolve_backward([1, 0, 0], [5, 6, 7], [1, 2], mode="same")
    >>> grad_x, grad_w
    (array([1., 0., 0.]), array([5., 0.]))
    """
    a, b = _signals(x, w)
    choice("boundary", boundary, BOUNDARIES)
    kept = _kept(a.shape, b.shape, mode)
    g = signal("grad_out", grad_out).astype(a.dtype, copy=False)
    has_shape(
        "grad_out", g, tuple(s.stop - s.start for s in kept), f"the shape of the result with mode={mode!r}"
    )
    if boundary == "zero" or mode == "valid":
        return _full_backward(g, a, b, kept)
    widths, inner = _surroundings(a.shape, b.shape, kept)
    rule = BOUNDARIES[boundary]
    grad_extended, grad_w = _full_backward(g, extend(a, widths, rule), b, inner)
    return extend_backward(grad_extended, widths, rule), grad_w


def correlate(x: SignalLike, w: SignalLike, mode: str = "full", boundary: str = "zero") -> Array:
    """Cross-correlation of a signal with a kernel: y[n] = sum over k of x[n + k] w[k]. Nothing is flipped.

    This is `convolve` with the flipped kernel, and all arguments, results and errors are those of `convolve`.
    Index 0 of the result belongs to n = -(K - 1) in mode "full", to n = -(K // 2) in mode "same" and to n = 0
    in mode "valid". For an even K, PyTorch's "same" padding starts one position later, at n = -((K - 1) //
    2).

    Parameters
    ----------
    x, w, mode, boundary
        As in `convolve`.

    Returns
    -------
    numpy.ndarray
        The result, as from `convolve`.

    Raises
    ------
    TypeError, ValueError
        As `convolve`.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, equation 9.6.

    Examples
    --------
    >>> correlate([1, 2, 3], [1, 0, -1])
    array([-1., -2., -2.,  2.,  3.])
    >>> correlate([1, 2, 3, 4], [0, 1], mode="valid")
    array([2., 3., 4.])
    """
    a, b = _signals(x, w)
    return convolve(a, np.flip(b), mode, boundary)


def correlate_backward(
    grad_out: SignalLike, x: SignalLike, w: SignalLike, mode: str = "full", boundary: str = "zero"
) -> tuple[Array, Array]:
    """Gradients of `correlate` with respect to `x` and `w`.

    Parameters
    ----------
    grad_out, x, w, mode, boundary
        As in `convolve_backward`.

    Returns
    -------
    grad_x, grad_w : numpy.ndarray
        Of the shapes of `x` and `w` and the dtype of the result.

    Raises
    ------
    TypeError, ValueError
        As `convolve_backward`.

    Examples
    --------
    >>> grad_x, grad_w = correlate_backward([1, 0], [5, 6, 7], [1, 2], mode="valid")
    >>> grad_x, grad_w
    (array([1., 2., 0.]), array([5., 6.]))
    """
    a, b = _signals(x, w)
    grad_x, grad_flipped = convolve_backward(grad_out, a, np.flip(b), mode, boundary)
    return grad_x, np.ascontiguousarray(np.flip(grad_flipped))  # PyTorch takes no negative strides


def _signals(x: SignalLike, w: SignalLike) -> tuple[Array, Array]:
    # both as floats of one dtype
    a, b = signal("x", x), signal("w", w)
    if a.ndim != b.ndim:
        raise ValueError(f"w: got {describe(b)}, expected {a.ndim} dimension{'s'[: a.ndim - 1]}, as x has")
    # integers have become float64 at the door; next to an array of floats they follow its dtype
    floats = [c.dtype for c, given in ((a, x), (b, w)) if np.asarray(given).dtype.kind == "f"]
    dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
    return a.astype(dtype, copy=False), b.astype(dtype, copy=False)


def _kept(x_shape: tuple[int, ...], w_shape: tuple[int, ...], mode: str) -> Slices:
    # which positions of the full result a mode keeps, along each axis
    choice("mode", mode, MODES)
    sizes = list(zip(x_shape, w_shape, strict=True))
    if mode == "full":
        return tuple(slice(0, n + k - 1) for n, k in sizes)
    if mode == "same":
        return tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for n, k in sizes)
    if any(k > n for n, k in sizes):
        raise ValueError(
            f"w: got shape {w_shape}, expected at most {x_shape}, the shape of x, in mode 'valid'"
        )
    return tuple(slice(k - 1, n) for n, k in sizes)


def _surroundings(
    x_shape: tuple[int, ...], w_shape: tuple[int, ...], kept: Slices
) -> tuple[list[tuple[int, int]], Slices]:
    # how far the kept positions look beyond each end of the signal; where they are in the longer full result
    widths = [
        (max(k - 1 - s.start, 0), max(s.stop - n, 0)) for s, n, k in zip(kept, x_shape, w_shape, strict=True)
    ]
    return widths, tuple(slice(s.start + a, s.stop + a) for s, (a, _) in zip(kept, widths, strict=True))


def _full(x: Array, w: Array) -> Array:
    if w.size > x.size:
        x, w = w, x  # convolution is commutative: loop over the smaller one
    dtype, (x, w) = x.dtype, _wide(x, w)
    y = np.zeros([n + k - 1 for n, k in zip(x.shape, w.shape, strict=True)], x.dtype)
    for k in np.ndindex(w.shape):
        y[_at(k, x.shape)] += x * w[k]
    return y.astype(dtype, copy=False)


def _full_backward(grad: Array, x: Array, w: Array, kept: Slices) -> tuple[Array, Array]:
    # the full result has gradient zero where nothing was kept; each argument then correlates with the other
    full = np.zeros([n + k - 1 for n, k in zip(x.shape, w.shape, strict=True)], grad.dtype)
    full[kept] = grad
    return _correlate_valid(full, w), _correlate_valid(full, x)


def _correlate_valid(x: Array, w: Array) -> Array:
    # y[n] = sum_k x[n + k] w[k]; the loop runs over the smaller of kernel and result
    shape = tuple(n - k + 1 for n, k in zip(x.shape, w.shape, strict=True))
    dtype, (x, w) = x.dtype, _wide(x, w)
    y = np.zeros(shape, x.dtype)
    if w.size <= y.size:
        for k in np.ndindex(w.shape):
            y += x[_at(k, shape)] * w[k]
    else:
        for n in np.ndindex(shape):
            y[n] = np.vdot(x[_at(n, w.shape)], w)
    return y.astype(dtype, copy=False)


def _wide(x: Array, w: Array) -> tuple[Array, Array]:
    # half precision is summed in single precision
    wide = np.result_type(x, np.float32)
    return x.astype(wide, copy=False), w.astype(wide, copy=False)


def _at(start: Sequence[int], shape: Sequence[int]) -> Slices:
    return tuple(slice(i, i + n) for i, n in zip(start, shape, strict=True))
