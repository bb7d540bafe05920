from fractions import Fraction

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from course_pkg.detection import box_iou, decode_predictions, encode_targets, mean_average_precision


def image(boxes, labels):
    return {"boxes": torch.tensor(boxes, dtype=torch.float64).view(-1, 4), "labels": torch.tensor(labels)}


EMPTY = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}


@st.composite
def scenes(draw):
    """Target, height, width, grid, boxes, classes; whole boxes inside an image that need not be square."""
    height, width = draw(st.integers(8, 70)), draw(st.integers(8, 70))
    grid, boxes, classes = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rows, labels = [], []
    for _ in range(draw(st.integers(0, 6))):
        x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        rows.append((x0, y0, draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height))))
        labels.append(draw(st.integers(0, classes - 1)))
    target = {
        "boxes": torch.tensor(rows, dtype=torch.float64).view(-1, 4),
        "labels": torch.tensor(labels, dtype=torch.int64),
    }
    return target, height, width, grid, boxes, classes


def encoded_by_hand(target, height, width, grid):
    """(row, column) -> (x, y, w, h, label) in exact fractions, the first object of each cell."""
    cells = {}
    for box, label in zip(target["boxes"].long().tolist(), target["labels"].tolist(), strict=True):
        x0, y0, x1, y1 = map(Fraction, box)
        across, down = (x0 + x1) / 2 / width * grid, (y0 + y1) / 2 / height * grid  # centre, in cells
        column, row = int(across), int(down)
        cells.setdefault(
            (row, column), (across - column, down - row, (x1 - x0) / width, (y1 - y0) / height, label)
        )
    return cells


@given(scenes())
def test_encoding_by_hand(scene):
    target, height, width, grid, boxes, classes = scene
    encoded = encode_targets([target], (height, width), grid, boxes, classes)
    assert encoded.shape == (1, grid, grid, 5 * boxes + classes)
    assert encoded.dtype == torch.float64
    cells = encoded_by_hand(target, height, width, grid)
    wanted = torch.zeros_like(encoded)
    for (row, column), (*box, label) in cells.items():
        wanted[0, row, column, : 5 * boxes] = torch.tensor(
            [*map(float, box), 1.0] * boxes, dtype=torch.float64
        )
        wanted[0, row, column, 5 * boxes + label] = 1
    torch.testing.assert_close(encoded, wanted, rtol=1e-12, atol=1e-12)


@given(scenes())
def test_decoding_gives_back_what_was_encoded(scene):
    target, height, width, grid, boxes, classes = scene
    encoded = encode_targets([target], (height, width), grid, boxes, classes)
    (decoded,) = decode_predictions(encoded, (height, width), boxes)
    cells = encoded_by_hand(target, height, width, grid)
    assert len(decoded["boxes"]) == boxes * len(cells)
    assert (decoded["scores"] == 1).all()
    first = {}
    for box, label in zip(target["boxes"], target["labels"], strict=True):
        first.setdefault(tuple(cell_of(box, height, width, grid)), (box, label))
    for box, label in first.values():
        same = (decoded["boxes"] - box).abs().amax(dim=1) < 1e-10
        assert ((decoded["labels"] == label) & same).sum() >= boxes


def cell_of(box, height, width, grid):
    x0, y0, x1, y1 = map(int, box)
    return int(Fraction(y0 + y1, 2 * height) * grid), int(Fraction(x0 + x1, 2 * width) * grid)


@given(scenes())
def test_a_perfect_network_finds_all_that_a_grid_can_hold(scene):
    target, height, width, grid, boxes, classes = scene
    cells = [cell_of(box, height, width, grid) for box in target["boxes"]]
    assume(len(cells) > 0)
    assume(len(set(cells)) == len(cells))
    assume((box_iou(target["boxes"], target["boxes"]) - torch.eye(len(cells)) < 0.9).all())
    encoded = encode_targets([target], (height, width), grid, boxes, classes)
    found = decode_predictions(encoded, (height, width), boxes, iou_threshold=0.95)
    assert len(found[0]["boxes"]) == len(cells)
    assert mean_average_precision(found, [target], method="voc10") == pytest.approx(1)


