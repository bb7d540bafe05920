import numpy as np
import pytest
import scipy.ndimage

from course_pkg.data.digits import mnist_digits
from course_pkg.data.rotated import rotate, rotated_digits


@pytest.fixture(scope="module")
def digits():
    return mnist_digits()


@pytest.fixture(scope="module")
def quarter():
    return rotated_digits("quarter", seed=1)


def test_quarter_turns_are_exact(digits, quarter):
    found = []
    for x, turned in ((digits.x_train, quarter.x_train), (digits.x_test, quarter.x_test)):
        equal = [(np.rot90(x, k, axes=(2, 3)) == turned).all(axis=(1, 2, 3)) for k in range(4)]
        assert np.any(equal, axis=0).all(), "an image is none of its four turns"
        found.append(np.sum(equal, axis=1) / len(x))
    assert np.abs(np.array(found) - 0.25).max() < 0.05
    np.testing.assert_array_equal(quarter.y_train, digits.y_train)


@pytest.mark.parametrize("degrees", [90, 180, 270, -90, 360])
def test_direction_is_numpy_s(degrees):
    x = np.random.default_rng(0).random((2, 3, 7, 7), np.float32)
    turned = rotate(x, np.full(2, float(degrees)))
    np.testing.assert_array_equal(turned, np.rot90(x, degrees // 90, axes=(2, 3)))


def test_any_angle_is_bilinear_as_scipy_s():
    y, x = np.mgrid[:28, :28]
    blob = np.exp(-((x - 10) ** 2 + (y - 16) ** 2) / 8).astype(np.float32)
    for degrees in (17.0, 133.3, 301.0):
        ours = rotate(blob[None, None], np.array([degrees]))[0, 0]
        theirs = scipy.ndimage.rotate(blob, degrees, reshape=False, order=1)
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_every_angle_comes_and_ink_stays(digits):
    turned = rotated_digits(seed=3)
    ink = digits.x_test.sum(axis=(1, 2, 3)), turned.x_test.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(ink[1], ink[0], rtol=0.12)
    assert turned.x_train.dtype == np.float32
    assert 0 <= turned.x_test.min() < turned.x_test.max() <= 1


def test_same_seed_same_digits(quarter):
    again, other = rotated_digits("quarter", seed=1), rotated_digits("quarter", seed=2)
    np.testing.assert_array_equal(again.x_train, quarter.x_train)
    assert (other.x_train != quarter.x_train).any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rotated_digits("half"), ValueError, "turns: got 'half', expected one of 'any', 'quarter'"),
        (lambda: rotated_digits(seed=-1), ValueError, "seed: got -1"),
        (
            lambda: rotate(np.zeros((1, 1, 3, 4)), np.zeros(1)),
            ValueError,
            r"images: got shape \(1, 1, 3, 4\)",
        ),
        (lambda: rotate(np.zeros((2, 1, 3, 3)), np.zeros(1)), ValueError, "degrees: got 1, expected 2"),
        (lambda: rotate(np.zeros((1, 1, 3, 3), int), np.zeros(1)), TypeError, "images: got an array"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
