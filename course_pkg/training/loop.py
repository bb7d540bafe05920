"""One training loop: stochastic gradient descent on several networks of one architecture at once.

A small network takes many small steps, and most of a small step is overhead: calling an operation costs more
than doing it. So `fit` stacks the parameters of all models, (models, …), and runs one step for all of them
together. What a model becomes depends on its own start and seed alone, not on who trains beside it.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.overrides import TorchFunctionMode
from tqdm import tqdm

from course_pkg._validate import describe, integer, positive_int
from course_pkg.training.metrics import as_examples, evaluate

Examples = torch.Tensor | np.ndarray


class History(NamedTuple):
    """What `fit` measured on the way."""

    steps: np.ndarray
    """Number of steps taken before each record, int64, (records,); the first is 0, the last is the end."""
    train_loss: np.ndarray
    """Mean cross-entropy over the whole training set, in nats, float64, (models, records)."""
    train_error: np.ndarray
    """Share of the training set that is wrong, between 0 and 1, float64, (models, records)."""
    test_error: np.ndarray
    """Share of the test set that is wrong, between 0 and 1, float64, (models, records)."""


def one_per_seed(build: Callable[[], nn.Module], seeds: Sequence[int]) -> list[nn.Module]:
    """Build a network for each seed, its random start drawn from that seed.

    Parameters
    ----------
    build
        Makes a fresh network, for example the class `MNIST1DConvNet`.
    seeds
        One for each network wanted.

    Returns
    -------
    list of nn.Module
        As many as `seeds`. The global generator is left as it was.

    Raises
    ------
    TypeError
        If a seed is not an integer.

    Examples
    --------
    >>> a, b, c = one_per_seed(lambda: nn.Linear(2, 3), seeds=[0, 1, 0])
    >>> torch.equal(a.weight, c.weight), torch.equal(a.weight, b.weight)
    (True, False)
    """
    models = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(integer("seeds", seed))
            models.append(build())
    return models


def fit(
    models: Sequence[nn.Module],
    x_train: Examples,
    y_train: Examples,
    x_test: Examples,
    y_test: Examples,
    *,
    steps: int,
    batch_size: int = 100,
    learning_rate: float = 0.01,
    seeds: Sequence[int] | None = None,
    record_every: int | None = None,
    progress: bool = False,
) -> History:
    """Train classifiers in place by plain stochastic gradient descent on the cross-entropy.

    Each epoch visits the examples in a new random order, each model in its own; examples left over after the
    last whole batch of an epoch wait for the next one.

    Parameters
    ----------
    models
        Networks of one architecture that give scores (N, classes) for inputs (N, …). They end up trained.
    x_train, x_test
        Inputs, shape (N, …); they take the float type of the models.
    y_train, y_test
        Classes, shape (N,).
    steps
        Number of updates of each model.
    batch_size
        Examples to an update.
    learning_rate
        Factor of the gradient in an update; there is no momentum.
    seeds
        One a model, for the order of its examples; 0, 1, 2, … if not given.
    record_every
        Measure after this many steps, and at the start and the end; only at start and end if not given.
    progress
        Show a progress bar on the standard error stream.

    Returns
    -------
    History
        Loss and errors of each model at each record.

    Raises
    ------
    TypeError
        If `models` holds something else than networks, inputs or classes are not tensors or arrays, or a
        number is of the wrong kind.
    ValueError
        If there is no model, models differ in shape, a number is not positive, a batch is larger than the
        training set, there is not one seed a model, or inputs, classes and scores do not match.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(10, 1)
    >>> y = torch.tensor([0, 1]).repeat(10)
    >>> models = one_per_seed(lambda: nn.Linear(2, 2), seeds=[0, 1, 2])
    >>> history = fit(models, x, y, x, y, steps=100, batch_size=5, learning_rate=0.5)
    >>> history.steps.tolist(), history.test_error[:, -1].tolist()
    ([0, 100], [0.0, 0.0, 0.0])
    """
    _check_models(models)
    steps, batch_size = positive_int("steps", steps), positive_int("batch_size", batch_size)
    record_every = steps if record_every is None else positive_int("record_every", record_every)
    if not isinstance(learning_rate, int | float):
        raise TypeError(f"learning_rate: got {describe(learning_rate)}, expected a number")
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate: got {learning_rate}, expected a positive number")
    seeds = range(len(models)) if seeds is None else [integer("seeds", seed) for seed in seeds]
    if len(seeds) != len(models):
        raise ValueError(f"seeds: got {len(seeds)}, expected one for each of the {len(models)} models")
    x_train, y_train = as_examples(models[0], "x_train", x_train, "y_train", y_train)
    x_test, y_test = as_examples(models[0], "x_test", x_test, "y_test", y_test)
    if batch_size > len(x_train):
        raise ValueError(
            f"batch_size: got {batch_size}, expected at most the {len(x_train)} training examples"
        )

    state = stack_module_state(list(models))  # parameters and buffers, each (models, …)
    skeleton = copy.deepcopy(models[0]).to("meta")  # the architecture without numbers
    optimizer = torch.optim.SGD(state[0].values(), lr=learning_rate)
    train_each, test_each = _run_each(skeleton, state, 0), _run_each(skeleton, state, None)
    records: list[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def record(step: int) -> None:
        skeleton.eval()
        records.append((step, *evaluate(test_each, x_train, y_train), evaluate(test_each, x_test, y_test)[1]))
        skeleton.train()

    record(0)
    batches = _batches(len(x_train), batch_size, seeds)
    for step in tqdm(range(1, steps + 1), disable=not progress):
        batch = next(batches)  # (models, batch)
        scores = train_each(x_train[batch])  # (models, batch, classes)
        losses = F.cross_entropy(scores.flatten(0, 1), y_train[batch].flatten(), reduction="none")
        optimizer.zero_grad()
        # a model's parameters appear in its own loss only: the sum's gradient is each model's own gradient
        losses.view(batch.shape).mean(dim=1).sum().backward()
        optimizer.step()
        if step % record_every == 0 or step == steps:
            record(step)

    _unstack(state, models)
    at, *measured = zip(*records, strict=True)
    return History(np.array(at), *(torch.stack(each, dim=1).double().numpy() for each in measured))


def _check_models(models: Sequence[nn.Module]) -> None:
    if not models:
        raise ValueError("models: got none, expected at least one network")
    for i, model in enumerate(models):
        if not isinstance(model, nn.Module):
            raise TypeError(f"models[{i}]: got {describe(model)}, expected a torch.nn.Module")
        if _shapes(model) != _shapes(models[0]):
            raise ValueError(f"models[{i}]: got parameters of other shapes than models[0], expected the same")


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in model.state_dict().items()}


def _batches(examples: int, batch_size: int, seeds: Sequence[int]) -> Iterator[torch.Tensor]:
    """Endless indices (models, batch_size) of examples: a fresh order each epoch, for each seed its own."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    whole = examples - examples % batch_size
    while True:
        orders = torch.stack(
            [torch.randperm(examples, generator=g) for g in generators]
        )  # (models, examples)
        yield from orders[:, :whole].split(batch_size, dim=1)


