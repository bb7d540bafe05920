"""conv1d and its backward on random arguments against PyTorch, numerical gradients and what a layer is."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course_pkg.ops import conv1d, conv1d_backward

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


def close(ours, theirs, tolerance=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def torch_conv1d(input, weight, bias=None, **kwargs):
    tensors = [None if a is None else torch.from_numpy(a.copy()) for a in (input, weight, bias)]
    return torch.nn.functional.conv1d(*tensors, **kwargs).numpy()


@st.composite
def sensible_cases(draw):
    """Shapes of an input, weight and bias, and options, most of which go together."""
    groups, c, o, k = (draw(st.integers(1, most)) for most in (3, 3, 3, 4))
    n, size = draw(st.integers(0, 3)), draw(st.integers(1, 9))
    padding = draw(st.integers(0, 4) | st.sampled_from(["same", "valid"]))
    options = {
        "stride": 1 if padding == "same" else draw(st.integers(1, 3)),
        "padding": padding,
        "dilation": draw(st.integers(1, 3)),
        "groups": groups,
    }
    input_shape = draw(st.sampled_from([(n, c * groups, size), (c * groups, size)]))
    return input_shape, (o * groups, c, k), draw(st.sampled_from([None, (o * groups,)])), options


@st.composite
def cases_with_a_slip(draw):
    """A sensible case, most often with one or two things changed, so that they may not go together."""
    input_shape, weight_shape, bias_shape, options = draw(sensible_cases())
    for _ in range(draw(st.integers(0, 2))):
        axis, change = draw(st.integers(0, 2)), draw(st.sampled_from([-1, 1, None]))
        match draw(st.sampled_from(["input", "weight", "bias", "rank", *options])):
            case "input":
                input_shape = changed(input_shape, axis, change)
            case "weight":
                weight_shape = changed(weight_shape, axis, change)
            case "bias":
                bias_shape = draw(st.sampled_from([(weight_shape[0], 1), (weight_shape[0] + 1,), (), (1,)]))
            case "rank":
                input_shape = draw(st.sampled_from([input_shape[1:], (1, *input_shape)]))
            case "padding":
                options["padding"] = draw(st.sampled_from([-1, 0, "full", "same", "valid", (1, 1), (2,), ()]))
            case "groups":
                options["groups"] = draw(st.integers(-1, 4))
            case name:
                options[name] = draw(st.sampled_from([-1, 0, 1, (2,), [2], (1, 2), ()]))
    return input_shape, weight_shape, bias_shape, options


def changed(shape, axis, change):
    """One axis one shorter or longer, or (None) of length 0."""
    shape = list(shape)
    axis %= len(shape)
    shape[axis] = 0 if change is None else max(shape[axis] + change, 0)
    return tuple(shape)


def random_arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [None if shape is None else rng.normal(size=shape) for shape in shapes]


def pytorch_does_not_look(input_shape, weight_shape, options):
    # with no numbers to read PyTorch checks less: it takes an input without channels, and forgets how many
    # outputs were asked for; with no examples it takes no positions and dilation 0. we refuse these
    no_channels_or_positions = 0 in (*input_shape[-2:], weight_shape[1])
    return no_channels_or_positions or (input_shape[0] == 0 and options["dilation"] == 0)


@settings(max_examples=800)
@given(cases_with_a_slip())
def test_refuses_exactly_what_pytorch_refuses(case):
    *shapes, options = case
    arrays = random_arrays(*shapes)
    try:
        theirs = torch_conv1d(*arrays, **options)
    except (RuntimeError, TypeError, IndexError):
        with pytest.raises(
            (ValueError, TypeError), match=r"^(input|weight|bias|stride|padding|dilation|groups)"
        ):
            conv1d(*arrays, **options)
        return
    if pytorch_does_not_look(*shapes[:2], options):
        with pytest.raises(ValueError, match=r"^(input|weight|dilation): "):
            conv1d(*arrays, **options)
        return
    close(conv1d(*arrays, **options), theirs)


@settings(max_examples=200)
@given(sensible_cases(), st.integers(0, 2**32 - 1))
def test_backward_is_autograd(case, seed):
    *shapes, options = case
    arrays = random_arrays(*shapes, seed=seed)
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    try:
        y = torch.nn.functional.conv1d(*tensors, **options)
    except RuntimeError:
        assume(False)
    (grad_out,) = random_arrays(tuple(y.shape), seed=seed + 1)
    y.backward(torch.from_numpy(grad_out))
    for ours, tensor in zip(conv1d_backward(grad_out, *arrays, **options), tensors, strict=True):
        assert (ours is None) == (tensor is None)
        if tensor is not None:
            close(ours, tensor.grad.numpy())


@settings(max_examples=100)
@given(sensible_cases(), st.integers(0, 2**32 - 1))
def test_backward_is_the_adjoint(case, seed):
    input_shape, weight_shape, _, options = case
    x, w = random_arrays(input_shape, weight_shape, seed=seed)
    try:
        y = conv1d(x, w, **options)
    except ValueError:
        assume(False)
    (g,) = random_arrays(y.shape, seed=seed + 1)
    grad_x, grad_w, _ = conv1d_backward(g, x, w, **options)
    # linear in each argument: <A x, g> = <x, A* g>, and the same for w
    close([np.vdot(x, grad_x), np.vdot(w, grad_w)], np.vdot(y, g))


def test_backward_is_the_numerical_gradient():
    x, w, b = arrays = random_arrays((2, 4, 9), (6, 2, 3), (6,))
    options = {"stride": 2, "padding": 3, "dilation": 2, "groups": 2}
    (g,) = random_arrays(conv1d(x, w, b, **options).shape, seed=1)
    step = 1e-6
    for array, gradient in zip(arrays, conv1d_backward(g, x, w, b, **options), strict=True):
        numerical = np.empty_like(array)
        for i in np.ndindex(array.shape):
            value = array[i]
            array[i] = value + step
            up = np.vdot(conv1d(x, w, b, **options), g)
            array[i] = value - step
            down = np.vdot(conv1d(x, w, b, **options), g)
            array[i] = value
            numerical[i] = (up - down) / (2 * step)
        close(gradient, numerical, 1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_keeps_the_dtype(dtype):
    x, w, b = (a.astype(dtype) for a in random_arrays((2, 3, 8), (4, 3, 3), (4,)))
    y = conv1d(x, w, b, padding=1)
    assert y.dtype == dtype
    assert {g.dtype for g in conv1d_backward(y, x, w, b, padding=1)} == {np.dtype(dtype)}
    close(y, conv1d(*(a.astype(float) for a in (x, w, b)), padding=1), 2e-3)


def test_half_precision_does_not_add_up_errors():
    ones = np.ones((1, 1, 5000), np.float16)
    assert conv1d(ones, ones)[0, 0, 0] == 5000  # summed in half precision this is 2048


def test_other_memory_layouts_and_arguments_left_alone():
    x, w, b = random_arrays((2, 3, 9), (4, 3, 3), (4,))
    y = conv1d(x, w, b, 2, 1)
    strided = np.repeat(x, 2, axis=2)[:, :, ::2], np.flip(np.flip(w, 2).copy(), 2), np.repeat(b, 3)[::3]
    fortran = [np.asfortranarray(a) for a in (x, w, b)]
    frozen = [a.copy() for a in (x, w, b)]
    for a in frozen:
        a.flags.writeable = False
    for arrays in (strided, fortran, frozen):
        close(conv1d(*arrays, 2, 1), y, 1e-12)
        assert conv1d(*arrays, 2, 1).flags.c_contiguous
        for ours, expected in zip(
            conv1d_backward(y, *arrays, 2, 1), conv1d_backward(y, x, w, b, 2, 1), strict=True
        ):
            close(ours, expected, 1e-12)


def test_result_shares_no_memory_with_the_input():
    x = np.ones((1, 1, 4))
    y = conv1d(x, np.ones((1, 1, 1)))
    y[:] = 7
    assert (x == 1).all()


def test_one_nan_reaches_only_the_outputs_that_see_it():
    x = np.zeros((1, 8))
    x[0, 3] = np.nan
    np.testing.assert_array_equal(np.isnan(conv1d(x, np.ones((1, 1, 3)))[0]), [0, 1, 1, 1, 0, 0])


def test_a_batch_of_no_examples():
    x, w, b = np.zeros((0, 3, 9)), np.ones((4, 3, 3)), np.ones(4)
    y = conv1d(x, w, b)
    assert y.shape == (0, 4, 7)
    grad_x, grad_w, grad_b = conv1d_backward(y, x, w, b)
    assert grad_x.shape == x.shape
    assert not grad_w.any()
    assert not grad_b.any()
