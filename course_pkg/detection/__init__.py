"""Boxes, and a detector's way from them to a grid of numbers and back, its loss, and how good it is.

Boxes are (x0, y0, x1, y1), torch tensors of floats; an edge may lie on the opposite one, never beyond it.
What is in images is a list with one dictionary an image: "boxes" (M, 4) and "labels" (M,) for what is there,
and "scores" (M,) besides for what a detector found.
"""

from course_pkg.detection.average_precision import average_precision
from course_pkg.detection.boxes import box_area, box_iou, cxcywh_to_xyxy, xyxy_to_cxcywh
from course_pkg.detection.evaluate import PrecisionRecall, mean_average_precision, precision_recall_curves
from course_pkg.detection.loss import LossTerms, yolo_loss, yolo_loss_terms
from course_pkg.detection.nms import batched_nms, nms
from course_pkg.detection.targets import decode_predictions, encode_targets

__all__ = [
    "LossTerms",
    "PrecisionRecall",
    "average_precision",
    "batched_nms",
    "box_area",
    "box_iou",
    "cxcywh_to_xyxy",
    "decode_predictions",
    "encode_targets",
    "mean_average_precision",
    "nms",
    "precision_recall_curves",
    "xyxy_to_cxcywh",
    "yolo_loss",
    "yolo_loss_terms",
]
