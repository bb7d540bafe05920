"""The arithmetic of convolutional networks: sizes, receptive fields, parameters, multiply-adds.

Whole-number arithmetic in plain Python; only `layer_table` looks at a PyTorch model.
"""

import math
from collections.abc import Sequence

from course_pkg._layer_table import LayerRow, LayerTable, layer_table
from course_pkg._validate import describe, flag, integer, positive_int, sizes

__all__ = [
    "LayerRow",
    "LayerTable",
    "conv_macs",
    "conv_parameters",
    "layer_table",
    "output_size",
    "receptive_field",
]

Sizes = int | tuple[int, ...]


def output_size(
    n: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    strict: bool = False,
) -> int:
    """Number of output positions along one axis of a convolution or pooling layer.

    With n inputs, kernel size K, stride S, padding P on each side and dilation D (1 is dense) this is
    floor((n + 2P - D(K - 1) - 1) / S) + 1.

    Parameters
    ----------
    n, kernel, stride, padding, dilation
        Sizes in positions; all at least 1, `padding` at least 0.
    ceil_mode
        Round up instead of down, as PyTorch's pooling layers can; a last window that would start beyond the
        input and its left padding is dropped.
    strict
        Refuse a kernel that does not fit evenly, instead of ignoring the inputs left over.

    Returns
    -------
    int
        The number of positions, at least 1.

    Raises
    ------
    TypeError
        If a size is not an integer, or a flag not a bool.
    ValueError
        If a size is out of range, the kernel does not fit at all, or `strict` and it does not fit evenly.

    References
    ----------
    Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, relationships 6 and 15
    (they count dilation from 1 as well). PyTorch documentation of `torch.nn.MaxPool1d` for `ceil_mode`.

    Examples
    --------
    >>> output_size(7, 3, stride=2)
    3
    >>> output_size(227, 11, stride=4)
    55
    >>> output_size(10, 3, stride=2, strict=True)
    Traceback (most recent call last):
    ...
    ValueError: n=10, kernel=3, stride=2, padding=0, dilation=1 do not fit: (10 + 2*0 - 1*2 - 1)/2 + 1 = 4.5
    """
    n, kernel, stride = positive_int("n", n), positive_int("kernel", kernel), positive_int("stride", stride)
    padding, dilation = integer("padding", padding, minimum=0), positive_int("dilation", dilation)
    ceil_mode, strict = flag("ceil_mode", ceil_mode), flag("strict", strict)

    free = n + 2 * padding - dilation * (kernel - 1) - 1  # how far the kernel can travel
    numbers = f"n={n}, kernel={kernel}, stride={stride}, padding={padding}, dilation={dilation}"
    if strict and free >= 0 and free % stride:
        raise ValueError(
            f"{numbers} do not fit: ({n} + 2*{padding} - {dilation}*{kernel - 1} - 1)/{stride} + 1 = "
            f"{free / stride + 1:.6g}"
        )
    positions = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (positions - 1) * stride >= n + padding:
        positions -= 1
    if positions < 1 or (free < 0 and (strict or not ceil_mode)):
        raise ValueError(
            f"{numbers} do not fit: the kernel spans {dilation * (kernel - 1) + 1} positions, "
            f"expected at most n + 2*padding = {n + 2 * padding}"
        )
    return positions


