"""How good a segmentation is: pixel accuracy and mean IoU, both from a confusion matrix.

Matrices of several batches add up to that of all their images. So does the custom: one matrix for the whole
test set, and not a mean over images.
"""

from typing import Any

import torch

from course_pkg._validate import describe, integer, positive_int


def confusion_matrix(
    predicted: torch.Tensor, truth: torch.Tensor, classes: int, ignore_index: int | None = 255
) -> torch.Tensor:
    """How many pixels of each class were given to each class.

    Parameters
    ----------
    predicted
        A class for each pixel, 0 … C − 1, whole numbers of any shape, such as (N, H, W).
    truth
        The true classes, of the same shape.
    classes
        C.
    ignore_index
        Pixels with this in place of a true class are left out, whatever is predicted there. PASCAL VOC marks
        the outlines of objects by 255. With None none are left out.

    Returns
    -------
    Tensor, (C, C), int64
        Rows: true class; columns: predicted class.

    Raises
    ------
    TypeError
        If `predicted` or `truth` is not a tensor of whole numbers.
    ValueError
        If they differ in shape, or hold something else than classes.

    Examples
    --------
    >>> truth = torch.tensor([[0, 0, 1], [1, 1, 255]])
    >>> confusion_matrix(torch.tensor([[0, 1, 1], [1, 1, 0]]), truth, classes=2)
    tensor([[1, 1],
            [0, 3]])
    """
    classes = positive_int("classes", classes)
    predicted, truth = _whole("predicted", predicted), _whole("truth", truth)
    if predicted.shape != truth.shape:
        raise ValueError(f"predicted: got shape {tuple(predicted.shape)}, expected {tuple(truth.shape)}")
    if ignore_index is not None:
        counts = truth != integer("ignore_index", ignore_index)
        predicted, truth = predicted[counts], truth[counts]
    for name, values in (("predicted", predicted), ("truth", truth)):
        if values.numel() and not 0 <= values.min() <= values.max() < classes:
            raise ValueError(f"{name}: got {values.min()} … {values.max()}, expected 0 … {classes - 1}")
    pairs = classes * truth.flatten() + predicted.flatten()
    return pairs.bincount(minlength=classes**2).view(classes, classes)


def pixel_accuracy(confusion: torch.Tensor) -> float:
    """The share of pixels that are given their true class.

    Parameters
    ----------
    confusion
        From `confusion_matrix`, (C, C).

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If `confusion` is not a square matrix of counts, or counts no pixel.

    Examples
    --------
    >>> pixel_accuracy(torch.tensor([[1, 1], [0, 3]]))
    0.8
    """
    confusion = _counts(confusion)
    return float(confusion.diagonal().sum() / confusion.sum())


def class_iou(confusion: torch.Tensor) -> torch.Tensor:
    """Of each class, intersection over union of the pixels that are of it and those that are given to it.

    Parameters
    ----------
    confusion
        From `confusion_matrix`, (C, C).

    Returns
    -------
    Tensor, (C,), float64
        Between 0 and 1; NaN for a class that is neither there nor predicted.

    Raises
    ------
    TypeError, ValueError
        As `pixel_accuracy`.

    References
    ----------
    Everingham et al. (2010), The PASCAL visual object classes (VOC) challenge, section 4.2.

    Examples
    --------
    >>> class_iou(torch.tensor([[1, 1, 0], [0, 3, 0], [0, 0, 0]]))
    tensor([0.5000, 0.7500,    nan], dtype=torch.float64)
    """
    confusion = _counts(confusion)
    both = confusion.diagonal()
    return both / (confusion.sum(dim=0) + confusion.sum(dim=1) - both)


def mean_iou(confusion: torch.Tensor) -> float:
    """Mean of `class_iou` over the classes that are there or predicted, background among them.

    Parameters
    ----------
    confusion
        From `confusion_matrix`, (C, C).

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        As `pixel_accuracy`.

    References
    ----------
    Long, Shelhamer & Darrell (2015), Fully convolutional networks for semantic segmentation, section 5.

    Examples
    --------
    >>> mean_iou(torch.tensor([[1, 1, 0], [0, 3, 0], [0, 0, 0]]))  # (0.5 + 0.75) / 2
    0.625
    """
    return float(class_iou(confusion).nanmean())


def _whole(name: str, values: Any) -> torch.Tensor:
    if not isinstance(values, torch.Tensor):
        raise TypeError(f"{name}: got {describe(values)}, expected a tensor")
    if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
        raise TypeError(f"{name}: got dtype {values.dtype}, expected whole numbers, the classes")
    return values.long()


def _counts(confusion: Any) -> torch.Tensor:
    confusion = _whole("confusion", confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(f"confusion: got shape {tuple(confusion.shape)}, expected (C, C)")
    if (confusion < 0).any() or confusion.sum() == 0:
        raise ValueError("confusion: got no pixels or negative counts, expected counts of at least one pixel")
    return confusion.double()