def test_the_example_of_the_paper_s_figure():
    # 448 × 448, 7 × 7 cells of 64: the centre (160, 288) is the middle of column 2, row 4
    encoded = encode_targets([image([[96, 176, 224, 400]], [11])], 448)
    assert encoded.shape == (1, 7, 7, 30)
    assert encoded[0, 4, 2].nonzero()[:, 0].tolist() == [*range(10), 10 + 11]
    assert encoded[0, 4, 2, :5].tolist() == encoded[0, 4, 2, 5:10].tolist() == [0.5, 0.5, 128 / 448, 0.5, 1]
    assert encoded.count_nonzero() == 11


def test_the_first_of_two_objects_in_a_cell_is_encoded():
    both = [[10.0, 10.0, 30.0, 30.0], [12.0, 12.0, 30.0, 30.0]]
    for order, label in (([0, 1], 5), ([1, 0], 6)):
        target = image([both[i] for i in order], [[5, 6][i] for i in order])
        encoded = encode_targets([target], 448)
        assert torch.equal(encoded, encode_targets([image([both[order[0]]], [label])], 448))
        assert encoded[..., 10:].sum() == 1


@pytest.mark.parametrize(
    ("box", "row", "column", "x", "y"),
    [
        ([384, 0, 512, 64], 0, 6, 1, 0.5),  # centre on the right edge; cut off
        ([0, 432, 64, 464], 6, 0, 0.5, 1),  # on the lower edge
        ([440, 440, 456, 456], 6, 6, 1, 1),  # in the corner
        ([-8, -8, 8, 8], 0, 0, 0, 0),  # in the first corner
        ([120, 0, 136, 64], 0, 2, 0, 0.5),  # on the line between columns 1 and 2: the right one
        ([0, 120, 64, 136], 2, 0, 0.5, 0),  # between rows 1 and 2: the lower one
    ],
)
def test_centres_on_lines(box, row, column, x, y):
    encoded = encode_targets([image([box], [0])], 448)
    assert encoded[..., 4].nonzero().tolist() == [[0, row, column]]
    assert encoded[0, row, column, :2].tolist() == [x, y]
    (found,) = decode_predictions(encoded, 448, iou_threshold=0.5)
    inside = torch.tensor(box, dtype=torch.float64).clamp(0, 448)
    torch.testing.assert_close(found["boxes"], inside[None], rtol=0, atol=1e-10)


@pytest.mark.parametrize("grid", range(1, 40))
def test_centres_on_every_line_belong_to_the_next_cell(grid):
    # line k lies at 3·k of 3·grid pixels; in float32 a careless product falls just short of some lines
    boxes = [[3 * k - 1, 0, 3 * k + 1, 2] for k in range(1, grid)]
    target = {
        "boxes": torch.tensor(boxes, dtype=torch.float32).view(-1, 4),
        "labels": torch.zeros(grid - 1, dtype=int),
    }
    encoded = encode_targets([target], 3 * grid, grid, 1, 1)
    assert encoded.dtype == torch.float32
    assert encoded[0, 0, :, 4].tolist() == [0] + [1] * (grid - 1)
    assert (encoded[0, 0, 1:, 0] == 0).all()


def test_images_without_objects():
    encoded = encode_targets([EMPTY, EMPTY], (30, 40), grid=3, boxes=1, classes=2)
    assert encoded.shape == (2, 3, 3, 7)
    assert not encoded.any()
    for found in decode_predictions(encoded, (30, 40), boxes=1, iou_threshold=0.5):
        assert [found[key].shape for key in ("boxes", "scores", "labels")] == [(0, 4), (0,), (0,)]
        assert found["labels"].dtype == torch.int64


