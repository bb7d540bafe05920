"""Augmented images show the same thing, and mixed ones have mixed classes."""

import pytest
import torch
from torch import nn

from course_pkg.training.augment import augment, both, crop_and_flip, jiggle, mixup


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_crop_and_flip_only_moves_and_mirrors():
    x = torch.arange(1.0, 50).view(1, 1, 7, 7).repeat(200, 1, 1, 1)
    moved, _ = crop_and_flip(7, padding=2)(x, None)
    padded = nn.functional.pad(x[0, 0], (2, 2, 2, 2))
    windows = [padded[i : i + 7, j : j + 7] for i in range(5) for j in range(5)]
    windows = torch.stack(windows + [window.flip(-1) for window in windows])
    which = (moved[:, 0, None] == windows).all(dim=(2, 3))
    assert (which.sum(dim=1) == 1).all(), "an image that is no window of the padded one"
    assert which.any(dim=0).sum() > 40, "windows that never come"


def test_jiggle_keeps_the_ink_and_changes_each_image_in_its_own_way():
    x = torch.zeros(50, 1, 28, 28)
    x[:, :, 8:20, 12:16] = 1
    moved, y = jiggle(degrees=10, shift=0.1, scale=0.1)(x, torch.arange(50))
    ink = moved.sum(dim=(1, 2, 3)) / 48
    assert (ink - 1).abs().max() < 0.25
    assert len(torch.unique(moved.flatten(1), dim=0)) == 50
    assert torch.equal(y, torch.arange(50))


def test_nothing_of_nothing():
    x = torch.rand(5, 1, 9, 9)
    still, _ = jiggle(degrees=0, shift=0, scale=0)(x, None)
    torch.testing.assert_close(still, x, rtol=0, atol=1e-4)


def test_mixup_mixes_images_and_classes_alike():
    x = torch.eye(6)
    mixed, y = mixup(0.8, classes=6)(x, torch.arange(6))
    torch.testing.assert_close(mixed, y)
    torch.testing.assert_close(y.sum(dim=1), torch.ones(6))
    assert (mixed > 0).sum() > 6, "nothing was mixed"


def test_order():
    double, plus = augment(nn.Threshold(-9, 0)), lambda x, y: (x + 1, y)
    x, y = both(lambda x, y: (2 * x, y), plus)(torch.ones(2), 7)
    assert x.tolist() == [3, 3]
    assert y == 7
    assert double(torch.ones(1), 0)[0].tolist() == [1]


def test_bad_input():
    with pytest.raises(TypeError, match=r"changes\[1\]: got str 'flip'"):
        augment(nn.Identity(), "flip")
    with pytest.raises(ValueError, match="alpha: got 0"):
        mixup(0, classes=3)
    with pytest.raises(ValueError, match="classes: got 0"):
        mixup(1, classes=0)
    with pytest.raises(ValueError, match="size: got 0"):
        crop_and_flip(0)
