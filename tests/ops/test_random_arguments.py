"""Random arguments, some of which do not go together: refused where PyTorch refuses, equal elsewhere."""

import inspect

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg import ops

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


def numbers(least, most, rank=2):
    one = st.integers(least, most)
    return one | st.tuples(*[one] * rank) | st.tuples(one)


@st.composite
def images(draw, channels=None):
    shape = (channels or draw(st.integers(1, 3)), *draw(st.tuples(*[st.integers(1, 8)] * 2)))
    return draw(st.sampled_from([(2, *shape), (1, *shape), (0, *shape), shape]))


@st.composite
def conv2d(draw):
    groups, c, o = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.tuples(*[st.integers(1, 4)] * 2))
    padding = draw(numbers(0, 3) | st.sampled_from(["same", "valid"]))
    stride = 1 if padding == "same" else draw(numbers(0, 3))
    shapes = (
        draw(images(c * groups)),
        (o * groups, c, *kernel),
        draw(st.sampled_from([None, (o * groups,)])),
    )
    return shapes, (stride, padding, draw(numbers(1, 3)), draw(st.sampled_from([groups, groups, 2])))


@st.composite
def conv_transpose2d(draw):
    groups, c, o = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.tuples(*[st.integers(1, 4)] * 2))
    shapes = (
        draw(images(c * groups)),
        (c * groups, o, *kernel),
        draw(st.sampled_from([None, (o * groups,)])),
    )
    options = draw(numbers(1, 3)), draw(numbers(0, 3)), draw(numbers(0, 2))
    return shapes, (*options, draw(st.sampled_from([groups, groups, 2])), draw(numbers(1, 3)))


@st.composite
def max_pool2d(draw):
    stride = draw(numbers(0, 3) | st.none())
    return (draw(images()),), (
        draw(numbers(0, 4)),
        stride,
        draw(numbers(0, 2)),
        draw(numbers(0, 3)),
        draw(st.booleans()),
    )


@st.composite
def avg_pool2d(draw):
    stride, divisor = draw(numbers(0, 3) | st.none()), draw(st.none() | st.integers(-2, 2))
    return (draw(images()),), (
        draw(numbers(0, 4)),
        stride,
        draw(numbers(0, 2)),
        *draw(st.tuples(*[st.booleans()] * 2)),
        divisor,
    )


@st.composite
def unfold(draw):
    def both(least, most):  # here PyTorch takes no tuple of one
        return draw(st.integers(least, most) | st.tuples(*[st.integers(least, most)] * 2))

    return (draw(images()),), (both(0, 4), both(0, 3), both(0, 2), both(0, 3))


@st.composite
def adaptive_avg_pool2d(draw):
    one = st.integers(1, 9) | st.none()
    return (draw(images()),), (draw(one | st.tuples(one, one)),)


@st.composite
def interpolate(draw):
    size, factor = draw(numbers(0, 9) | st.none()), draw(st.none() | st.floats(0.1, 3))
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "bilinear", "bicubic", "area", "linear"]))
    options = draw(st.none() | st.booleans()), draw(st.none() | st.booleans())
    return (draw(images()),), (
        None if isinstance(size, tuple) and len(size) == 1 else size,
        factor,
        mode,
        *options,
    )


STRATEGIES = [conv2d, conv_transpose2d, max_pool2d, avg_pool2d, unfold, adaptive_avg_pool2d, interpolate]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.__name__)
@settings(max_examples=250)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_equal_or_refused(strategy, data, seed):
    name = strategy.__name__
    shapes, options = data.draw(strategy())
    function, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    rng = np.random.default_rng(seed)
    arrays = [None if shape is None else rng.normal(size=shape) for shape in shapes]
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    arguments = "|".join(inspect.signature(function).parameters)
    try:
        theirs = getattr(F, name)(*tensors, *options)
    except (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError, ZeroDivisionError):
        with pytest.raises((ValueError, TypeError), match=rf"^({arguments})\b"):
            function(*arrays, *options)
        return
    try:
        y = function(*arrays, *options)
    except ValueError as refusal:
        # with no examples PyTorch looks at less; windows that see nothing get a position outside the input;
        # mode "area" can give no positions
        no_examples = shapes[0][0] == 0 and len(shapes[0]) == 4
        no_positions = 0 in theirs.shape
        if not no_examples and not no_positions and "expected every window" not in str(refusal):
            raise
        return
    np.testing.assert_allclose(y, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
    grad_out = rng.normal(size=y.shape)
    theirs.backward(torch.from_numpy(grad_out))
    gradients = backward(grad_out, *arrays, *options)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    if (
        name == "interpolate"
    ):  # linear, so <y, g> = <x, gradient>; where axes keep their size PyTorch breaks that
        product = np.vdot(y, grad_out)
        np.testing.assert_allclose(np.vdot(arrays[0], gradients[0]), product, atol=1e-9)
        if not np.isclose(np.vdot(arrays[0], tensors[0].grad.numpy()), product, atol=1e-9):
            return
    for ours, tensor in zip(gradients, tensors, strict=True):
        if tensor is not None:
            np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)
