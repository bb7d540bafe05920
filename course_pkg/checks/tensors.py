"""The part of `course_pkg.checks.work` that runs a student's PyTorch: arrays become tensors and come back.

Only requests of this kind import it, and with it PyTorch.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from course_pkg.checks.plain import plain, same

SEED = 0  # before a module is built: its first weights are always the same


class NotAnAnswerError(Exception):
    """The work ended in another reply than an answer."""

    def __init__(self, **reply: Any) -> None:
        super().__init__(reply)
        self.reply = reply


def _unfit(why: str, what: str = "", shape: Sequence[int] = ()) -> NotAnAnswerError:
    return NotAnAnswerError(status="unfit", why=why, what=what, shape=list(shape))


def call(function: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> Any:
    """The function's answer to tensors, with arrays in the place of tensors."""
    return _to_arrays(function(*_to_tensors(args), **_to_tensors(kwargs)))


def gradients(function: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> Any:
    """The function's value, and the gradient of each argument that is an array of floats."""
    used, leaves = [], {}
    for i, value in enumerate(args):
        used.append(_to_tensors(value))
        if _is_differentiable(used[-1]):
            leaves[f"number {i + 1}"] = used[-1].requires_grad_()
    value = function(*used, **_to_tensors(kwargs))
    found = _gradients(value, leaves, request["cotangent"])
    return _to_arrays(value), *found.values()


def peak_bytes(function: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> int:
    """The most bytes that PyTorch had allocated at a time, beyond what it had at the beginning."""
    used, keywords = _to_tensors(args), _to_tensors(kwargs)
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        kept = function(*used, **keywords)
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    del kept  # until here, so that the answer counts
    return int(max(0, *np.cumsum(changes))) if changes else 0


def parameter_shapes(build: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> Any:
    """The shape of each parameter of the module, under its name."""
    module = _module(build, args, kwargs)
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def forward(build: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> Any:
    """The module's answer to x."""
    module, x = _ready(build, args, kwargs, request)
    answer = _to_arrays(module(x))
    _compare(x, request["x"])
    return answer


def module_gradients(build: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> Any:
    """The module's answer to x, and the gradients of x and of each parameter."""
    module, x = _ready(build, args, kwargs, request)
    parameters = dict(module.named_parameters())
    value = module(x.requires_grad_())
    found = _gradients(value, {"": x, **parameters}, request["cotangent"])  # no parameter has that name
    _compare(x, request["x"])
    return _to_arrays(value), found.pop(""), found


JOBS: dict[str, Callable[[Callable, list, dict, dict[str, Any]], Any]] = {
    "call": call,
    "gradients": gradients,
    "parameter shapes": parameter_shapes,
    "forward": forward,
    "module gradients": module_gradients,
}


def _module(build: Callable, args: list, kwargs: dict) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        module = build(*_to_tensors(args), **_to_tensors(kwargs))
    if not isinstance(module, torch.nn.Module):
        raise _unfit("not a module", type(module).__name__)
    return module


def _ready(build: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> tuple[torch.nn.Module, Any]:
    """The module with the weights that the request brings, in the dtype of x; and x."""
    x = _to_tensors(plain(request["x"]))
    module = _module(build, args, kwargs).train(request["training"])
    if _is_differentiable(x):
        module = module.to(x.dtype)
    parameters = dict(module.named_parameters())
    for name, weight in (request["weights"] or {}).items():
        if name not in parameters:
            raise _unfit("no parameter", name)
        shape = tuple(parameters[name].shape)
        if shape != np.shape(weight):
            raise _unfit("parameter shape", name, shape)
        with torch.no_grad():
            parameters[name].copy_(_to_tensors(np.array(weight)))
    return module, x


def _gradients(value: Any, leaves: dict[str, torch.Tensor], cotangent: np.ndarray) -> dict[str, np.ndarray]:
    if not isinstance(value, torch.Tensor):
        raise _unfit("not a tensor", type(value).__name__)
    if value.shape != np.shape(cotangent):
        raise _unfit("shape", shape=value.shape)
    direction = torch.as_tensor(np.array(cotangent), dtype=value.dtype)
    found: tuple[torch.Tensor | None, ...] = (None,) * len(leaves)
    if value.requires_grad:
        found = torch.autograd.grad(value, list(leaves.values()), direction, allow_unused=True)
    for name, gradient in zip(leaves, found, strict=True):
        if gradient is None:
            raise _unfit("no gradient", name)
    return {name: _to_arrays(gradient) for name, gradient in zip(leaves, found, strict=True)}


def _compare(x: Any, sent: Any) -> None:
    """Refuse a module that has changed x in place."""
    if not same(plain(_to_arrays(x)), plain(sent)):
        raise NotAnAnswerError(status="changed", argument="x")


def _is_differentiable(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _to_tensors(value: Any) -> Any:
    """Plain data with tensors in the place of arrays; each has the array's memory."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, list | tuple):
        return type(value)(_to_tensors(item) for item in value)
    if isinstance(value, dict):
        return {key: _to_tensors(item) for key, item in value.items()}
    return value


def _to_arrays(value: Any) -> Any:
    """The answer with arrays in the place of tensors. What is neither stays, for `plain` to judge."""
    if isinstance(value, np.ndarray):
        raise _unfit("not a tensor", "ndarray")
    if isinstance(value, torch.Tensor):
        there = value.detach().cpu().to_dense().resolve_neg().resolve_conj()
        return (there.float() if there.dtype == torch.bfloat16 else there).numpy()
    if isinstance(value, torch.Size):
        return tuple(value)
    if type(value) in (list, tuple):
        return type(value)(_to_arrays(item) for item in value)
    if type(value) is dict:
        return {key: _to_arrays(item) for key, item in value.items()}
    return value


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep from the terminal what the profiler says of itself."""
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