def decoded_by_hand(predictions, height, width, boxes, threshold):
    """Every box and class of every cell in turn: (score, label, x0, y0, x1, y1)."""
    grid, found = len(predictions), []
    for row in range(grid):
        for column in range(grid):
            numbers = predictions[row][column].tolist()
            for b in range(boxes):
                x, y, w, h, confidence = numbers[5 * b : 5 * b + 5]
                w, h = max(w, 0), max(h, 0)
                x, y = (column + x) / grid, (row + y) / grid
                box = [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]
                box = [min(max(v, 0), limit) for v, limit in zip(box, [width, height] * 2, strict=True)]
                for label, probability in enumerate(numbers[5 * boxes :]):
                    score = max(confidence, 0) * max(probability, 0)
                    if score > threshold:
                        found.append((score, label, *box))
    return sorted(found, key=lambda each: -each[0])


@pytest.mark.parametrize("threshold", [0.0, 0.25])
def test_decoding_by_hand(threshold):
    rng = torch.Generator().manual_seed(1)
    predictions = torch.randn(3, 4, 4, 2 * 5 + 3, generator=rng, dtype=torch.float64) * 0.7
    decoded = decode_predictions(predictions, (50, 90), score_threshold=threshold)
    for each, found in zip(predictions, decoded, strict=True):
        wanted = torch.tensor(decoded_by_hand(each, 50, 90, 2, threshold), dtype=torch.float64)
        assert 0 < len(wanted) < 4 * 4 * 2 * 3
        torch.testing.assert_close(found["scores"], wanted[:, 0])
        assert torch.equal(found["labels"].double(), wanted[:, 1])
        torch.testing.assert_close(found["boxes"], wanted[:, 2:], rtol=1e-12, atol=1e-10)


def test_a_score_must_be_above_the_threshold_and_two_negatives_make_none():
    cell = torch.tensor([0.5, 0.5, 0.2, 0.2, -1.0, 0.5, 0.5, 0.4, 0.4, 0.5, -1.0, 0.5, 1.0]).view(1, 1, 1, 13)
    (found,) = decode_predictions(cell, 10, score_threshold=0.25)
    assert (found["scores"].tolist(), found["labels"].tolist()) == ([0.5], [2])
    (found,) = decode_predictions(cell, 10)
    assert (found["scores"].tolist(), found["labels"].tolist()) == ([0.5, 0.25], [2, 1])
    (found,) = decode_predictions(cell, 10, score_threshold=-1)  # all, the others with a score of 0
    assert found["scores"].tolist() == [0.5, 0.25, 0, 0, 0, 0]


def test_overlapping_boxes_are_struck_out_class_by_class():
    rng = torch.Generator().manual_seed(2)
    predictions = torch.rand(2, 3, 3, 13, generator=rng)
    everything = decode_predictions(predictions, 100)
    for found, kept in zip(everything, decode_predictions(predictions, 100, iou_threshold=0.3), strict=True):
        assert 0 < len(kept["scores"]) < len(found["scores"])
        assert (kept["scores"].diff() <= 0).all()
        same_class = kept["labels"][:, None] == kept["labels"]
        overlap = box_iou(kept["boxes"], kept["boxes"]) * same_class
        assert (overlap.fill_diagonal_(0) <= 0.3).all()
        assert (box_iou(kept["boxes"], kept["boxes"]).fill_diagonal_(0) > 0.3).any()  # of two classes


def test_detections_carry_no_gradient_and_half_precision_is_taken():
    predictions = torch.rand(1, 2, 2, 6, requires_grad=True)
    (found,) = decode_predictions(predictions, 10, boxes=1)
    assert not any(values.requires_grad for values in found.values())
    (half,) = decode_predictions(predictions.bfloat16(), 10, boxes=1)
    assert half["boxes"].dtype == torch.float32


def test_images_may_differ_in_precision():
    single = {"boxes": torch.tensor([[0.0, 0.0, 2.0, 2.0]], dtype=torch.float16), "labels": torch.tensor([0])}
    assert encode_targets([single], 8, 2, 1, 1).dtype == torch.float32
    assert encode_targets([single, image([[0, 0, 2, 2]], [0])], 8, 2, 1, 1).dtype == torch.float64
