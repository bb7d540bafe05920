"""What a YOLO network is to say about an image, and what it said: from boxes to a grid of numbers and back.

The image is cut into S × S cells. The cell in which an object's centre falls is to find it. For each cell
there are 5·B + C numbers: for each of its B boxes x, y, w, h and a confidence, then a number for each of C
classes. x and y say where the centre lies within the cell, 0 … 1 from its left and top; w and h are shares
of the width and height of the image; the confidence says whether there is an object, times how well the box
fits; the others say of which class it is, if there is one.

Source: Redmon et al. (2016), You only look once: unified, real-time object detection, section 2.
"""

from collections.abc import Sequence

import torch

from course_pkg._validate import number, positive_int
from course_pkg.detection._checks import Tensors, as_boxes, as_floats, as_image_size, as_images, as_labels
from course_pkg.detection.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from course_pkg.detection.nms import batched_nms


def encode_targets(
    targets: Sequence[Tensors],
    image_size: int | tuple[int, int],
    grid: int = 7,
    boxes: int = 2,
    classes: int = 20,
) -> torch.Tensor:
    """The numbers that a perfect YOLO network would give for these images.

    A cell can name one object only. If the centres of several fall into one cell, the first in the list is
    encoded and the others are lost, as in the authors' own program.

    Parameters
    ----------
    targets
        One dictionary an image, with "boxes": (x0, y0, x1, y1) in pixels, shape (M, 4), floats; and
        "labels": their classes, 0 … C − 1, shape (M,). An image may have no objects, M = 0. Other keys
        are not looked at.
    image_size
        Height and width of the images in pixels; one number for both.
    grid
        S, the number of cells along each side.
    boxes
        B, the number of boxes a cell predicts; each is given the same truth.
    classes
        C.

    Returns
    -------
    Tensor, (N, S, S, 5·B + C)
        Axes: image, row, column, number. Where there is an object each box of the cell has confidence 1, and
        its class has 1; elsewhere all is 0. In float64 if boxes are, else in float32.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there are no images, shapes do not match, a label is not one of the classes, or a box has no width
        or no height, or its centre lies outside the image. A box may be cut off by the edge of the image.

    References
    ----------
    Redmon et al. (2016), You only look once, section 2.

    Examples
    --------
    >>> dog = {"boxes": torch.tensor([[128.0, 192.0, 384.0, 448.0]]), "labels": torch.tensor([1])}
    >>> encoded = encode_targets([dog], image_size=512, grid=2, boxes=1, classes=3)
    >>> encoded.shape
    torch.Size([1, 2, 2, 8])
    >>> encoded[0, 1, 1]  # the centre, (256, 320), is on the left edge of the lower right cell
    tensor([0.0000, 0.2500, 0.5000, 0.5000, 1.0000, 0.0000, 1.0000, 0.0000])
    >>> encoded.count_nonzero().item()  # and nothing elsewhere
    5
    """
    grid, boxes = positive_int("grid", grid), positive_int("boxes", boxes)
    classes, (height, width) = positive_int("classes", classes), as_image_size(image_size)
    images = as_images("targets", targets, ["boxes", "labels"])
    encoded = []
    for i, image in enumerate(images):
        corners = _objects(f"targets[{i}]['boxes']", image["boxes"], height, width)
        labels = as_labels(f"targets[{i}]['labels']", image["labels"], len(corners), classes)
        there = torch.ones_like(labels, dtype=torch.bool)
        encoded.append(
            encode_objects(corners[None], labels[None], there[None], (height, width), grid, boxes, classes)
        )
    return torch.cat(encoded)


