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
    Where branches meet it is that of the branch that sees most.
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
        Layers are listed in the order in which they are called, those of branches one branch after the
        other; what a model does between its layers with plain functions (`F.relu`, `torch.cat`) has no row.
        A layer of your own counts its multiply-adds in a method `multiply_adds(output_shape)`.
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
    like = next(model.parameters(), torch.empty(0))
    image: Any = torch.zeros(1, *shape, dtype=like.dtype, device=like.device)
    image.sight = Sight(field=[1] * (len(shape) - 1), jump=[1] * (len(shape) - 1))

    def record(name: str, layer: "torch.nn.Module", inputs: tuple[Any, ...], outputs: Any) -> None:
        output: Any = outputs[0] if isinstance(outputs, tuple) else outputs  # a pool may give its switches
        new = [p for p in layer.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, new))
        sight = output.sight = _grow(layer, _widest(inputs), rank=output.ndim - 2)
        table.append(
            LayerRow(
                name=name,
                kind=type(layer).__name__,
                output_shape=tuple(output.shape[1:]),
                parameters=sum(p.numel() for p in new),
                macs=_macs(layer, inputs[0].shape[1:], output.shape[1:]),
                receptive_field=None if sight is None or sight.field is None else _one_number(sight.field),
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
    try:
        with torch.no_grad(), _passing_on_sight():
            model.eval()(image)
    finally:
        for hook in hooks:
            hook.remove()
        for layer, training in modes.items():
            layer.training = training
    return table


@dataclass(frozen=True)
class Sight:
    """What one position of a tensor sees of the input: how wide, and how far apart for neighbours.

    Along each axis; `field` is None where there is no one number.
    """

    field: list[int] | None
    jump: list[int]


def _widest(values: Any) -> Sight | None:
    """The widest sight of the tensors in `values`, None if none of them comes from the input."""
    found: list[Sight] = []
    for value in values:
        if isinstance(value, tuple | list):
            found += [sight] if (sight := _widest(value)) else []
        elif sight := getattr(value, "sight", None):
            found.append(sight)
    if any(sight.field is None for sight in found):
        return next(sight for sight in found if sight.field is None)
    return max(found, key=lambda sight: sight.field or [], default=None)


def _passing_on_sight() -> Any:
    """Inside this context what PyTorch makes of tensors sees what these see."""
    from torch.overrides import TorchFunctionMode

    class PassOn(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            result = function(*args, **kwargs)
            sight = _widest([*args, *kwargs.values()])
            if sight is not None:
                for tensor in result if isinstance(result, tuple | list) else [result]:
                    if hasattr(tensor, "requires_grad"):
                        tensor.sight = sight
            return result

    return PassOn()


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
    if hasattr(layer, "multiply_adds"):
        return layer.multiply_adds(tuple(output_shape))
    return 0


NO_ONE_NUMBER = {
    "Linear",
    "_AdaptiveAvgPoolNd",
    "_AdaptiveMaxPoolNd",
    "_ConvTransposeNd",
    "Upsample",
    "_MaxUnpoolNd",
}


def _grow(layer: Any, sight: Sight | None, rank: int) -> Sight | None:
    # what an output of the layer sees, if its input sees this
    if sight is None or sight.field is None:
        return sight
    if NO_ONE_NUMBER & _kinds(layer):
        return Sight(None, sight.jump)
    if not hasattr(layer, "kernel_size"):
        return sight
    field, jump = sight.field, sight.jump
    kernel, stride, dilation = (
        integers(name, getattr(layer, name, 1), rank) for name in ("kernel_size", "stride", "dilation")
    )
    if not field or len(field) > rank:  # what were the axes of the input are others now
        field, jump = [1] * rank, [1] * rank
    extra = rank - len(field)  # axes of the model's own, in front of those of the input
    kernel, stride, dilation = kernel[extra:], stride[extra:], dilation[extra:]
    field = [f + d * (k - 1) * j for f, j, k, d in zip(field, jump, kernel, dilation, strict=True)]
    return Sight(field, [j * s for j, s in zip(jump, stride, strict=True)])
