import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.training.metrics import error_rate


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


def test_bad_input():
    with pytest.raises(ValueError, match=r"y: got shape \(3,\), expected \(4,\)"):
        error_rate(nn.Identity(), torch.zeros(4, 2), torch.zeros(3, dtype=int))
    with pytest.raises(ValueError, match=r"x: got shape \(0, 2\)"):
        error_rate(nn.Identity(), torch.zeros(0, 2), torch.zeros(0, dtype=int))
    with pytest.raises(ValueError, match=r"y: got classes 0 … 2, expected 0 … 1"):
        error_rate(nn.Identity(), torch.zeros(3, 2), torch.arange(3))
    with pytest.raises(TypeError, match=r"x: got list"):
        error_rate(nn.Identity(), [[1.0, 2.0]], torch.zeros(1, dtype=int))
