"""convolve and correlate: the laws of convolution, and NumPy, SciPy and PyTorch as oracles."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course_pkg.ops import convolve, convolve_backward, correlate, correlate_backward

MODES = ["full", "same", "valid"]
BOUNDARIES = ["zero", "circular", "reflect"]
SEEDS = st.integers(0, 2**32 - 1)


def signals(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def shape(rank, longest):
    return st.tuples(*[st.integers(1, longest)] * rank)


def pair_of_shapes(longest=12):
    return st.integers(1, 2).flatmap(lambda r: st.tuples(*[shape(r, longest)] * 2))


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@given(pair_of_shapes(), SEEDS)
def test_commutative(shapes, seed):
    u, v = signals(*shapes, seed=seed)
    close(convolve(u, v), convolve(v, u))


@given(st.integers(1, 2).flatmap(lambda r: st.tuples(*[shape(r, 8)] * 3)), SEEDS)
def test_associative(shapes, seed):
    u, v, w = signals(*shapes, seed=seed)
    close(convolve(convolve(u, v), w), convolve(u, convolve(v, w)))


@given(pair_of_shapes(), SEEDS, st.sampled_from(MODES), st.sampled_from(BOUNDARIES), st.floats(-3, 3))
def test_linear_in_each_argument(shapes, seed, mode, boundary, a):
    x_shape, w_shape = shapes
    assume(mode != "valid" or all(k <= n for n, k in zip(x_shape, w_shape, strict=True)))
    x1, x2, w1, w2 = signals(x_shape, x_shape, w_shape, w_shape, seed=seed)
    for operator in (convolve, correlate):
        y = operator(x1, w1, mode, boundary)
        close(operator(a * x1 + x2, w1, mode, boundary), a * y + operator(x2, w1, mode, boundary))
        close(operator(x1, a * w1 + w2, mode, boundary), a * y + operator(x1, w2, mode, boundary))


@given(st.integers(1, 20), st.integers(1, 8), st.integers(0, 10), SEEDS)
def test_shift_equivariant(n, k, shift, seed):
    x, w = signals(n, k, seed=seed)
    moved = np.concatenate([np.zeros(shift), x])
    for operator in (convolve, correlate):
        close(operator(moved, w), np.concatenate([np.zeros(shift), operator(x, w)]))


@given(pair_of_shapes(), st.integers(-15, 15), SEEDS)
def test_circular_same_is_equivariant_to_a_roll(shapes, shift, seed):
    x, w = signals(*shapes, seed=seed)
    rolled = convolve(np.roll(x, shift, -1), w, "same", "circular")
    close(rolled, np.roll(convolve(x, w, "same", "circular"), shift, -1))


@given(pair_of_shapes(), SEEDS, st.sampled_from(MODES))
def test_scipy_convolve_and_correlate(shapes, seed, mode):
    x, w = signals(*shapes, seed=seed)
    assume(mode != "valid" or all(k <= n for n, k in zip(x.shape, w.shape, strict=True)))
    close(convolve(x, w, mode), scipy.signal.convolve(x, w, mode, method="direct"))
    close(correlate(x, w, mode), scipy.signal.correlate(x, w, mode, method="direct"))


@given(st.integers(1, 20), st.integers(1, 20), SEEDS)
def test_numpy_convolve_and_correlate(n, k, seed):
    x, w = signals(n, k, seed=seed)
    close(convolve(x, w), np.convolve(x, w))
    close(correlate(x, w), np.correlate(x, w, "full"))
    if k <= n:
        close(convolve(x, w, "valid"), np.convolve(x, w, "valid"))
        close(convolve(x, w, "same"), np.convolve(x, w, "same"))
        close(correlate(x, w, "valid"), np.correlate(x, w, "valid"))


NDIMAGE = {"zero": "constant", "circular": "wrap", "reflect": "mirror"}


@given(pair_of_shapes(), SEEDS, st.sampled_from(BOUNDARIES))
def test_scipy_ndimage_boundaries(shapes, seed, boundary):
    x, w = signals(*shapes, seed=seed)
    # SciPy centres even kernels elsewhere, and its own extension is not always right far outside the signal
    assume(all(k % 2 == 1 and k // 2 < n for n, k in zip(x.shape, w.shape, strict=True)))
    close(convolve(x, w, "same", boundary), scipy.ndimage.convolve(x, w, mode=NDIMAGE[boundary]))
    close(correlate(x, w, "same", boundary), scipy.ndimage.correlate(x, w, mode=NDIMAGE[boundary]))


@given(
    st.tuples(*[shape(2, 9)] * 2),
    SEEDS,
    st.sampled_from(MODES),
    st.sampled_from(["zero", "circular"]),
)
def test_scipy_convolve2d_boundaries(shapes, seed, mode, boundary):
    x, w = signals(*shapes, seed=seed)
    assume(all(k <= n for n, k in zip(x.shape, w.shape, strict=True)))
    theirs = scipy.signal.convolve2d(x, w, mode, {"zero": "fill", "circular": "wrap"}[boundary])
    close(convolve(x, w, mode, boundary), theirs)


@given(pair_of_shapes(), SEEDS, st.sampled_from(MODES), st.sampled_from(["circular", "reflect"]))
def test_a_boundary_is_a_longer_signal(shapes, seed, mode, boundary):
    # any kernel size: the signal is continued as often as the kernel is long
    x, w = signals(*shapes, seed=seed)
    assume(mode != "valid" or all(k <= n for n, k in zip(x.shape, w.shape, strict=True)))
    longer = np.pad(x, [(k, k) for k in w.shape], {"circular": "wrap", "reflect": "reflect"}[boundary])
    kept = convolve(np.ones_like(x), np.ones_like(w), mode).shape
    start = {
        "full": w.shape,
        "same": [k + (k - 1) // 2 for k in w.shape],
        "valid": [2 * k - 1 for k in w.shape],
    }[mode]
    inside = tuple(slice(s, s + n) for s, n in zip(start, kept, strict=True))
    close(convolve(x, w, mode, boundary), convolve(longer, w)[inside])


def test_circular_same_is_the_product_of_spectra():
    x, w = signals(16, 5)
    spectrum = np.fft.fft(x) * np.fft.fft(w, 16)
    close(np.roll(convolve(x, w, "same", "circular"), 2), np.fft.ifft(spectrum).real)


@pytest.mark.parametrize(("mode", "first"), [("full", -3), ("same", -2), ("valid", 0)])
def test_where_correlate_begins(mode, first):
    # as the docstring says, for K = 4
    x, w = signals(9, 4)
    y = correlate(x, w, mode)
    for i, value in enumerate(y):
        n = first + i
        close(value, sum(x[n + k] * w[k] for k in range(4) if 0 <= n + k < 9))


@given(pair_of_shapes(longest=7), SEEDS, st.sampled_from(MODES), st.sampled_from(BOUNDARIES))
def test_backward_is_the_adjoint(shapes, seed, mode, boundary):
    x, w = signals(*shapes, seed=seed)
    assume(mode != "valid" or all(k <= n for n, k in zip(x.shape, w.shape, strict=True)))
    for operator, backward in ((convolve, convolve_backward), (correlate, correlate_backward)):
        y = operator(x, w, mode, boundary)
        (g,) = signals(y.shape, seed=seed + 1)
        grad_x, grad_w = backward(g, x, w, mode, boundary)
        assert grad_x.shape == x.shape
        assert grad_w.shape == w.shape
        assert all(array.flags.c_contiguous for array in (y, grad_x, grad_w))
        # linear in each argument, so: <A dx, g> = <dx, A* g> for every dx
        for dx, dw in (signals(x.shape, w.shape, seed=seed + i) for i in range(2)):
            close(np.vdot(operator(dx, w, mode, boundary), g), np.vdot(dx, grad_x))
            close(np.vdot(operator(x, dw, mode, boundary), g), np.vdot(dw, grad_w))


@settings(max_examples=50)
@given(st.integers(1, 12), st.integers(1, 12), SEEDS, st.sampled_from(BOUNDARIES))
def test_backward_is_autograd(n, k, seed, boundary):
    # "full" with kernels that PyTorch's padding allows; the kernel is flipped for PyTorch's cross-correlation
    assume(k - 1 < n)
    x, w = signals(n, k, seed=seed)
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, w))
    rule = {"zero": "constant"}.get(boundary, boundary)
    longer = torch.nn.functional.pad(tx[None, None], (k - 1, k - 1), mode=rule)
    y = torch.nn.functional.conv1d(longer, tw.flip(0)[None, None])[0, 0]
    close(convolve(x, w, "full", boundary), y.detach().numpy())
    (g,) = signals(len(y), seed=seed + 1)
    y.backward(torch.from_numpy(g))
    grad_x, grad_w = convolve_backward(g, x, w, "full", boundary)
    close(grad_x, tx.grad.numpy())
    close(grad_w, tw.grad.numpy())


@pytest.mark.parametrize(
    ("x", "w", "dtype"),
    [
        ([1, 2, 3], (1, 2), np.float64),
        (range(4), np.array([1, 2], np.int8), np.float64),
        (np.ones(4, np.float32), [1, 2], np.float32),
        ([1, 2], np.ones(4, np.float16), np.float16),
        (np.ones(4, np.float32), np.ones(2), np.float64),
        (np.ones(4, np.longdouble), np.ones(2, np.float32), np.longdouble),
    ],
)
def test_dtypes(x, w, dtype):
    for boundary in BOUNDARIES:
        y = convolve(x, w, boundary=boundary)
        assert y.dtype == dtype
        assert {g.dtype for g in convolve_backward(y, x, w, boundary=boundary)} == {np.dtype(dtype)}
        assert correlate(x, w, boundary=boundary).dtype == dtype


def test_half_precision_does_not_add_up_errors():
    ones = np.ones(5000, np.float16)
    assert convolve(ones, ones, "valid") == 5000  # summed in half precision this is 2048


def test_infinity_and_nan_stay_where_the_kernel_reaches():
    np.testing.assert_array_equal(convolve([1, 2], [np.inf, 1]), [np.inf, np.inf, 2])
    np.testing.assert_array_equal(convolve([0, np.nan, 0, 0], [1, 1], "same"), [0, np.nan, np.nan, 0])


def test_arguments_are_left_alone_and_no_memory_is_shared():
    x, w = np.arange(4.0), np.array([1.0])
    for boundary in BOUNDARIES:
        y = convolve(x, w, "same", boundary)
        y[:] = -1
        np.testing.assert_array_equal(x, np.arange(4.0))
