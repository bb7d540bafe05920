"""Augmentation of a batch on the device that trains: `kornia` turns, moves and colours, mixup mixes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import describe, number, positive_int
from course_pkg.training.batches import Batch

Augment = Callable[[Any, Any], Batch]


def augment(*changes: nn.Module) -> Augment:
    """Change the images of a batch at random, each in its own way; what they show stays.

    Parameters
    ----------
    changes
        Modules of `kornia.augmentation`, or others that take and give images (N, C, H, W); applied in order.

    Returns
    -------
    callable
        What `fit` takes as `augment`.

    Raises
    ------
    TypeError
        If one is not a module.

    Examples
    --------
    >>> from kornia.augmentation import RandomHorizontalFlip
    >>> mirrored = augment(RandomHorizontalFlip(p=1.0))
    >>> x, y = mirrored(torch.arange(3.0).view(1, 1, 1, 3), torch.tensor([7]))
    >>> x.flatten(), y
    (tensor([2., 1., 0.]), tensor([7]))
    """
    for i, change in enumerate(changes):
        if not isinstance(change, nn.Module):
            raise TypeError(f"changes[{i}]: got {describe(change)}, expected a module of kornia.augmentation")

    @torch.no_grad()
    def apply(x: torch.Tensor, y: Any) -> Batch:
        for change in changes:
            x = change(x)
        return x, y

    return apply


def crop_and_flip(size: int, padding: int = 4) -> Augment:
    """Move images by up to `padding` pixels, zeros coming in, and mirror every other one left and right.

    Parameters
    ----------
    size
        Height and width of the images.
    padding
        How far they move at most.

    Returns
    -------
    callable
        What `fit` takes as `augment`.

    Notes
    -----
    Sources: Krizhevsky et al. (2012), section 4.1; for small images He et al. (2016), section 4.2.

    Examples
    --------
    >>> x, y = crop_and_flip(32)(torch.rand(8, 3, 32, 32), torch.arange(8))
    >>> x.shape
    torch.Size([8, 3, 32, 32])
    """
    from kornia.augmentation import RandomCrop, RandomHorizontalFlip

    size, padding = positive_int("size", size), positive_int("padding", padding)
    crop = RandomCrop((size, size), padding=padding, cropping_mode="slice")
    return augment(crop, RandomHorizontalFlip())


def jiggle(degrees: float = 10.0, shift: float = 0.1, scale: float = 0.1) -> Augment:
    """Turn, move and scale images a little, zeros coming in: other hands writing the same digits.

    Parameters
    ----------
    degrees
        The greatest turn, either way.
    shift
        The greatest move, a share of the image's side.
    scale
        Sizes are multiplied by 1 − scale … 1 + scale.

    Returns
    -------
    callable
        What `fit` takes as `augment`.

    Examples
    --------
    >>> x, y = jiggle()(torch.rand(8, 1, 28, 28), torch.arange(8))
    >>> x.shape, y.tolist()
    (torch.Size([8, 1, 28, 28]), [0, 1, 2, 3, 4, 5, 6, 7])
    """
    from kornia.augmentation import RandomAffine

    sizes = (1 - number("scale", scale), 1 + scale)
    return augment(RandomAffine(number("degrees", degrees), (number("shift", shift), shift), sizes, p=1.0))


def mixup(alpha: float, classes: int) -> Augment:
    """Mix each example with another one of the batch, and their classes in the same proportion.

    Parameters
    ----------
    alpha
        Of the Beta(α, α) from which a batch's proportion is drawn: near 0 nearly one of the two alone, 1 for
        all proportions alike.
    classes
        How many there are; `y` (N,) becomes probabilities (N, classes), which `cross_entropy` takes.

    Returns
    -------
    callable
        What `fit` takes as `augment`.

    Raises
    ------
    TypeError, ValueError
        If `alpha` is not greater than 0, or `classes` not a positive integer.

    Notes
    -----
    Source: H. Zhang et al., "mixup: beyond empirical risk minimization" (2018), section 2.

    Examples
    --------
    >>> x, y = mixup(alpha=1.0, classes=3)(torch.eye(2), torch.tensor([0, 2]))
    >>> torch.equal(x[:, 0], y[:, 0]), y.sum(dim=1)
    (True, tensor([1., 1.]))
    """
    alpha, classes = number("alpha", alpha, positive=True), positive_int("classes", classes)

    @torch.no_grad()
    def apply(x: torch.Tensor, y: torch.Tensor) -> Batch:
        share = torch.distributions.Beta(alpha, alpha).sample().to(x.device)
        partner = torch.randperm(len(x)).to(x.device)
        y = F.one_hot(y, classes).to(x.dtype)
        return torch.lerp(x[partner], x, share), torch.lerp(y[partner], y, share)

    return apply


def both(first: Augment, second: Augment) -> Augment:
    """The one augmentation that does `first`, then `second`.

    Examples
    --------
    >>> x, y = both(jiggle(), mixup(0.2, classes=10))(torch.rand(8, 1, 28, 28), torch.arange(8))
    >>> y.shape
    torch.Size([8, 10])
    """
    return lambda x, y: second(*first(x, y))
