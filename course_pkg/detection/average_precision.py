"""Average precision: a curve of precision over recall, summed up in one number, by three conventions."""

from typing import Any

import numpy as np
import torch

from course_pkg._validate import choice
from course_pkg.detection._checks import as_floats

METHODS = ("voc07", "voc10", "coco")


def average_precision(recall: torch.Tensor, precision: torch.Tensor, method: str = "voc07") -> float:
    """Average precision: the height of the precision–recall curve, averaged over recall.

    All three conventions first replace each precision by the best at this or any higher recall, so that the
    curve never rises, and take 0 at a recall that is not reached.

    Parameters
    ----------
    recall
        Share of the objects that are found among the 1, 2, …, D best-scored detections, shape (D,), floats
        between 0 and 1 that never fall.
    precision
        Share of these detections that are right, shape (D,), floats between 0 and 1.
    method
        "voc07": mean of the heights at recall 0, 0.1, …, 1 (PASCAL VOC until 2009). "voc10": the area under
        the curve, which is a staircase (PASCAL VOC from 2010). "coco": mean of the heights at recall 0,
        0.01, …, 1 (COCO).

    Returns
    -------
    float
        Between 0 and 1; 0 if there are no detections.

    Raises
    ------
    TypeError
        If `recall` or `precision` is not a tensor of floats.
    ValueError
        If they differ in shape, are not between 0 and 1, or recall falls, or there is no such method.

    Notes
    -----
    With "coco" the recalls asked for are those of COCO's own program, multiples of a rounded 0.01: some are
    off by 10⁻¹⁶, and 0.35, for one, is just missed by 7 objects found out of 20.

    References
    ----------
    Everingham et al. (2010), The PASCAL visual object classes (VOC) challenge, section 4.2; the development
    kit of 2010, section 3.4.1; `pycocotools.cocoeval`.

    Examples
    --------
    Two objects; the best detection is right, the second wrong, the third right.

    >>> recall, precision = torch.tensor([0.5, 0.5, 1.0]), torch.tensor([1.0, 1 / 2, 2 / 3])
    >>> round(average_precision(recall, precision, "voc07"), 4)  # (6 · 1 + 5 · 2/3) / 11
    0.8485
    >>> round(average_precision(recall, precision, "voc10"), 4)  # 0.5 · 1 + 0.5 · 2/3
    0.8333
    >>> round(average_precision(recall, precision, "coco"), 4)  # (51 · 1 + 50 · 2/3) / 101
    0.835
    """
    choice("method", method, METHODS)
    recall, precision = _curve("recall", recall), _curve("precision", precision)
    if precision.shape != recall.shape:
        raise ValueError(f"precision: got {len(precision)} values, expected {len(recall)}, as many as recall")
    if (recall.diff() < 0).any():
        raise ValueError("recall: got values that fall, expected those of more and more detections")

    envelope = precision.flip(0).cummax(0).values.flip(0).double()  # the best from here on, (D,)
    if method == "voc10":
        widths = recall.double().diff(prepend=recall.new_zeros(1, dtype=torch.float64))
        return float((widths * envelope).sum())
    if method == "voc07":
        asked = torch.arange(11, dtype=recall.dtype) / 10  # 3 / 10 found is 0.3, rounded alike
    else:
        asked = torch.from_numpy(np.linspace(0, 1, 101)).to(recall.dtype)
    first = torch.searchsorted(recall, asked.to(recall.device))  # where each recall is first reached; or D
    heights = torch.cat([envelope, envelope.new_zeros(1)])[first]
    return float(heights.mean())


def _curve(name: str, values: Any) -> torch.Tensor:
    values = as_floats(name, values, "(D,)")
    if values.ndim != 1:
        raise ValueError(f"{name}: got shape {tuple(values.shape)}, expected (D,)")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name}: got values outside 0 … 1, expected shares")
    return values.detach()
