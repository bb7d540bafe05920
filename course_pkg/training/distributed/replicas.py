"""One network in several processes: whole in each of them, or its weights split among them.

Whole is the rule: each process has all parameters, and only gradients travel. But beside its weight, each
parameter has a gradient and one or two numbers of the optimiser. Split, a process keeps its share of all of
them, and a layer's whole weights only while that layer computes.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from course_pkg._validate import choice
from course_pkg.training.checkpoint import Stateful
from course_pkg.training.distributed import here
from course_pkg.training.precision import device_of

SHARDINGS = ("none", "fully_connected")


def side_by_side(model: nn.Module) -> nn.Module:
    """The network as one of as many replicas as there are processes.

    All start from the parameters of the first process, and a backward pass leaves every process with the
    mean of all gradients. PyTorch's `DistributedDataParallel` sends them while the rest are still being
    computed. What batch normalisation measures, each process measures on its own part; the running means are
    those of the first.

    Parameters
    ----------
    model
        On the device of this process.

    Returns
    -------
    nn.Module
        Has the very parameters of `model`; `model` itself where there is one process, and where its
        parameters are split among the processes.

    Notes
    -----
    Source: S. Li et al., "PyTorch distributed: experiences on accelerating data parallel training" (2020).

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> side_by_side(net) is net
    True
    """
    alone = here().processes == 1
    if alone or is_sharded(model):
        return model
    return DistributedDataParallel(model, gradient_as_bucket_view=True)


def gradients_meet(model: nn.Module, now: bool) -> contextlib.AbstractContextManager[Any]:
    """Within this context, forward and backward, gradients are only added up unless they are to meet now.

    Parameters
    ----------
    model
        From `side_by_side`.
    now
        Whether this is the last batch of an update.

    Examples
    --------
    >>> net = side_by_side(nn.Linear(2, 3))
    >>> with gradients_meet(net, now=False):
    ...     net(torch.ones(1, 2)).sum().backward()
    """
    if isinstance(model, DistributedDataParallel) and not now:
        return model.no_sync()
    return contextlib.nullcontext()


def agree_on_buffers(model: nn.Module) -> None:
    """Give all processes what the first one knows besides its parameters, such as running means.

    Examples
    --------
    >>> agree_on_buffers(nn.BatchNorm2d(3))
    """
    if here().processes > 1:
        for values in model.buffers():
            dist.broadcast(values, src=0)


def shard_weights(model: nn.Module, sharding: str) -> None:
    """Split the weights of a network among the processes, in place; before the optimiser is made.

    All start from the parameters of the first process.

    Parameters
    ----------
    model
        On the device of the process.
    sharding
        "none" does nothing, and neither does a process alone. "fully_connected": each fully connected layer
        is gathered when it computes and let go behind it; the convolutions, few in number, are one more unit.

    Raises
    ------
    ValueError
        If there is no such sharding.

    Notes
    -----
    By PyTorch's `fully_shard`. Source: Y. Zhao et al., "PyTorch FSDP: experiences on scaling fully sharded
    data parallel" (2023); the idea is S. Rajbhandari et al., "ZeRO" (2020), stage 3.

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> shard_weights(net, "fully_connected")
    >>> is_sharded(net)  # there is only one process
    False
    """
    choice("sharding", sharding, SHARDINGS)
    if sharding == "none" or here().processes == 1:
        return
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # or it could not be split
    for values in model.state_dict().values():
        dist.broadcast(values, src=0)
    device = device_of(model).type
    mesh = init_device_mesh(device, (here().processes,))
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear) and layer is not model]
    for layer in (*layers, model):
        unit = fully_shard(layer, mesh=mesh)
        if device == "cpu":
            unit.set_force_sum_reduction_for_comms(True)  # Gloo adds, but takes no means


def is_sharded(model: nn.Module) -> bool:
    """Whether the weights of a network are split among the processes.

    Examples
    --------
    >>> is_sharded(nn.Linear(2, 3))
    False
    """
    if here().processes == 1:
        return False
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model, FSDPModule)


def whole_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of all weights on the CPU, gathered if they are split; then all processes must take part.

    Examples
    --------
    >>> list(whole_weights(nn.Linear(2, 3)))
    ['weight', 'bias']
    """
    weights = _Split(model).state_dict() if is_sharded(model) else model.state_dict()
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


def set_weights(model: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a network, split or not, the weights that `whole_weights` gave.

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> set_weights(net, whole_weights(net))
    """
    part = _Split(model) if is_sharded(model) else model
    part.load_state_dict(dict(weights))


def for_checkpoint(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Stateful]:
    """Network and optimiser as parts of a checkpoint, where both are whole even if they are split here.

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> list(for_checkpoint(net, torch.optim.SGD(net.parameters())))
    ['model', 'optimizer']
    """
    if is_sharded(model):
        return {"model": _Split(model), "optimizer": _SplitOptimizer(model, optimizer)}
    return {"model": model, "optimizer": optimizer}


class _Split:
    def __init__(self, model: nn.Module) -> None:
        from torch.distributed.checkpoint import state_dict

        self.model, self.states = model, state_dict
        self.whole = state_dict.StateDictOptions(full_state_dict=True)

    def state_dict(self) -> dict[str, Any]:
        return self.states.get_model_state_dict(self.model, options=self.whole)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.states.set_model_state_dict(self.model, state_dict, options=self.whole)


class _SplitOptimizer(_Split):
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        super().__init__(model)
        self.optimizer = optimizer

    def state_dict(self) -> dict[str, Any]:
        return self.states.get_optimizer_state_dict(self.model, self.optimizer, options=self.whole)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.states.set_optimizer_state_dict(self.model, self.optimizer, state_dict, options=self.whole)