def _run_each(
    skeleton: nn.Module, state: tuple[dict[str, Any], dict[str, Any]], x_dim: int | None
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Scores (models, N, classes) of all models; `x_dim` 0: inputs (models, N, …), None: (N, …) shared."""
    each = vmap(lambda state, x: functional_call(skeleton, state, (x,)), in_dims=(0, x_dim))

    def run(x: torch.Tensor) -> torch.Tensor:
        with _ConvolutionAsProduct():
            return each(state, x)

    return run


def _unstack(state: tuple[dict[str, Any], dict[str, Any]], models: Sequence[nn.Module]) -> None:
    for i, model in enumerate(models):
        model.load_state_dict({name: stacked[i].detach() for part in state for name, stacked in part.items()})


class _ConvolutionAsProduct(TorchFunctionMode):
    """Inside this context a plain `conv1d` is a matrix product.

    A different kernel for each model makes a stacked convolution a grouped one, which is slow on a CPU. One
    product a model is what a CPU does best (measured in tests/benchmarks).
    """

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is F.conv1d and args[4:] == ((0,), (1,), 1) and args[2] is not None:
            return _conv1d_as_product(*args[:3], stride=args[3][0])
        return function(*args, **(kwargs or {}))


def _conv1d_as_product(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *, stride: int
) -> torch.Tensor:
    """Plain `conv1d`: x (N, C, W), weight (O, C, K), bias (O,) -> (N, O, W')."""
    kernel = weight.shape[2]
    x = x.transpose(1, 2)  # (N, W, C)
    out = (x.shape[1] - kernel) // stride + 1  # W'
    windows = [x[:, k : k + stride * (out - 1) + 1 : stride] for k in range(kernel)]  # K times (N, W', C)
    columns = torch.cat(windows, dim=2).flatten(0, 1)  # (N·W', K·C)
    y = columns @ weight.permute(2, 1, 0).flatten(0, 1) + bias  # (N·W', O)
    return y.unflatten(0, (-1, out)).transpose(1, 2)
