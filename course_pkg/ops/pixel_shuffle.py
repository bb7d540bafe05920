"""Channels laid out as finer positions and back, forward and backward."""

import numpy as np

from course_pkg._validate import Array, describe, positive_int, real_array
from course_pkg.ops._pool import check_grad


def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Blocks of r² channels laid out as r times finer positions, as `torch.nn.functional.pixel_shuffle`.

    y[c, r i + a, r j + b] = x[c r² + a r + b, i, j].

    Parameters
    ----------
    input
        Shape (..., C r², H, W); any real dtype.
    upscale_factor
        The factor r.

    Returns
    -------
    numpy.ndarray
        Shape (..., C, H r, W r), in the dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not an array of real numbers, or `upscale_factor` not an integer.
    ValueError
        If `input` has less than 3 dimensions, `upscale_factor` is less than 1, or its square does not divide
        the number of channels.

    References
    ----------
    Shi et al. (2016), Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network, equation 4.

    Examples
    --------
    >>> pixel_shuffle(np.array([[[1]], [[2]], [[3]], [[4]]]), 2)
    array([[[1, 2],
            [3, 4]]])
    """
    r = positive_int("upscale_factor", upscale_factor)
    *lead, channels, height, width = _image(input)
    if channels % (r * r):
        raise ValueError(f"input: got {channels} channels, expected a multiple of upscale_factor²={r * r}")
    blocks = input.reshape(*lead, channels // (r * r), r, r, height, width)  # (..., C, a, b, i, j)
    blocks = np.moveaxis(blocks, (-4, -3), (-3, -1))  # (..., C, i, a, j, b)
    return blocks.reshape(*lead, channels // (r * r), height * r, width * r).copy()


def pixel_shuffle_backward(grad_out: Array, input: Array, upscale_factor: int) -> Array:
    """Gradient of `pixel_shuffle` with respect to `input`, which is `pixel_unshuffle`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, upscale_factor
        As in `pixel_shuffle`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `pixel_shuffle`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> pixel_shuffle_backward(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.zeros((4, 1, 1)), 2).reshape(-1)
    array([1., 2., 3., 4.])
    """
    check_grad(grad_out, input, pixel_shuffle(input, upscale_factor).shape)
    return pixel_unshuffle(grad_out, upscale_factor)


def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Blocks of r by r positions laid out as r² channels, as `torch.nn.functional.pixel_unshuffle`.

    The inverse of `pixel_shuffle`.

    Parameters
    ----------
    input
        Shape (..., C, H r, W r); any real dtype.
    downscale_factor
        The factor r.

    Returns
    -------
    numpy.ndarray
        Shape (..., C r², H, W), in the dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not an array of real numbers, or `downscale_factor` not an integer.
    ValueError
        If `input` has less than 3 dimensions, or `downscale_factor` is less than 1 or does not divide both
        sizes.

    References
    ----------
    PyTorch documentation of `torch.nn.PixelUnshuffle`.

    Examples
    --------
    >>> pixel_unshuffle(np.array([[[1, 2], [3, 4]]]), 2).shape
    (4, 1, 1)
    """
    r = positive_int("downscale_factor", downscale_factor)
    *lead, channels, height, width = _image(input)
    if height % r or width % r:
        raise ValueError(f"input: got size {(height, width)}, expected multiples of downscale_factor={r}")
    blocks = input.reshape(*lead, channels, height // r, r, width // r, r)  # (..., C, i, a, j, b)
    blocks = np.moveaxis(blocks, (-3, -1), (-4, -3))  # (..., C, a, b, i, j)
    return blocks.reshape(*lead, channels * r * r, height // r, width // r).copy()


def pixel_unshuffle_backward(grad_out: Array, input: Array, downscale_factor: int) -> Array:
    """Gradient of `pixel_unshuffle` with respect to `input`, which is `pixel_shuffle`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, downscale_factor
        As in `pixel_unshuffle`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `pixel_unshuffle`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> pixel_unshuffle_backward(np.arange(4.0).reshape(4, 1, 1), np.zeros((1, 2, 2)), 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    check_grad(grad_out, input, pixel_unshuffle(input, downscale_factor).shape)
    return pixel_shuffle(grad_out, downscale_factor)


def _image(input: Array) -> tuple[int, ...]:
    real_array("input", input)
    if input.ndim < 3:
        raise ValueError(f"input: got {describe(input)}, expected at least 3 dimensions, (..., C, H, W)")
    return input.shape
