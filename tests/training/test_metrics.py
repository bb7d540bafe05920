import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.training.metrics import error_rate, top_k_error


def test_more_examples_than_are_scored_at_once():
    scores = np.random.default_rng(0).standard_normal((1203, 7)).astype(np.float32)
    truth = np.random.default_rng(1).integers(0, 7, 1203)
    assert error_rate(nn.Identity(), scores, truth) == np.mean(scores.argmax(1) != truth)


def test_scores_without_dropout_and_leaves_the_mode_as_it_was():
    model = nn.Dropout(0.9999)
    scores = torch.eye(5)
    assert error_rate(model, scores, torch.arange(5)) == 0
    assert model.training
    model.eval()
    error_rate(model, scores, torch.arange(5))
    assert not model.training


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_top_k_is_scikit_learn_s(k):
    from sklearn.metrics import top_k_accuracy_score

    scores = np.random.default_rng(0).standard_normal((203, 7))
    truth = np.random.default_rng(1).integers(0, 7, 203)
    theirs = 1 - top_k_accuracy_score(truth, scores, k=k, labels=range(7)) if k < 7 else 0
    assert top_k_error(scores, truth, k) == pytest.approx(theirs)
    if k == 1:
        assert top_k_error(scores, truth, 1) == error_rate(nn.Identity(), scores, truth)


def test_of_equal_scores_the_first_k_count():
    assert [top_k_error(torch.zeros(4, 4), torch.arange(4), k) for k in (1, 2, 3, 4)] == [0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize(
    ("scores", "y", "k", "error", "message"),
    [
        (torch.zeros(3, 4), torch.zeros(3, dtype=int), 5, ValueError, "k: got 5, expected at most the 4"),
        (torch.zeros(3, 4), torch.zeros(3, dtype=int), 0, ValueError, "k: got 0"),
        (torch.zeros(3, 4), torch.zeros(3), 1, TypeError, "y: got dtype torch.float32"),
        (torch.zeros(3, 4), torch.full((3,), 4), 1, ValueError, "y: got classes 4 … 4, expected 0 … 3"),
        (torch.zeros(3), torch.zeros(3, dtype=int), 1, ValueError, r"scores: got shape \(3,\)"),
    ],
)
def test_bad_top_k(scores, y, k, error, message):
    with pytest.raises(error, match=message):
        top_k_error(scores, y, k)


def test_bad_input():
    with pytest.raises(ValueError, match=r"y: got shape \(3,\), expected \(4,\)"):
        error_rate(nn.Identity(), torch.zeros(4, 2), torch.zeros(3, dtype=int))
    with pytest.raises(ValueError, match=r"x: got shape \(0, 2\)"):
        error_rate(nn.Identity(), torch.zeros(0, 2), torch.zeros(0, dtype=int))
    with pytest.raises(ValueError, match=r"y: got classes 0 … 2, expected 0 … 1"):
        error_rate(nn.Identity(), torch.zeros(3, 2), torch.arange(3))
    with pytest.raises(TypeError, match=r"x: got list"):
        error_rate(nn.Identity(), [[1.0, 2.0]], torch.zeros(1, dtype=int))
