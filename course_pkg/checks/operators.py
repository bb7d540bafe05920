"""PyTorch's operators that raise while they are forbidden, however they are reached.

`torch.nn.functional.conv2d` is also `torch.conv2d`, `torch.nn.Conv2d`, `torch.ops.aten.conv2d` and more, and
all come down to few operators of its core. A name that is forbidden stands for its family of these.
"""

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from course_pkg.checks.guards import ShortcutUsedError

# what a function's or class's name begins with, in small letters and without underscores: what the names of
# the core's operators have in them. The first that fits counts; whether a convolution is transposed is asked
# of its arguments.
FAMILIES = {
    "convtranspose": "conv",
    "conv": "conv",
    "maxpool": "max_pool",
    "adaptivemaxpool": "max_pool",
    "avgpool": "avg_pool",
    "adaptiveavgpool": "avg_pool",
    "maxunpool": "max_unpool",
    "interpolate": "upsample",
    "upsample": "upsample",
    "unfold": "im2col",
    "fold": "col2im",
    "batchnorm": "batch_norm",
    "groupnorm": "group_norm",
    "layernorm": "layer_norm",
    "pixelshuffle": "pixel_shuffle",
    "pixelunshuffle": "pixel_unshuffle",
}


def refusing(names: Iterable[str]) -> AbstractContextManager:
    """A context in which PyTorch's operators of these names' families raise `ShortcutUsedError`.

    Parameters
    ----------
    names : iterable of str
        Dotted names. Those that begin otherwise than with "torch.", or have no family, are passed over.

    Examples
    --------
    >>> import torch
    >>> with refusing(["torch.nn.functional.conv2d"]):
    ...     torch.nn.Conv2d(1, 1, 3)(torch.zeros(1, 1, 5, 5))
    Traceback (most recent call last):
    course_pkg.checks.guards.ShortcutUsedError: torch.nn.functional.conv2d
    """
    families = {name: family for name in names if name.startswith("torch.") and (family := _family(name))}
    if not families or "torch" not in sys.modules:
        return nullcontext()
    from torch.utils._python_dispatch import TorchDispatchMode  # the one hook below torch's own functions

    class Refusing(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
            operator = func.overloadpacket.__name__
            for name, (family, transposed) in families.items():
                if family not in operator:
                    continue
                if family != "conv" or transposed == _is_transposed(func, args, kwargs):
                    raise ShortcutUsedError(name)
            return func(*args, **(kwargs or {}))

    return Refusing()


def _family(name: str) -> tuple[str, bool] | None:
    """What the operators' names have in them, and whether only transposed convolutions are meant."""
    plain = name.rpartition(".")[2].replace("_", "").lower()
    for beginning, family in FAMILIES.items():
        if plain.startswith(beginning):
            return family, beginning == "convtranspose"
    return None


def _is_transposed(operator: Any, args: tuple, kwargs: dict[str, Any] | None) -> bool:
    names = [argument.name for argument in operator._schema.arguments]
    if "transposed" not in names:
        return "transpose" in operator.overloadpacket.__name__
    given = dict(zip(names, args, strict=False)) | (kwargs or {})
    return bool(given.get("transposed"))
