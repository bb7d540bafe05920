"""The operators beside PyTorch, SciPy and the naive loops; not part of `make test`.

Run with `python -m pytest tests/benchmarks/test_ops.py`; OMP_NUM_THREADS says with how many threads.
"""

import itertools
import os

import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F

from course_pkg import ops

THREADS = int(os.environ.get("OMP_NUM_THREADS", "2"))
# input channels and size, output channels, kernel, stride, padding, groups; Krizhevsky et al. (2012)
ALEXNET = {
    "conv1": (3, 227, 96, 11, 4, 0, 1),
    "conv2": (96, 27, 256, 5, 1, 2, 2),
    "conv3": (256, 13, 384, 3, 1, 1, 1),
    "conv4": (384, 13, 384, 3, 1, 1, 2),
    "conv5": (384, 13, 256, 3, 1, 1, 2),
}
POOLS = {"pool1": (96, 55), "pool2": (256, 27), "pool5": (256, 13)}


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.fixture(autouse=True)
def same_number_of_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("who", ["ours", "PyTorch"])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("way", ["forward", "backward"])
@pytest.mark.parametrize("layer", ALEXNET)
def test_alexnet_convolution(benchmark, layer, way, batch, who):
    benchmark.group = f"{layer} {way} batch {batch}"
    c, size, o, k, s, p, g = ALEXNET[layer]
    x, w, b = normal(batch, c, size, size), normal(o, c // g, k, k), normal(o)
    y = ops.conv2d(x, w, b, s, p, 1, g)
    tx, tw, tb, ty = map(torch.from_numpy, (x, w, b, y))
    call = {
        ("ours", "forward"): lambda: ops.conv2d(x, w, b, s, p, 1, g),
        ("PyTorch", "forward"): lambda: F.conv2d(tx, tw, tb, s, p, 1, g).numpy(),
        ("ours", "backward"): lambda: ops.conv2d_backward(y, x, w, b, s, p, 1, g)[0],
        ("PyTorch", "backward"): lambda: torch.ops.aten.convolution_backward(
            ty, tx, tw, [o], [s, s], [p, p], [1, 1], False, [0, 0], g, [True] * 3
        )[0].numpy(),
    }[who, way]
    assert benchmark(call).shape == (y.shape if way == "forward" else x.shape)


@pytest.mark.parametrize("who", ["ours", "PyTorch"])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("layer", POOLS)
def test_alexnet_pooling(benchmark, layer, kind, batch, who):
    benchmark.group = f"{kind} {layer} batch {batch}"
    channels, size = POOLS[layer]
    x = normal(batch, channels, size, size)
    function, value = (ops, x) if who == "ours" else (F, torch.from_numpy(x))
    y = benchmark(getattr(function, f"{kind}_pool2d"), value, 3, 2)
    assert y.shape == (batch, channels, (size - 3) // 2 + 1, (size - 3) // 2 + 1)


def naive(x, w):
    """Valid cross-correlation of one channel, a loop for each index."""
    y = np.zeros([n - k + 1 for n, k in zip(x.shape, w.shape, strict=True)], x.dtype)
    for i, j in np.ndindex(*y.shape):
        for a, b in itertools.product(*map(range, w.shape)):
            y[i, j] += x[i + a, j + b] * w[a, b]
    return y


ONE_CHANNEL = {
    "naive loops": naive,
    "ours, correlate": lambda x, w: ops.correlate(x, w, "valid"),
    "ours, conv2d": lambda x, w: ops.conv2d(x[None], w[None, None])[0],
    "SciPy": lambda x, w: scipy.signal.correlate2d(x, w, "valid"),
    "PyTorch": lambda x, w: F.conv2d(torch.from_numpy(x)[None], torch.from_numpy(w)[None, None])[0].numpy(),
}


@pytest.mark.parametrize("who", ONE_CHANNEL)
def test_one_channel(benchmark, who):
    benchmark.group = "5 by 5 kernel on 64 by 64, one channel"
    x, w = normal(64, 64), normal(5, 5)
    y = benchmark.pedantic(ONE_CHANNEL[who], (x, w), rounds=3 if who == "naive loops" else 50)
    np.testing.assert_allclose(y, naive(x, w), rtol=1e-4, atol=1e-4)