def encode_objects(
    corners: torch.Tensor,
    labels: torch.Tensor,
    there: torch.Tensor,
    image_size: tuple[int, int],
    grid: int,
    boxes: int,
    classes: int,
) -> torch.Tensor:
    """`encode_targets` of images with places for equally many objects, on a device that is not waited for.

    Nothing is checked: to see what is wrong the device would have to be waited for.

    Parameters
    ----------
    corners
        (x0, y0, x1, y1) of the objects, floats, (N, M, 4).
    labels
        Their classes, int64, (N, M).
    there
        Which of the places have an object, bool, (N, M).
    image_size
        Height and width of the images.
    grid, boxes, classes
        As in `encode_targets`.

    Returns
    -------
    Tensor, (N, S, S, 5·B + C)

    Examples
    --------
    >>> corners = torch.tensor([[[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 0.0, 0.0]]])
    >>> there = torch.tensor([[True, False]])
    >>> encode_objects(corners, torch.tensor([[1, 0]]), there, (8, 8), grid=1, boxes=1, classes=2)
    tensor([[[[0.2500, 0.2500, 0.5000, 0.5000, 1.0000, 0.0000, 1.0000]]]])
    """
    encoded = corners.new_zeros(len(corners), grid, grid, 5 * boxes + classes)
    # width and height are filled in there: a tensor made of them here would have to be waited for
    size = torch.stack([corners.new_full((), side) for side in image_size[::-1]])
    centre, extent = xyxy_to_cxcywh(corners).split(2, dim=2)  # (N, M, 2) each
    centre = centre * grid / size  # in cells
    cell = centre.floor().clamp(max=grid - 1)  # a centre on the last edge belongs to the last cell
    numbers = torch.cat([centre - cell, extent / size, torch.ones_like(centre[..., :1])], dim=2)
    one_hot = (labels[..., None] == torch.arange(classes, device=labels.device)).to(numbers.dtype)
    numbers = torch.cat([numbers.repeat(1, 1, boxes), one_hot], dim=2)  # (N, M, 5·B + C)
    images, (column, row) = torch.arange(len(corners), device=corners.device), cell.long().unbind(dim=2)
    for i in reversed(range(labels.shape[1])):  # the first of several in a cell comes last, and stays
        at = images, row[:, i], column[:, i]
        encoded[at] = torch.where(there[:, i, None], numbers[:, i], encoded[at])
    return encoded


@torch.no_grad()
def decode_predictions(
    predictions: torch.Tensor,
    image_size: int | tuple[int, int],
    boxes: int = 2,
    score_threshold: float = 0.0,
    iou_threshold: float | None = None,
) -> list[dict[str, torch.Tensor]]:
    """The boxes that a YOLO network's output stands for.

    The score of a box for a class is its confidence times the cell's number for the class, equation 1 of the
    paper; each box may be reported for several classes. A network may give numbers that make no sense: here
    a negative width, height, confidence or class counts as 0. Boxes end at the edges of the image.

    Parameters
    ----------
    predictions
        Output of the network, shape (N, S, S, 5·B + C), floats; see `encode_targets`.
    image_size
        Height and width of the images in pixels; one number for both.
    boxes
        B, the number of boxes a cell predicts.
    score_threshold
        Only boxes with a score above this are reported.
    iou_threshold
        If given, of the boxes for one class those are struck out whose IoU with a better one is more than
        this, by `batched_nms`.

    Returns
    -------
    list of dict
        One an image, as `mean_average_precision` takes it: "boxes", (D, 4), in pixels, "scores", (D,), and
        "labels", (D,), int64, best first. They carry no gradient.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `predictions` has another shape or is not finite, or a threshold makes no sense.

    References
    ----------
    Redmon et al. (2016), You only look once, sections 2 and 2.3.

    Examples
    --------
    >>> dog = {"boxes": torch.tensor([[128.0, 192.0, 384.0, 448.0]]), "labels": torch.tensor([1])}
    >>> encoded = encode_targets([dog], image_size=512, grid=2, boxes=2, classes=3)
    >>> decode_predictions(encoded, image_size=512)[0]["boxes"]  # each of the cell's two boxes says the same
    tensor([[128., 192., 384., 448.],
            [128., 192., 384., 448.]])
    >>> decode_predictions(encoded, image_size=512, iou_threshold=0.5)
    [{'boxes': tensor([[128., 192., 384., 448.]]), 'scores': tensor([1.]), 'labels': tensor([1])}]
    """
    (height, width), score_threshold = as_image_size(image_size), number("score_threshold", score_threshold)
    cells, class_scores = split_cells("predictions", predictions, boxes)  # (N, S, S, B, 5), (N, S, S, C)
    if not (cells.isfinite().all() and class_scores.isfinite().all()):
        raise ValueError("predictions: got values that are not finite, expected numbers")

    corners = cell_boxes(cells, across_image=True)  # (N, S, S, B, 4), in shares of the image
    corners = corners.clamp(0, 1) * corners.new_tensor([width, height, width, height])
    scores = cells[..., 4:].clamp(min=0) * class_scores.clamp(min=0).unsqueeze(-2)  # (N, S, S, B, C)

    decoded = []
    for each_corners, each_scores in zip(corners, scores, strict=True):
        where = (each_scores > score_threshold).nonzero()  # (D, 4): row, column, box, class
        at, labels = where[:, :3].unbind(dim=1), where[:, 3]
        found = {"boxes": each_corners[at], "scores": each_scores[*at, labels], "labels": labels}
        if iou_threshold is None:
            order = found["scores"].argsort(descending=True, stable=True)
        else:
            order = batched_nms(found["boxes"], found["scores"], labels, iou_threshold)
        decoded.append({key: values[order] for key, values in found.items()})
    return decoded


