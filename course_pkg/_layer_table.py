"""The layer table of a PyTorch model: what every layer does to one example."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_pkg._validate import describe, integers, sizes

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LayerRow:
    """One layer of `layer_table`; shapes are those of one example, without the batch axis.

    `receptive_field` is the number of input positions along each axis that one output can see, a tuple if the
    axes differ, and None where an output can see every position, or there is no one number for all outputs.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int
    receptive_field: int | tuple[int, ...] | None


class LayerTable(list[LayerRow]):
    """A list of `LayerRow` that prints as a table with totals."""

    def __repr__(self) -> str:
        heads = ("name", "layer", "output shape", "parameters", "multiply-adds", "receptive field")
        cells = [
            (
                row.name,
                row.kind,
                " × ".join(map(str, row.output_shape)),
                f"{row.parameters:,}",
                f"{row.macs:,}",
                "all" if row.receptive_field is None else str(row.receptive_field),
            )
            for row in self
        ]
        total = (
            "total",
            "",
            "",
            f"{sum(r.parameters for r in self):,}",
            f"{sum(r.macs for r in self):,}",
            "",
        )
        widths = [max(map(len, column)) for column in zip(heads, *cells, total, strict=True)]

        def line(row: tuple[str, ...]) -> str:
            left = [f"{cell:<{width}}" for cell, width in zip(row[:3], widths[:3], strict=True)]
            right = [f"{cell:>{width}}" for cell, width in zip(row[3:], widths[3:], strict=True)]
            return "  ".join(left + right).rstrip()

        rule = "  ".join("-" * width for width in widths)
        return "\n".join([line(heads), rule, *map(line, cells), rule, line(total)])


def layer_table(model: "torch.nn.Module", input_size: tuple[int, ...]) -> LayerTable:
    """What each layer of a PyTorch model does to one example: its shape, size and cost.

    The model is run once, on zeros, in evaluation mode; its weights, mode and device stay as they are.

    Parameters
    ----------
    model
        A chain of layers. Layers are listed in the order in which they are called; what a model does between
        its layers with plain functions (`F.relu`, `x.flatten()`) has no row. For a model with branches the
        receptive field is not right.
    input_size
        Shape of one example, without the batch axis: (C, L) or (C, H, W), or (features,).

    Returns
    -------
    LayerTable
        A list of `LayerRow`, one per call of a layer. Multiply-adds are those of convolutions and linear
        layers, without bias; other layers count 0. Parameters shared by several rows are counted in the
        first.

    Raises
    ------
    TypeError
        If `model` is not a `torch.nn.Module` or `input_size` not a tuple of integers.
    ValueError
        If a size is less than 1.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Sequential(nn.Conv1d(1, 15, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(285, 10))
    >>> layer_table(model, (1, 40))
    name   layer    output shape  parameters  multiply-adds  receptive field
    -----  -------  ------------  ----------  -------------  ---------------
    0      Conv1d   15 × 19               60            855                3
    1      ReLU     15 × 19                0              0                3
    2      Flatten  285                    0              0                3
    3      Linear   10                 2,860          2,850              all
    -----  -------  ------------  ----------  -------------  ---------------
    total                              2,920          3,705
    """
    import torch  # only here: the rest of the module needs no torch

    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: got {describe(model)}, expected a torch.nn.Module")
    if not isinstance(input_size, tuple | list):
        raise TypeError(f"input_size: got {describe(input_size)}, expected a tuple such as (C, L)")
    shape = sizes("input_size", tuple(input_size))

    table = LayerTable()
    counted: set[int] = set()
    field: list[int] | None = [1] * (len(shape) - 1)  # receptive field and jump along each axis of the input
    jump = [1] * (len(shape) - 1)

    def record(name: str, layer: "torch.nn.Module", inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal field, jump
        new = [p for p in layer.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, new))
        if field is not None:
            field, jump = _grow(layer, field, jump, rank=output.ndim - 2)
        table.append(
            LayerRow(
                name=name,
                kind=type(layer).__name__,
                output_shape=tuple(output.shape[1:]),
                parameters=sum(p.numel() for p in new),
                macs=_macs(layer, inputs[0].shape[1:], output.shape[1:]),
                receptive_field=None if field is None else _one_number(field),
            )
        )

    def is_layer(module: "torch.nn.Module") -> bool:
        return not any(module.children()) or any(True for _ in module.parameters(recurse=False))

    hooks = [
        layer.register_forward_hook(
            lambda layer, inputs, output, name=name: record(name, layer, inputs, output)
        )
        for name, layer in model.named_modules()
        if is_layer(layer)
    ]
    modes = {layer: layer.training for layer in model.modules()}
    like = next(model.parameters(), torch.empty(0))
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, *shape, dtype=like.dtype, device=like.device))
    finally:
        for hook in hooks:
            hook.remove()
        for layer, training in modes.items():
            layer.training = training
    return table


def _one_number(along_axes: list[int]) -> int | tuple[int, ...]:
    return tuple(along_axes) if len(set(along_axes)) > 1 else max(along_axes, default=1)


def _kinds(layer: Any) -> set[str]:
    # names of the layer's class and its bases, so that this file need not import torch
    return {kind.__name__ for kind in type(layer).__mro__}


def _macs(layer: Any, input_shape: Sequence[int], output_shape: Sequence[int]) -> int:
    # a weight is used once per output position; in a transposed convolution once per input position
    kinds = _kinds(layer)
    if "_ConvTransposeNd" in kinds:
        return layer.weight.numel() * math.prod(input_shape[1:])
    if "_ConvNd" in kinds:
        return layer.weight.numel() * math.prod(output_shape[1:])
    if "Linear" in kinds:
        return layer.weight.numel() * math.prod(output_shape[:-1])
    return 0


NO_ONE_NUMBER = {
    "Linear",
    "_AdaptiveAvgPoolNd",
    "_AdaptiveMaxPoolNd",
    "_ConvTransposeNd",
    "Upsample",
    "_MaxUnpoolNd",
}


def _grow(layer: Any, field: list[int], jump: list[int], rank: int) -> tuple[list[int] | None, list[int]]:
    # receptive field and jump behind a layer; None where there is no one number
    if NO_ONE_NUMBER & _kinds(layer):
        return None, jump
    if not hasattr(layer, "kernel_size"):
        return field, jump
    if len(field) != rank:  # the model has given its input more axes
        field, jump = [1] * rank, [1] * rank
    kernel, stride, dilation = (
        integers(name, getattr(layer, name, 1), rank) for name in ("kernel_size", "stride", "dilation")
    )
    field = [f + d * (k - 1) * j for f, j, k, d in zip(field, jump, kernel, dilation, strict=True)]
    return field, [j * s for j, s in zip(jump, stride, strict=True)]