def receptive_field(layers: Sequence[tuple[int, ...]]) -> list[tuple[int, int, float]]:
    """Receptive field of one output position after each layer of a chain, in input positions.

    Parameters
    ----------
    layers
        One `(kernel, stride)` or `(kernel, stride, dilation)` per layer, first layer first. Padding is not
        part of it: it moves the receptive field but does not change its size.

    Returns
    -------
    list of tuple
        Per layer a tuple (size, jump, start): `size`, how many input positions one output can see, from the
        first to the last; `jump`, how many input positions the receptive field moves from one output to the
        next; `start`, the centre of the first output's receptive field, counted from 0 at the first input,
        for layers without padding (padding P in a layer subtracts P times the jump before that layer).

    Raises
    ------
    TypeError
        If `layers` is not a list of tuples of integers.
    ValueError
        If a tuple has another length, or a number is less than 1.

    References
    ----------
    Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural networks, Distill, section
    on single-path networks.

    Examples
    --------
    >>> receptive_field([(3, 2), (3, 2), (3, 2)])
    [(3, 2, 1.0), (7, 4, 3.0), (15, 8, 7.0)]
    """
    wanted = "(kernel, stride) or (kernel, stride, dilation)"
    if not isinstance(layers, list | tuple):
        raise TypeError(f"layers: got {describe(layers)}, expected a list of {wanted}")
    size, jump, rows = 1, 1, []
    for i, layer in enumerate(layers):
        if not isinstance(layer, list | tuple):
            raise TypeError(f"layers[{i}]: got {describe(layer)}, expected {wanted}")
        if len(layer) not in (2, 3):
            raise ValueError(f"layers[{i}]: got {len(layer)} numbers, expected {wanted}")
        kernel, stride, *rest = (positive_int(f"layers[{i}][{j}]", v) for j, v in enumerate(layer))
        dilation = rest[0] if rest else 1
        size += dilation * (kernel - 1) * jump
        jump *= stride
        rows.append((size, jump, (size - 1) / 2))
    return rows


def conv_parameters(
    in_channels: int, out_channels: int, kernel: Sizes, bias: bool = True, groups: int = 1
) -> int:
    """Number of weights and biases of a convolution layer.

    Parameters
    ----------
    in_channels, out_channels, groups
        At least 1; `groups` divides both numbers of channels.
    kernel
        Kernel size: one integer in one dimension, a tuple with one integer per axis in more.
    bias
        Whether there is one bias per output channel.

    Returns
    -------
    int
        out_channels (in_channels / groups) K, with K the number of values in the kernel, plus the biases.

    Raises
    ------
    TypeError
        If a number is not an integer, or `bias` not a bool.
    ValueError
        If a number is less than 1, or `groups` does not divide the channels.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, section 9.2, parameter sharing.

    Examples
    --------
    >>> conv_parameters(1, 15, 3), conv_parameters(15, 15, 3)
    (60, 690)
    >>> conv_parameters(3, 96, (11, 11))
    34944
    """
    in_channels, out_channels = (
        positive_int("in_channels", in_channels),
        positive_int("out_channels", out_channels),
    )
    groups, bias = positive_int("groups", groups), flag("bias", bias)
    for name, channels in {"in_channels": in_channels, "out_channels": out_channels}.items():
        if channels % groups:
            raise ValueError(f"groups: got {groups}, expected a divisor of {name}={channels}")
    taps = math.prod(sizes("kernel", kernel))
    return out_channels * (in_channels // groups) * taps + (out_channels if bias else 0)


def conv_macs(
    in_channels: int, out_channels: int, kernel: Sizes, positions: Sizes, bias: bool = False, groups: int = 1
) -> int:
    """Number of multiply-adds of a convolution layer on one example.

    Every weight is used once at every output position.

    Parameters
    ----------
    in_channels, out_channels, kernel, groups
        As in `conv_parameters`.
    positions
        Output positions: one integer in one dimension, a tuple with the size along each axis in more.
    bias
        Whether to count the addition of the bias as well; by custom it is not counted.

    Returns
    -------
    int
        The number of parameters (those of `conv_parameters`) times the number of positions.

    Raises
    ------
    TypeError, ValueError
        As `conv_parameters`; also if `positions` does not have one integer of at least 1 per axis.

    References
    ----------
    Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional neural networks,
    section 3.5, for the sizes in the second example.

    Examples
    --------
    >>> conv_macs(1, 15, 3, positions=19)
    855
    >>> conv_macs(3, 96, (11, 11), positions=(55, 55), bias=True)
    105705600
    """
    return conv_parameters(in_channels, out_channels, kernel, bias, groups) * math.prod(
        sizes("positions", positions)
    )