def split_cells(name: str, values: torch.Tensor, boxes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The boxes (N, S, S, B, 5) and the classes (N, S, S, C) of a grid (N, S, S, 5·B + C).

    Raises
    ------
    TypeError
        If `values` is not a tensor of floats.
    ValueError
        If its shape is another, or leaves no place for a class.

    Examples
    --------
    >>> cells, classes = split_cells("predictions", torch.zeros(3, 7, 7, 30), boxes=2)
    >>> cells.shape, classes.shape
    (torch.Size([3, 7, 7, 2, 5]), torch.Size([3, 7, 7, 20]))
    """
    boxes, values = positive_int("boxes", boxes), as_floats(name, values, "(N, S, S, 5·boxes + C)")
    square = values.ndim == 4 and values.shape[1] == values.shape[2] > 0
    if not square or values.shape[3] <= 5 * boxes:
        wanted = f"(N, S, S, 5·{boxes} + C) with at least one class"
        raise ValueError(f"{name}: got shape {tuple(values.shape)}, expected {wanted}")
    return values[..., : 5 * boxes].unflatten(-1, (boxes, 5)), values[..., 5 * boxes :]


def cell_boxes(cells: torch.Tensor, across_image: bool) -> torch.Tensor:
    """Corners (…, S, S, B, 4), in shares of the image, of boxes (…, S, S, B, 5) as a cell writes them.

    Counted from the corner of the image, or else each from the corner of its own cell.

    Examples
    --------
    >>> cells = torch.zeros(2, 2, 1, 5)
    >>> cells[1, 0, 0] = torch.tensor([0.5, 0.0, 0.5, 0.25, 1.0])
    >>> cell_boxes(cells, across_image=True)[1, 0, 0]
    tensor([0.0000, 0.3750, 0.5000, 0.6250])
    """
    grid = cells.shape[-3]
    centre, size = cells[..., :2], cells[..., 2:4].clamp(min=0)
    if across_image:
        steps = torch.arange(grid, dtype=cells.dtype, device=cells.device)
        row, column = torch.meshgrid(steps, steps, indexing="ij")  # (S, S)
        centre = centre + torch.stack([column, row], dim=-1).unsqueeze(-2)  # (S, S, 1, 2)
    return cxcywh_to_xyxy(torch.cat([centre / grid, size], dim=-1))


def _objects(name: str, boxes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    boxes = as_boxes(name, boxes)
    centre, extent = xyxy_to_cxcywh(boxes).split(2, dim=1)
    for wrong, wanted in (
        (extent <= 0, "a box with width and height"),
        (
            (centre < 0) | (centre > boxes.new_tensor([width, height])),
            f"a centre in {width} × {height} pixels",
        ),
    ):
        if wrong.any():
            first = int(wrong.any(dim=1).int().argmax())
            raise ValueError(f"{name}[{first}]: got {boxes[first].tolist()}, expected {wanted}")
    return boxes
