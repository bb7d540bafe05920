"""Several networks of one architecture trained at once, as one.

A small network takes many small steps, and most of a small step is overhead: calling an operation costs more
than doing it. So the parameters of all models are stacked, (models, …), into one network, and `fit` of
`course_pkg.training.loop` takes one step for all of them. What a model becomes depends on its own start and
seed alone, not on who trains beside it.
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

from course_pkg._validate import describe, integer, positive_int
from course_pkg.training.batches import Batch
from course_pkg.training.loop import fit
from course_pkg.training.metrics import as_examples, evaluate

Examples = torch.Tensor | np.ndarray


class Histories(NamedTuple):
    """What `fit_together` measured on the way."""

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


def fit_together(
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
) -> Histories:
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
    Histories
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
    >>> history = fit_together(models, x, y, x, y, steps=100, batch_size=5, learning_rate=0.5)
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

    stack = Stack(models)

    def measure(stack: Stack) -> dict[str, torch.Tensor]:
        train_loss, train_error = evaluate(stack.scores, x_train, y_train)
        return {
            "train_loss": train_loss,
            "train_error": train_error,
            "test_error": evaluate(stack.scores, x_test, y_test)[1],
        }  # (models,) each

    history = fit(
        stack,
        _OrderForEach(x_train, y_train, batch_size, seeds),
        summed_cross_entropy,
        optimizer=torch.optim.SGD(stack.parameters(), lr=learning_rate),
        steps=steps,
        evaluate=measure,
        evaluate_every=record_every,
        progress=progress,
    )
    stack.unstack(models)
    return Histories(history.steps, *(history.metrics[name].T for name in Histories._fields[1:]))


class Stack(nn.Module):
    """Networks of one architecture as one network, whose parameters are theirs, stacked: (models, …).

    Examples
    --------
    >>> stack = Stack(one_per_seed(lambda: nn.Linear(2, 3), seeds=range(5)))
    >>> stack(torch.zeros(5, 7, 2)).shape  # seven examples for each
    torch.Size([5, 7, 3])
    >>> stack.scores(torch.zeros(7, 2)).shape  # the same seven for all
    torch.Size([5, 7, 3])
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.architecture = copy.deepcopy(models[0])
        for stacked in stack_module_state(list(models)):
            for name, value in stacked.items():
                place, _, last = name.rpartition(".")
                owner = self.architecture.get_submodule(place)
                setattr(owner, last, nn.Parameter(value) if value.requires_grad else value)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (models, N, classes) of inputs (models, N, …)."""
        return self._run(x, 0)

    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (models, N, classes) of inputs (N, …), the same for each model."""
        return self._run(x, None)

    def _run(self, x: torch.Tensor, x_dim: int | None) -> torch.Tensor:
        state = dict(self.architecture.named_parameters()) | dict(self.architecture.named_buffers())
        each = vmap(lambda state, x: functional_call(self.architecture, state, (x,)), in_dims=(0, x_dim))
        with _ConvolutionAsProduct():
            return each(state, x)

    def unstack(self, models: Sequence[nn.Module]) -> None:
        """Give each of `models` its share of the parameters."""
        for i, model in enumerate(models):
            state = self.architecture.state_dict()
            model.load_state_dict({name: stacked[i] for name, stacked in state.items()})


def summed_cross_entropy(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The sum over the models of each one's mean cross-entropy.

    A model's parameters appear in its own term only: the sum's gradient is each model's own gradient.

    Parameters
    ----------
    scores
        Shape (models, batch, classes).
    y
        Classes, shape (models, batch).

    Examples
    --------
    >>> round(summed_cross_entropy(torch.zeros(2, 5, 10), torch.zeros(2, 5, dtype=int)).item(), 4)
    4.6052
    """
    losses = F.cross_entropy(scores.flatten(0, 1), y.flatten(), reduction="none")
    return losses.view(y.shape).mean(dim=1).sum()


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


class _OrderForEach:
    """Batches (models, batch, …): a fresh order each epoch, for each seed its own."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, batch_size: int, seeds: Sequence[int]) -> None:
        self.x, self.y, self.batch_size, self.seeds = x, y, batch_size, seeds
        self._start_anew()

    def __len__(self) -> int:
        return len(self.x) // self.batch_size

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        if number < self.drawn:
            self._start_anew()
        while self.drawn <= number:  # the order of epoch n is the n-th that a generator draws
            orders = torch.stack([torch.randperm(len(self.x), generator=g) for g in self.generators])
            self.drawn += 1
        whole = orders[:, start * self.batch_size : len(self) * self.batch_size]
        for batch in whole.split(self.batch_size, dim=1):  # (models, batch)
            yield self.x[batch], self.y[batch]

    def _start_anew(self) -> None:
        self.generators = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self.drawn = 0


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
