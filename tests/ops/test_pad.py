"""pad and its backward against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.ops import conv1d, pad, pad_backward

MODES = ["constant", "circular", "reflect", "replicate"]


@st.composite
def cases(draw):
    axes = draw(st.integers(1, 2))
    shape = draw(st.tuples(*[st.integers(1, 5)] * (2 + axes)))
    widths = draw(st.tuples(*[st.integers(-2, 5)] * (2 * axes)))
    return shape, widths, draw(st.sampled_from(MODES))


def crops(widths):
    return min(widths) < 0


@settings(max_examples=400)
@given(cases(), st.integers(0, 2**32 - 1))
def test_pytorch(case, seed):
    shape, widths, mode = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    tensor = torch.tensor(x, requires_grad=True)
    try:
        theirs = torch.nn.functional.pad(tensor, widths, mode=mode)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"^pad: "):
            pad(x, widths, mode)
        return
    try:
        ours = pad(x, widths, mode)
    except ValueError:
        # we crop first and pad what is left, PyTorch sometimes reads what it has cropped
        assert crops(widths)
        return
    np.testing.assert_array_equal(ours, theirs.detach().numpy())
    g = rng.normal(size=ours.shape)
    theirs.backward(torch.from_numpy(g))
    np.testing.assert_allclose(pad_backward(g, x, widths, mode), tensor.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_a_layer_with_a_padding_mode(mode):
    layer = torch.nn.Conv1d(3, 4, 5, padding=2, padding_mode="zeros" if mode == "constant" else mode).double()
    x = np.random.default_rng(0).normal(size=(2, 3, 9))
    w, b = (p.detach().numpy() for p in (layer.weight, layer.bias))
    theirs = layer(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(conv1d(pad(x, (2, 2), mode), w, b), theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_signals_without_channels_and_other_dtypes(mode):
    for dtype in (np.int64, np.float16, np.float32):
        x = np.arange(5, dtype=dtype)
        y = pad(x, (2, 3), mode)
        theirs = torch.nn.functional.pad(torch.from_numpy(x)[None], (2, 3), mode=mode)[0].numpy()
        np.testing.assert_array_equal(y, theirs)
        assert y.dtype == dtype


def test_the_constant():
    x = np.arange(4.0).reshape(2, 2)
    theirs = torch.nn.functional.pad(torch.from_numpy(x), (1, 0, 0, 2), value=-1.5).numpy()
    np.testing.assert_array_equal(pad(x, (1, 0, 0, 2), value=-1.5), theirs)
    np.testing.assert_array_equal(pad_backward(np.ones((4, 3)), x, (1, 0, 0, 2), value=-1.5), np.ones((2, 2)))


@pytest.mark.parametrize("mode", MODES)
def test_no_padding_is_a_copy(mode):
    x = np.arange(4.0)
    for widths in ((), (0, 0)):
        y = pad(x, widths, mode)
        np.testing.assert_array_equal(y, x)
        assert not np.shares_memory(x, y)
