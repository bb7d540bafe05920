"""How wrong a classifier is."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_pkg._validate import describe, positive_int

_CHUNK = 500  # examples scored at once: large sets of images would not fit otherwise


def error_rate(model: nn.Module, x: torch.Tensor | np.ndarray, y: torch.Tensor | np.ndarray) -> float:
    """The share of examples whose highest score is not the true class.

    Parameters
    ----------
    model
        Gives scores (N, classes) for inputs (N, …). Scored in evaluation mode, then put back as it was.
    x
        Inputs, shape (N, …).
    y
        True classes, shape (N,).

    Returns
    -------
    float
        Between 0 (all right) and 1 (all wrong).

    Raises
    ------
    TypeError
        If `x` or `y` is neither tensor nor array, or `y` does not hold whole numbers.
    ValueError
        If `x` is empty, `y` is not one class for each example of `x`, or a class has no score.

    Examples
    --------
    >>> scores = torch.tensor([[2.0, 1.0], [0.0, 5.0], [3.0, 1.0], [4.0, 0.0]])
    >>> error_rate(nn.Identity(), scores, torch.tensor([0, 1, 1, 0]))
    0.25
    """
    x, y = as_examples(model, "x", x, "y", y)
    was_training = model.training
    model.eval()
    _, error = evaluate(model, x, y)
    model.train(was_training)
    return float(error)


def top_k_error(scores: torch.Tensor, y: torch.Tensor, k: int = 5) -> float:
    """The share of examples whose true class is not among the k highest scores.

    Parameters
    ----------
    scores
        Shape (N, classes).
    y
        True classes, shape (N,).
    k
        How many guesses; as ImageNet counts, 1 or 5.

    Returns
    -------
    float
        Between 0 and 1. Of equal scores the class with the lower number comes first.

    Raises
    ------
    TypeError
        If `y` does not hold whole numbers, or `k` is not an integer.
    ValueError
        If there are no examples, shapes do not match, a class has no score, or `k` is not 1 … classes.

    Notes
    -----
    Source: Krizhevsky et al. (2012), section 2.

    Examples
    --------
    >>> scores = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    >>> y = torch.tensor([0, 1, 2, 0])
    >>> [top_k_error(scores, y, k) for k in (1, 2, 3)]
    [0.75, 0.5, 0.0]
    """
    scores, y = as_examples(nn.Identity(), "scores", scores, "y", y)
    if scores.ndim != 2:
        raise ValueError(f"scores: got shape {tuple(scores.shape)}, expected (N, classes)")
    classes = scores.shape[1]
    if not positive_int("k", k) <= classes:
        raise ValueError(f"k: got {k}, expected at most the {classes} classes")
    _check_classes(y, classes)
    best = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]  # (N, k)
    return float((best != y[:, None]).all(dim=1).double().mean())


@torch.no_grad()
def evaluate(
    model: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross-entropy and error rate, of one model or of many stacked ones.

    Parameters
    ----------
    model
        Gives scores (N, classes) for inputs (N, …), or (models, N, classes) when it stands for many models.
    x
        Inputs, shape (N, …), the same for each model.
    y
        True classes, shape (N,).

    Returns
    -------
    loss, error : Tensor, () or (models,)
        Mean cross-entropy in nats, and the share of wrong examples.

    Raises
    ------
    ValueError
        If a class has no score.

    Examples
    --------
    >>> loss, error = evaluate(nn.Identity(), torch.zeros(4, 10), torch.tensor([0, 1, 2, 3]))
    >>> round(loss.item(), 4), error.item()
    (2.3026, 0.75)
    """
    scores = torch.cat([model(chunk) for chunk in x.split(_CHUNK)], dim=-2)  # (…, N, classes)
    _check_classes(y, scores.shape[-1])
    truth = y.expand(scores.shape[:-1])  # (…, N)
    losses = F.cross_entropy(scores.flatten(0, -2), truth.flatten(), reduction="none").view(truth.shape)
    return losses.mean(dim=-1), (scores.argmax(dim=-1) != truth).double().mean(dim=-1)


def as_examples(
    model: nn.Module, x_name: str, x: torch.Tensor | np.ndarray, y_name: str, y: torch.Tensor | np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs in the model's own float type, and classes as int64, checked to belong together.

    Parameters
    ----------
    model
        Whose parameters' type the inputs take; a model without parameters leaves them.
    x_name, y_name
        What an error calls them.
    x
        Inputs, shape (N, …).
    y
        Classes, shape (N,).

    Returns
    -------
    x, y : Tensor
        Of the same shapes.

    Raises
    ------
    TypeError
        If one is neither tensor nor array, or the classes are not whole numbers.
    ValueError
        If `x` is empty, or `y` is not one class for each example of `x`.

    Examples
    --------
    >>> x, y = as_examples(nn.Linear(2, 3), "x", np.zeros((5, 2)), "y", np.zeros(5, dtype=int))
    >>> x.dtype, y.dtype
    (torch.float32, torch.int64)
    """
    for name, value in ((x_name, x), (y_name, y)):
        if not isinstance(value, torch.Tensor | np.ndarray):
            raise TypeError(f"{name}: got {describe(value)}, expected a tensor or an array")
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    if y.is_floating_point() or y.is_complex():
        raise TypeError(f"{y_name}: got dtype {y.dtype}, expected whole numbers, the classes")
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"{x_name}: got shape {tuple(x.shape)}, expected at least one example")
    if y.shape != x.shape[:1]:
        raise ValueError(
            f"{y_name}: got shape {tuple(y.shape)}, expected ({len(x)},), a class for each of {x_name}"
        )
    return x.to(next((p.dtype for p in model.parameters()), x.dtype)), y.long()


def _check_classes(y: torch.Tensor, classes: int) -> None:
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"y: got classes {y.min()} … {y.max()}, expected 0 … {classes - 1}, as there are scores"
        )
