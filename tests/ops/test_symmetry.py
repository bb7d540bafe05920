"""What `course_pkg.ops.symmetry` measures, on layers whose errors are known."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg import ops
from course_pkg.ops import symmetry
from course_pkg.ops.symmetry import equivariance_error, invariance_error

X = np.random.default_rng(0).normal(size=(2, 3, 8, 12))
W = np.random.default_rng(1).normal(size=(4, 3, 3, 3))


def right(by):
    return lambda x: np.roll(x, by, axis=-1)


def conv(x, stride=1):
    ring = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
    return ops.conv2d(ring, W, stride=stride)


def test_examples_run():
    assert doctest.testmod(symmetry).failed == 0


@given(st.integers(-20, 20))
def test_circular_convolution_moves_with_its_input(by):
    assert equivariance_error(conv, right(by), X) < 1e-12
    assert equivariance_error(lambda x: conv(x, 2), right(2 * by), X, right(by)) < 1e-12


def test_the_error_is_the_relative_norm_of_the_difference():
    got, wanted = conv(np.flip(X, -1)), np.flip(conv(X), -1)
    expected = np.sqrt(((got - wanted) ** 2).sum() / (conv(X) ** 2).sum())
    assert expected > 0.5
    flip = lambda x: np.flip(x, -1)  # noqa: E731
    assert equivariance_error(conv, flip, X) == pytest.approx(expected, rel=1e-12)


def test_the_norm_is_of_the_output_before_the_transformation():
    double = lambda x: 2 * x  # noqa: E731
    assert equivariance_error(np.abs, double, X, lambda y: 5 * y) == pytest.approx(3, rel=1e-12)
    assert invariance_error(np.abs, double, X) == pytest.approx(1, rel=1e-12)


def test_the_transformation_of_the_output_is_that_of_the_input_unless_given():
    assert equivariance_error(np.abs, right(3), X) == 0
    assert equivariance_error(np.abs, right(3), X, right(2)) > 0.5


def test_global_pooling_is_invariant_and_a_map_is_not():
    assert invariance_error(lambda x: conv(x).mean(axis=(2, 3)), right(5), X) < 1e-12
    assert invariance_error(lambda x: conv(x).max(axis=(2, 3)), right(5), X) == 0
    assert invariance_error(conv, right(5), X) > 0.5


def test_small_dtypes_are_compared_in_double_precision():
    whole = np.array([200, 100], np.uint8)
    assert invariance_error(lambda x: x, np.flip, whole) == pytest.approx(np.sqrt(20000 / 50000))
    half = np.array([6e4, 0], np.float16)  # its square does not fit into half precision
    assert invariance_error(lambda x: x, np.flip, half) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("error", "says", "call"),
    [
        (TypeError, "layer: got int 3, expected a function", lambda: equivariance_error(3, right(1), X)),
        (TypeError, "transform: got None", lambda: equivariance_error(conv, None, X)),
        (TypeError, "transform_output: got int 2", lambda: equivariance_error(conv, right(1), X, 2)),
        (TypeError, "x: got list", lambda: equivariance_error(np.abs, right(1), [1.0])),
        (TypeError, r"layer\(x\): got list", lambda: equivariance_error(np.ndarray.tolist, right(1), X)),
        (TypeError, r"layer\(x\): got .* complex128", lambda: invariance_error(np.fft.fft, right(1), X)),
        (
            ValueError,
            r"transform_output: got shape \(2, 3, 12, 8\).*\(2, 3, 8, 12\).*equal",
            lambda: equivariance_error(np.abs, right(1), X, lambda y: y.swapaxes(-1, -2)),
        ),
        (ValueError, "layer: got zeros everywhere", lambda: invariance_error(lambda x: 0 * x, right(1), X)),
    ],
)
def test_bad_input_is_named(error, says, call):
    with pytest.raises(error, match=says):
        call()
