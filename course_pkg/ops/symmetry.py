"""How far a layer is from equivariance or invariance, measured on an input."""

from collections.abc import Callable

import numpy as np

from course_pkg._validate import Array, describe, real_array

Map = Callable[[Array], Array]


def equivariance_error(layer: Map, transform: Map, x: Array, transform_output: Map | None = None) -> float:
    """How much it matters whether the input is transformed before the layer, or the output after it.

    The error is ‖f(t(x)) - t'(f(x))‖ / ‖f(x)‖, with the Euclidean norm over all values. It is 0 if the layer
    f is equivariant to the transformation t on this input.

    Parameters
    ----------
    layer
        The layer, or network, f; takes an array and returns one.
    transform
        The transformation t of the input.
    x
        An input of any shape, of a real dtype.
    transform_output
        The transformation t' that the output should show; if it is not given, `transform`.

    Returns
    -------
    float
        The error, 0 or more; about 1.4 for two unrelated arrays of equal size.

    Raises
    ------
    TypeError
        If `layer` or a transformation is not a function, or `x` or what one of them returns is not an array
        of real numbers.
    ValueError
        If the two arrays to compare differ in shape, or f(x) is zero everywhere.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, section 9.2, for the property; Zhang (2019), Making
    convolutional networks shift-invariant again, measures it in the layers of trained networks.

    Examples
    --------
    Subsampling moves by one when its input moves by two; a move by one it does not follow:

    >>> def every_other(x):
    ...     return x[::2]
    >>> def right(x, by=1):
    ...     return np.roll(x, by)
    >>> x = np.array([0.0, 3.0, 4.0, 0.0])
    >>> equivariance_error(every_other, lambda x: right(x, 2), x, transform_output=right)
    0.0
    >>> equivariance_error(every_other, right, x)
    1.25
    """
    after = transform if transform_output is None else transform_output
    for name, function in (("layer", layer), ("transform", transform), ("transform_output", after)):
        if not callable(function):
            raise TypeError(f"{name}: got {describe(function)}, expected a function from array to array")
    real_array("x", x)
    y = real_array("layer(x)", layer(x))
    wanted = real_array("transform_output(layer(x))", after(y))
    got = real_array("layer(transform(x))", layer(transform(x)))
    if got.shape != wanted.shape:
        raise ValueError(
            f"transform_output: got shape {wanted.shape} from it and {got.shape} from layer(transform(x)), "
            "expected equal shapes"
        )
    size = np.linalg.norm(y.astype(np.float64))
    if size == 0:
        raise ValueError("layer: got zeros everywhere in layer(x), expected an output to compare with")
    return float(np.linalg.norm(got.astype(np.float64) - wanted) / size)


def invariance_error(layer: Map, transform: Map, x: Array) -> float:
    """How much the output changes when the input is transformed: ‖f(t(x)) - f(x)‖ / ‖f(x)‖.

    Parameters
    ----------
    layer, transform, x
        As in `equivariance_error`.

    Returns
    -------
    float
        The error, 0 or more; 0 if f is invariant to t on this input.

    Raises
    ------
    TypeError, ValueError
        As `equivariance_error`.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, section 9.3.

    Examples
    --------
    >>> x = np.array([0.0, 3.0, 4.0, 0.0])
    >>> invariance_error(np.sort, np.flip, x), invariance_error(np.abs, np.flip, x)
    (0.0, 0.282842712474619)
    """
    return equivariance_error(layer, transform, x, transform_output=lambda y: y)
