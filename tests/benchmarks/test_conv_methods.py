"""The ways to compute a convolution layer that chapter 7 teaches, side by side; not part of `make test`.

What is timed is the code on the page. Running this file renews the results that the chapter draws:
`python -m pytest tests/benchmarks/test_conv_methods.py`.
"""

import json
import os
import platform
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import threadpool_info, threadpool_limits

from course_pkg import arithmetic, ops

BOOK = Path(__file__).parents[2] / "book"
CHAPTER = BOOK / "two_dimensions" / "im2col.ipynb"
RESULTS = BOOK / "results" / "conv_methods.json"

ALEXNET = {  # in channels, out channels, image side, kernel, stride, padding
    "conv1": (3, 96, 227, 11, 4, 0),
    "conv2": (96, 256, 27, 5, 1, 2),
    "conv3": (256, 384, 13, 3, 1, 1),
    "conv4": (384, 384, 13, 3, 1, 1),
    "conv5": (384, 256, 13, 3, 1, 1),
}
TAUGHT = ["six_loops", "windows", "strided", "im2col", "columns", "taps", "fft"]  # ids of the chapter's cells
TAUGHT += ["pool", "pool_columns", "e5_solution"]
BASE = {"image side": 32, "kernel size": 3, "channels in and out": 16, "batch": 1}
SWEEPS = {
    "image side": [4, 8, 16, 32, 64, 128, 256],  # of the output: the input is larger by kernel - 1
    "kernel size": [1, 3, 5, 7, 11, 15, 21, 31],
    "channels in and out": [1, 2, 4, 8, 16, 32, 64, 128],
    "batch": [1, 2, 4, 8, 16, 32, 64],
}
SECONDS, ROUNDS = 2.0, 40  # a method is timed until it had so many rounds or so much time
BEARABLE = 4e6  # multiply-adds that loops in Python are asked for, beside those of conv1


@cache
def chapter():
    """The functions that the chapter defines."""
    defined = {"np": np, "sliding_window_view": sliding_window_view}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.id in TAUGHT:
            exec(cell.source, defined)
    return defined


def pytorch(x, w, S=1, P=0):
    return torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(w), None, S, P).numpy()


def pytorch_pool(x, K, S):
    return torch.nn.functional.max_pool2d(torch.from_numpy(x), K, S).numpy()


def package_pool(x, K, S):
    return ops.max_pool2d(x, K, S)


def package(x, w, S=1, P=0):
    return ops.conv2d(x, w, None, S, P)


def methods():
    """Each method as a function of a batch; those of the chapter take one example after the other."""

    def one_by_one(function):
        return lambda x, w, **options: np.stack([function(example, w, **options) for example in x])

    names = {"loops": "conv_loops", "windows": "conv_windows", "taps": "conv_taps", "FFT": "conv_fft"}
    ours = {label: one_by_one(chapter()[name]) for label, name in names.items()}
    return ours | {"im2col": one_by_one(chapter()["conv_columns"]), "package": package, "PyTorch": pytorch}


def measure(candidates, *arrays, **options):
    """Best time of each method in seconds; in every round each has its turn.

    What counts is the time of the processor that a method took: other programs on the machine do not count.
    """
    expected = candidates["PyTorch"](*arrays, **options)
    times = {label: [] for label in candidates}
    for _ in range(ROUNDS):
        for label, method in candidates.items():
            if sum(times[label]) < SECONDS:
                start = time.process_time()
                y = method(*arrays, **options)
                times[label].append(time.process_time() - start)
                np.testing.assert_allclose(y, expected, atol=1e-4 * np.abs(expected).max())
    return {label: min(seconds) for label, seconds in times.items()}


def arrays(channels, outputs, side, kernel, batch=1):
    random = np.random.default_rng(0)
    x = random.normal(size=(batch, channels, side, side)).astype(np.float32)
    return x, random.normal(size=(outputs, channels, kernel, kernel)).astype(np.float32)


def alexnet(labels=None):
    rows = {}
    for name, (channels, outputs, side, kernel, stride, padding) in ALEXNET.items():
        candidates = {
            label: method for label, method in methods().items() if labels is None or label in labels
        }
        if name != "conv1":
            candidates.pop("loops", None)
        options = {"S": stride} | ({"P": padding} if padding else {})
        positions = arithmetic.output_size(side, kernel, stride, padding)
        rows[name] = {
            "layer": [channels, outputs, side, kernel, stride, padding],
            "multiply_adds": arithmetic.conv_macs(
                channels, outputs, (kernel, kernel), (positions, positions)
            ),
            "seconds": measure(candidates, *arrays(channels, outputs, side, kernel), **options),
        }
    return rows


def pools():
    """AlexNet's first pooling: windows of 3 × 3, stride 2."""
    names = {"windows": "max_pool", "columns": "max_pool_columns", "taps": "max_pool_taps"}
    candidates = {label: chapter()[name] for label, name in names.items()}
    candidates |= {"package": package_pool, "PyTorch": pytorch_pool}
    return measure(
        candidates, np.random.default_rng(0).normal(size=(96, 55, 55)).astype(np.float32), K=3, S=2
    )


def sweep(name):
    points = []
    for value in SWEEPS[name]:
        side, kernel, channels, batch = (BASE | {name: value}).values()
        x, w = arrays(channels, channels, side + kernel - 1, kernel, batch)
        bearable = batch * side**2 * channels**2 * kernel**2 <= BEARABLE
        candidates = {label: method for label, method in methods().items() if label != "loops" or bearable}
        points.append({"value": value, "seconds": measure(candidates, x, w)})
    return points


def matrix_peak(side=1024):
    """Multiply-adds per second of NumPy's product of two large square matrices."""
    matrix = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        matrix @ matrix
        seconds.append(time.process_time() - start)
    return side**3 / min(seconds)


def kernels():
    """Which processor's matrix products the library under NumPy takes for its own."""
    return next(found["architecture"] for found in threadpool_info() if found["internal_api"] == "openblas")


def measured_wide():
    """The layers once more in a process whose NumPy takes the products made for processors with AVX-512."""
    wide = os.environ | {"OPENBLAS_CORETYPE": "SKYLAKEX", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__]
    answer = subprocess.run(command, env=wide, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(answer.stdout)


def about_processor(line):
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(found.partition(":")[2].strip() for found in lines if found.startswith(line))


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def test_the_methods_of_chapter_7(benchmark, one_thread):
    if benchmark.disabled:
        pytest.skip("times are worth nothing while other tests run beside it")
    if "avx512f" not in about_processor("flags").split():
        pytest.skip("the chapter compares matrix products with AVX-512 and without: this processor has none")
    results = benchmark.pedantic(
        lambda: {
            "measured": "seconds of processor time, best of up to 40 rounds, single precision, one thread",
            "machine": {"processor": about_processor("model name"), "kernels": kernels()},
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "torch": torch.__version__,
            },
            "peak": matrix_peak(),
            "layers": alexnet(),
            "pool": pools(),
            "wide": measured_wide(),
            "growth": {name: sweep(name) for name in SWEEPS},
        },
        rounds=1,
    )
    assert all(set(row["seconds"]) >= {"im2col", "PyTorch"} for row in results["layers"].values())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rounded(results), indent=1) + "\n")


def rounded(value):
    """Numbers to four digits, as much as a timing is worth."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.3e}") if isinstance(value, float) else value


if __name__ == "__main__":  # as `measured_wide` runs it
    torch.set_num_threads(1)
    layers = alexnet({"im2col", "package", "PyTorch"})
    print(json.dumps({"kernels": kernels(), "peak": matrix_peak(), "layers": layers}))
