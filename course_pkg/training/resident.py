"""Images that lie on the device as bytes, and are gathered, enlarged and augmented there.

A GPU waits for nothing: a set such as CIFAR-10 has 150 MB, and a batch of it, enlarged to the size that
AlexNet sees, is a gather and one bilinear sampling.
"""

import numpy as np
import torch
from torch.nn import functional as F

from course_pkg._validate import flag, integer, number, positive_int
from course_pkg.training.augment import Augment
from course_pkg.training.batches import Batch, Batches, as_floats, batches
from course_pkg.training.precision import best_device


def resident_batches(
    x: np.ndarray | torch.Tensor,
    y: np.ndarray | torch.Tensor,
    batch_size: int,
    *,
    seed: int = 0,
    device: str | torch.device | None = None,
) -> Batches:
    """Batches of examples that lie on the device that trains.

    Parameters
    ----------
    x, y, batch_size, seed
        As in `course_pkg.training.batches.batches`.
    device
        Where they are to lie; if not given, on the first GPU, or the CPU where there is none.

    Returns
    -------
    Batches
        On the device.

    Examples
    --------
    >>> images = np.zeros((6, 3, 32, 32), np.uint8)
    >>> x, y = next(resident_batches(images, np.arange(6), batch_size=4, device="cpu").epoch(0))
    >>> x.dtype, x.shape, y.shape
    (torch.float32, torch.Size([4, 3, 32, 32]), torch.Size([4]))
    """
    device = best_device() if device is None else torch.device(device)
    return batches(torch.as_tensor(x).to(device), torch.as_tensor(y).to(device), batch_size, seed=seed)


def random_views(size: int, crop: int, *, padding: int = 0, flip: bool = True, hole: float = 0.0) -> Augment:
    """Cut a square out of each image at random, mirror every other one, and bring it to size.

    Beyond the edge of an image its last pixels go on.

    Parameters
    ----------
    size
        Height and width that come out, as the network wants them.
    crop
        Height and width of the square, in pixels of the images.
    padding
        How far the square may reach beyond the edge.
    flip
        Whether every other image is mirrored left and right.
    hole
        If positive, a square of this share of the side, anywhere, is left black: the network must not rely
        on one detail ("cutout").

    Returns
    -------
    callable
        What `fit` takes as `augment`. It takes images (N, C, H, W), bytes or floats 0 … 1, and gives floats
        (N, C, size, size).

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or too small, or later if `crop` does not fit into the images.

    Notes
    -----
    Sources: Krizhevsky et al. (2012), section 4.1; He et al. (2016), section 4.2; T. DeVries and G. W.
    Taylor, "Improved regularization of convolutional neural networks with cutout" (2017).

    Examples
    --------
    >>> x, y = random_views(227, crop=32, padding=4)(torch.rand(8, 3, 32, 32), torch.arange(8))
    >>> x.shape
    torch.Size([8, 3, 227, 227])
    """
    size, crop = positive_int("size", size), positive_int("crop", crop)
    padding, hole = integer("padding", padding, minimum=0), number("hole", hole)
    if not 0 <= hole < 1:
        raise ValueError(f"hole: got {hole}, expected a share of the side, 0 or more and less than 1")
    flag("flip", flip)

    @torch.no_grad()
    def apply(x: torch.Tensor, y: torch.Tensor) -> Batch:
        n, device, (height, width) = len(x), x.device, x.shape[2:]
        _check_crop(crop, height + 2 * padding, width + 2 * padding)
        top = torch.randint(-padding, height + padding - crop + 1, (n,), device=device)
        left = torch.randint(-padding, width + padding - crop + 1, (n,), device=device)
        mirrored = torch.rand(n, device=device) < (0.5 if flip else 0.0)
        x = _squares(x, top, left, crop, size, mirrored)
        if hole > 0:
            x = x * _around_a_hole(n, size, hole, device)
        return x, y

    return apply


def centre_view(x: torch.Tensor, size: int, crop: int) -> torch.Tensor:
    """The square in the middle of each image, brought to size: what a network is tested on.

    Parameters
    ----------
    x
        Images (N, C, H, W), bytes or floats 0 … 1.
    size, crop
        As in `random_views`.

    Returns
    -------
    Tensor
        Floats, (N, C, size, size).

    Examples
    --------
    >>> x = torch.arange(16.0).view(1, 1, 4, 4)
    >>> centre_view(x, size=2, crop=2).tolist()
    [[[[5.0, 6.0], [9.0, 10.0]]]]
    """
    height, width = x.shape[2:]
    _check_crop(positive_int("crop", crop), height, width)
    zeros = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    top, left = zeros + (height - crop) // 2, zeros + (width - crop) // 2
    return _squares(x, top, left, crop, positive_int("size", size), mirrored=zeros.bool())


def _check_crop(crop: int, height: int, width: int) -> None:
    if crop > min(height, width):
        raise ValueError(f"crop: got {crop}, expected at most {min(height, width)}, what the images have")


def _squares(
    x: torch.Tensor, top: torch.Tensor, left: torch.Tensor, crop: int, size: int, mirrored: torch.Tensor
) -> torch.Tensor:
    """One square of each image, (N, C, size, size); its upper left corner lies at `top`, `left`."""
    x = as_floats(x)
    n, channels, height, width = x.shape
    theta = torch.zeros(n, 2, 3, device=x.device)  # from -1 … 1 in the square to -1 … 1 in the image
    theta[:, 0, 0] = torch.where(mirrored, -crop / width, crop / width)
    theta[:, 1, 1] = crop / height
    theta[:, 0, 2] = (2 * left + crop) / width - 1
    theta[:, 1, 2] = (2 * top + crop) / height - 1
    places = F.affine_grid(theta, [n, channels, size, size], align_corners=False)
    return F.grid_sample(x, places, padding_mode="border", align_corners=False)


def _around_a_hole(n: int, size: int, share: float, device: torch.device) -> torch.Tensor:
    """1, and 0 in a square of each, (n, 1, size, size)."""
    pixels = torch.arange(size, device=device)
    centres = torch.randint(size, (2, n, 1), device=device)
    rows, columns = (2 * (pixels - centres)).abs() < share * size  # (n, size) each
    return (~(rows[:, None, :, None] & columns[:, None, None, :])).float()
