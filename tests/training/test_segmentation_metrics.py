import doctest

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_confusion_matrix, multiclass_jaccard_index

from course_pkg.training import segmentation_metrics as segmentation
from course_pkg.training.segmentation_metrics import class_iou, confusion_matrix, mean_iou, pixel_accuracy


@st.composite
def maps(draw):
    """Predicted and true classes, some pixels to be ignored; often with classes that are in neither."""
    classes = draw(st.integers(1, 6))
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seen = rng.choice(classes, size=rng.integers(1, classes + 1), replace=False)
    predicted, truth = rng.choice(seen, size), rng.choice(seen, size)
    truth[rng.random(size) < draw(st.sampled_from([0, 0.2]))] = 255
    truth[0, 0, 0] = seen[0]  # not all ignored
    return predicted, truth, classes


@pytest.mark.filterwarnings("ignore:A single label was found")  # by jaccard_score, which was told the labels
@given(maps())
def test_as_scikit_learn(case):
    predicted, truth, classes = case
    confusion = confusion_matrix(torch.from_numpy(predicted), torch.from_numpy(truth), classes)
    p, t = predicted[truth != 255], truth[truth != 255]
    assert confusion.dtype == torch.int64
    np.testing.assert_array_equal(
        confusion, sklearn.metrics.confusion_matrix(t, p, labels=np.arange(classes))
    )
    present = np.unique([*t, *p])
    assert mean_iou(confusion) == pytest.approx(
        sklearn.metrics.jaccard_score(t, p, labels=present, average="macro"), abs=1e-12
    )
    assert pixel_accuracy(confusion) == pytest.approx(sklearn.metrics.accuracy_score(t, p), abs=1e-12)


@given(maps())
def test_iou_of_each_class_is_that_of_two_sets_of_pixels(case):
    predicted, truth, classes = case
    ious = class_iou(confusion_matrix(torch.from_numpy(predicted), torch.from_numpy(truth), classes)).tolist()
    counted = truth != 255
    for k, iou in enumerate(ious):
        a, b = (predicted == k) & counted, (truth == k) & counted
        if not (a | b).any():
            assert np.isnan(iou)
        else:
            assert iou == (a & b).sum() / (a | b).sum()


@given(maps())
def test_as_torchmetrics(case):
    predicted, truth, classes = case
    if classes == 1:  # torchmetrics wants two
        return
    predicted, truth = torch.from_numpy(predicted), torch.from_numpy(truth)
    confusion = confusion_matrix(predicted, truth, classes)
    theirs = multiclass_confusion_matrix(predicted, truth, classes, ignore_index=255)
    torch.testing.assert_close(confusion, theirs)
    jaccard = multiclass_jaccard_index(predicted, truth, classes, average="macro", ignore_index=255)
    assert mean_iou(confusion) == pytest.approx(jaccard.item(), abs=1e-6)


def test_matrices_of_batches_add_up_to_that_of_the_set():
    rng = torch.Generator().manual_seed(0)
    predicted, truth = (torch.randint(0, 4, (6, 7, 8), generator=rng) for _ in range(2))
    whole = confusion_matrix(predicted, truth, 4)
    parts = [confusion_matrix(predicted[i : i + 2], truth[i : i + 2], 4) for i in (0, 2, 4)]
    assert torch.equal(sum(parts), whole)
    means = [mean_iou(part) for part in parts]
    assert abs(sum(means) / 3 - mean_iou(whole)) > 1e-4  # a mean over images is something else


def test_masks_in_bytes():
    predicted = torch.tensor([[20, 0], [3, 0]], dtype=torch.uint8)
    truth = torch.tensor([[20, 255], [0, 0]], dtype=torch.uint8)
    confusion = confusion_matrix(predicted, truth, classes=21)
    assert confusion.sum() == 3
    assert confusion[20, 20] == confusion[0, 3] == confusion[0, 0] == 1
    # 20: 1/1, 0: 1/2, 3: predicted, never there
    assert mean_iou(confusion) == pytest.approx((1 + 0.5 + 0) / 3)


def test_what_is_predicted_on_ignored_pixels_does_not_matter():
    truth = torch.tensor([0, 1, 255])
    for anything in (0, 1, 7, -1, 255):
        assert torch.equal(
            confusion_matrix(torch.tensor([0, 0, anything]), truth, 2).diagonal().sum(), torch.tensor(1)
        )


def test_another_label_may_be_ignored_or_none():
    predicted, truth = torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1])
    assert confusion_matrix(predicted, truth, 2, ignore_index=0).tolist() == [[0, 0], [0, 1]]
    assert confusion_matrix(predicted, truth, 2, ignore_index=None).tolist() == [[1, 1], [0, 1]]
    assert (
        confusion_matrix(torch.full((2,), 255), torch.full((2,), 255), 256, ignore_index=None)[255, 255] == 2
    )


ZEROS = torch.zeros(2, 3, dtype=torch.int64)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: confusion_matrix(ZEROS.numpy(), ZEROS, 2), TypeError, r"^predicted: got an array .* tensor"),
        (lambda: confusion_matrix(ZEROS / 2, ZEROS, 2), TypeError, r"^predicted: got dtype torch.float32"),
        (lambda: confusion_matrix(ZEROS, ZEROS > 0, 2), TypeError, r"^truth: got dtype torch.bool"),
        (lambda: confusion_matrix(ZEROS[0], ZEROS, 2), ValueError, r"^predicted: got shape \(3,\), expected"),
        (lambda: confusion_matrix(ZEROS + 2, ZEROS, 2), ValueError, r"^predicted: got 2 … 2, expected 0 … 1"),
        (lambda: confusion_matrix(ZEROS, ZEROS - 1, 2), ValueError, r"^truth: got -1 … -1, expected 0 … 1"),
        (lambda: confusion_matrix(ZEROS, ZEROS, 0), ValueError, r"^classes: got 0"),
        (lambda: confusion_matrix(ZEROS, ZEROS, 2, 0.5), TypeError, r"^ignore_index: got float 0.5"),
        (lambda: mean_iou(ZEROS), ValueError, r"^confusion: got shape \(2, 3\), expected \(C, C\)"),
        (lambda: pixel_accuracy(ZEROS[:, :2]), ValueError, r"^confusion: got no pixels"),
        (lambda: class_iou(torch.eye(2)), TypeError, r"^confusion: got dtype torch.float32"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_all_pixels_ignored_is_no_matrix_to_judge_by():
    confusion = confusion_matrix(ZEROS, ZEROS + 255, 2)
    assert confusion.tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="no pixels"):
        mean_iou(confusion)


def test_examples_in_docstrings():
    result = doctest.testmod(segmentation)
    assert result.attempted > 4
    assert result.failed == 0
