"""Where a network computes, and with how many bits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_pkg._validate import choice

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU.

    Returns
    -------
    torch.device

    Examples
    --------
    >>> best_device().type in ("cuda", "cpu")
    True
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_of(model: nn.Module) -> torch.device:
    """Where a network's first parameter lies; the CPU if it has none.

    Examples
    --------
    >>> device_of(nn.Linear(2, 3))
    device(type='cpu')
    """
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def forward_in(precision: str, model: Callable[[Any], Any], device: torch.device) -> Callable[[Any], Any]:
    """The network as a function that computes in this precision and answers in float32.

    With "float32" it is the network itself. With the other two PyTorch's autocast does convolutions and
    matrix products in 16 bits and keeps what needs more, such as a softmax, in 32; parameters stay in 32. The
    loss is to be computed from the answer, outside.

    Parameters
    ----------
    precision
        "float32", "bfloat16" or "float16".
    model
        A network.
    device
        Where it computes.

    Returns
    -------
    callable
        Takes what the network takes.

    Raises
    ------
    ValueError
        If there is no such precision, or it is "float16" on a CPU.

    Notes
    -----
    Source: Micikevicius et al., "Mixed precision training" (2018), section 3.

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> answer = forward_in("bfloat16", net, torch.device("cpu"))(torch.ones(1, 2))
    >>> answer.dtype, torch.equal(answer, net(torch.ones(1, 2)))
    (torch.float32, False)
    """
    dtype = PRECISIONS[choice("precision", precision, PRECISIONS)]
    if precision == "float32":
        return model
    if precision == "float16" and device.type != "cuda":
        raise ValueError(f"precision: got 'float16' on {device}, expected a GPU for it; a CPU has 'bfloat16'")

    def forward(x: Any) -> Any:
        with torch.autocast(device.type, dtype):
            answer = model(x)
        return in_tree(answer, lambda tensor: tensor.float() if tensor.dtype == dtype else tensor)

    return forward


def gradient_scaler(precision: str, device: torch.device) -> torch.amp.GradScaler:
    """What keeps small gradients above the least number of float16; for other precisions it does nothing.

    Examples
    --------
    >>> gradient_scaler("float32", torch.device("cpu")).scale(torch.tensor(3.0))
    tensor(3.)
    """
    return torch.amp.GradScaler(device.type, enabled=precision == "float16")


def in_tree(values: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """`values` with each tensor in it changed, whether it is one, or tuples, lists and dictionaries of them.

    Examples
    --------
    >>> in_tree({"a": (torch.ones(1), "name")}, lambda tensor: 2 * tensor)
    {'a': (tensor([2.]), 'name')}
    """
    if isinstance(values, torch.Tensor):
        return change(values)
    if isinstance(values, dict):
        return {key: in_tree(value, change) for key, value in values.items()}
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(in_tree(value, change) for value in values))
    if isinstance(values, tuple | list):
        return type(values)(in_tree(value, change) for value in values)
    return values
