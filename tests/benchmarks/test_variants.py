"""The layers of chapter 11, each on 64 channels of 32×32 pixels; not part of `make test`.

What is timed is the code on the page. Running this file renews the results that the chapter reads:
`python -m pytest tests/benchmarks/test_variants.py`.
"""

import json
import platform
import time
from functools import cache
from pathlib import Path

import cpuinfo
import nbformat
import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from course_pkg import ops

BOOK = Path(__file__).parents[2] / "book"
CHAPTER = BOOK / "two_dimensions" / "variants.ipynb"
RESULTS = BOOK / "results" / "variants.json"
FUNCTIONS = ["bilinear", "deform", "local", "partial", "gated-code", "se-code", "inception-code"]

CHAINS = {  # the steps of a layer that is nothing but convolutions: weight shape and options
    "full 3×3": [((64, 64, 3, 3), {"padding": 1})],
    "1×1": [((64, 64, 1, 1), {})],
    "grouped, G = 4": [((64, 16, 3, 3), {"padding": 1, "groups": 4})],
    "depthwise": [((64, 1, 3, 3), {"padding": 1, "groups": 64})],
    "separable": [((64, 1, 3, 3), {"padding": 1, "groups": 64}), ((64, 64, 1, 1), {})],
    "dilated 3×3, D = 2": [((64, 64, 3, 3), {"padding": 2, "dilation": 2})],
    "full 7×7": [((64, 64, 7, 7), {"padding": 3})],
    "3×3 three times": [((64, 64, 3, 3), {"padding": 1})] * 3,
    "3×1, then 1×3": [((64, 64, 3, 1), {"padding": (1, 0)}), ((64, 64, 1, 3), {"padding": (0, 1)})],
    "flattened": [
        ((64, 64, 1, 1), {}),
        ((64, 1, 3, 1), {"padding": (1, 0), "groups": 64}),
        ((64, 1, 1, 3), {"padding": (0, 1), "groups": 64}),
    ],
}
OWN = ["deformable", "locally connected", "partial", "gated", "squeeze-excite", "inception"]
INCEPTION = [(16, 64, 1), (24, 64, 1), (32, 24, 3), (4, 64, 1), (8, 4, 5), (8, 64, 1)]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@cache
def chapter():
    """The functions that the chapter defines."""
    defined = {"np": np, "ops": ops}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.id in FUNCTIONS:
            exec(cell.source, defined)
    return defined


@cache
def own_code():
    """The layers that are more than convolutions, with their weights, as functions of the input."""
    page = chapter()
    w, v, b = normal(64, 64, 3, 3), normal(64, 64, 3, 3) / 24, np.zeros(64, np.float32)
    filters = [normal(o, i, k, k) for o, i, k in INCEPTION]
    seen = (normal(1, 32, 32) > 0).astype(np.float32)
    own = normal(64, 576, 1024)
    w1, w2, where = normal(4, 64), normal(64, 4), normal(18, 64, 3, 3) / 100

    def deformable(x):
        offsets = ops.conv2d(x, where, padding=1).reshape(2, 3, 3, 32, 32)
        return page["deform_conv"](x, w, offsets)

    return {
        "deformable": deformable,
        "locally connected": lambda x: page["local_conv"](x, own),
        "partial": lambda x: page["partial_conv"](x, w, seen)[0],
        "gated": lambda x: page["gated_conv"](x, w, b, v, b)[0],
        "squeeze-excite": lambda x: page["squeeze_excite"](ops.conv2d(x, w, padding=1), w1, w2)[0],
        "inception": lambda x: page["inception"](x, *filters),
    }


def chain(name, conv2d, x, as_array):
    steps = [(as_array(normal(*shape)), options) for shape, options in CHAINS[name]]

    def run():
        y = x
        for w, options in steps:
            y = conv2d(y, w, **options)
        return y

    return run


@pytest.fixture(scope="module")
def milliseconds():
    """Fills with the times; when all are there, they are stored."""
    times = {"NumPy": {}, "PyTorch": {}}
    yield times
    if set(times["PyTorch"]) == set(CHAINS) and set(times["NumPy"]) == {*CHAINS, *OWN}:
        results = {
            "measured": "processor time, best of the rounds, single precision, 64 channels of 32 × 32",
            "machine": {
                "processor": cpuinfo.get_cpu_info()["brand_raw"],
                "system": platform.system(),
                "threads": 1,
            },
            "versions": {
                "python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__
            },
            "milliseconds": times,
        }  # fmt: skip
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


@pytest.fixture
def best(benchmark, milliseconds):
    """Times a call on one thread, the best of many rounds."""
    if benchmark.disabled:
        pytest.skip("times are worth nothing while other tests run beside it")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def measure(library, name, call):
        with threadpool_limits(1):
            y = benchmark.pedantic(call, rounds=60, warmup_rounds=3)
        milliseconds[library][name] = round(1000 * benchmark.stats.stats.min, 3)
        return y

    yield measure
    torch.set_num_threads(threads)


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("name", CHAINS)
def test_chains_of_convolutions(name, best):
    x = normal(64, 32, 32)
    ours = best("NumPy", name, chain(name, ops.conv2d, x, np.asarray))
    assert ours.shape == (64, 32, 32)


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("name", CHAINS)
def test_the_same_chains_in_pytorch(name, best):
    x = normal(64, 32, 32)
    with torch.inference_mode():
        y = best(
            "PyTorch", name, chain(name, torch.nn.functional.conv2d, torch.from_numpy(x), torch.from_numpy)
        )
    ours = chain(name, ops.conv2d, x, np.asarray)()
    np.testing.assert_allclose(y.numpy(), ours, atol=1e-4 * np.abs(ours).max())


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("name", OWN)
def test_layers_that_are_more_than_convolutions(name, best):
    x = normal(64, 32, 32)
    y = best("NumPy", name, lambda: own_code()[name](x))
    assert y.shape == (64, 32, 32)
