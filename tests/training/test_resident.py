"""Views of images against slices and PyTorch's own resizing; batches from the device against batches."""

import doctest

import pytest
import torch
from torch.nn import functional as F

from course_pkg.training import resident
from course_pkg.training.batches import batches
from course_pkg.training.resident import centre_view, random_views, resident_batches

X = torch.randint(256, (400, 3, 8, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
Y = torch.arange(400)


@pytest.mark.parametrize(("padding", "flip"), [(0, True), (2, True), (3, False)])
def test_views_of_the_same_size_are_slices(padding, flip):
    torch.manual_seed(1)
    seen, y = random_views(6, crop=6, padding=padding, flip=flip)(X, Y)
    wide = F.pad(X / 255, (padding,) * 4, mode="replicate")
    squares = wide.unfold(2, 6, 1).unfold(3, 6, 1)  # (N, 3, places, places, 6, 6)
    found = set()
    for image, mirrored in ((squares, False), (squares.flip(5), True)):
        hits = ((image - seen[:, :, None, None]).abs() < 1e-4).all(dim=5).all(dim=4).all(dim=1)
        found |= {(*place, mirrored) for place in hits.nonzero().tolist()}
    assert {n for n, *_ in found} == set(range(400)), "each view is a slice of its own image"
    assert {top for _, top, _, _ in found} == set(range(8 + 2 * padding - 5))
    assert {left for _, _, left, _ in found} == set(range(9 + 2 * padding - 5))
    assert {mirrored for *_, mirrored in found} == ({False, True} if flip else {False})
    assert torch.equal(y, Y)


def test_enlarged_as_pytorch_does():
    small = X[:5, :, :, :8]
    expected = F.interpolate(small / 255, size=(29, 29), mode="bilinear", align_corners=False)
    torch.testing.assert_close(centre_view(small, size=29, crop=8), expected, rtol=0, atol=1e-5)
    seen, _ = random_views(29, crop=8, flip=False)(small, Y[:5])
    torch.testing.assert_close(seen, expected, rtol=0, atol=1e-5)


def test_the_centre_is_a_slice():
    torch.testing.assert_close(centre_view(X, 4, 4), X[:, :, 2:6, 2:6] / 255, rtol=0, atol=1e-5)


def test_bytes_and_floats_are_the_same():
    torch.testing.assert_close(centre_view(X, 5, 6), centre_view(X / 255, 5, 6))


def test_a_hole_is_a_square_that_may_reach_over_the_edge():
    torch.manual_seed(0)
    seen, _ = random_views(20, crop=8, hole=0.3)(torch.ones(300, 1, 8, 8), Y[:300])
    black = seen[:, 0] == 0
    rows, columns = black.any(dim=2), black.any(dim=1)
    assert torch.equal(black, rows[:, :, None] & columns[:, None, :]), "rectangles"
    heights, widths = rows.sum(dim=1), columns.sum(dim=1)
    assert set(heights.tolist()) == set(widths.tolist()) == {3, 4, 5}  # less at an edge
    assert rows.any(dim=0).all(), "anywhere"


def test_resident_batches_are_batches():
    for ours, theirs in zip(
        resident_batches(X.numpy(), Y.numpy(), 64, seed=3).epoch(2, start=1),
        batches(X, Y, 64, seed=3).epoch(2, start=1),
        strict=True,
    ):
        assert all(torch.equal(a.cpu(), b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_views(0, 4), "size: got 0"),
        (lambda: random_views(4, 4, padding=-1), "padding: got -1"),
        (lambda: random_views(4, 12, padding=1)(X, Y), "crop: got 12, expected at most 10"),
        (lambda: centre_view(X, 4, 9), "crop: got 9, expected at most 8"),
        (lambda: random_views(4, 4, hole=1.5), "hole: got 1.5, expected a share"),
        (lambda: resident_batches(X, Y[:3], 4), "y: got shape"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_examples_in_docstrings():
    assert doctest.testmod(resident).failed == 0
