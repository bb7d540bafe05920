"""How much a training step computes, and how much this machine could: products and sums a second."""

import contextlib
import time
from collections.abc import Iterator
from statistics import median

import torch
from torch import nn

from course_pkg.arithmetic import layer_table
from course_pkg.training.precision import PRECISIONS

SIDES = {"cuda": (2048, 4096, 8192), "cpu": (512, 1024, 2048)}


def training_flops(model: nn.Module, input_size: tuple[int, ...]) -> int:
    """Products and sums to train on one example: 3 × 2 × the multiply-adds of `layer_table`.

    Twice, since a multiply-add is a product and a sum; three times, since on the way back each layer computes
    as much for the gradient of its weights, and again as much for that of its input. (The first layer's input
    needs none: so this is too much by a third of the first layer.) What else a step does, such as
    normalisation and the update, is not counted.

    Parameters
    ----------
    model
        A network of convolutions and linear layers.
    input_size
        Shape of an example, without the batch axis.

    Examples
    --------
    >>> training_flops(nn.Linear(5, 2), (5,))
    60
    """
    return 3 * 2 * sum(row.macs for row in layer_table(model, input_size))


def matrix_flops(device: torch.device, precision: str, sides: tuple[int, ...] | None = None) -> float:
    """Products and sums a second in the best matrix product that PyTorch does here: the ceiling.

    Square matrices of several sizes, three rounds of each; the best of the medians. In float32 a GPU may use
    TF32, as it does for convolutions.

    Parameters
    ----------
    device
        Where to compute.
    precision
        "float32", "bfloat16" or "float16".
    sides
        Of the matrices; those of `SIDES` if not given.

    Examples
    --------
    >>> matrix_flops(torch.device("cpu"), "float32", sides=(64,)) > 1e6
    True
    """
    sides = sides or SIDES[device.type]
    with _tf32(device):
        return max(2 * side**3 / _seconds_of_product(side, device, PRECISIONS[precision]) for side in sides)


@contextlib.contextmanager
def _tf32(device: torch.device) -> Iterator[None]:
    if device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _seconds_of_product(side: int, device: torch.device, dtype: torch.dtype, least: float = 0.1) -> float:
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = a @ b

    def seconds(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            torch.mm(a, b, out=out)
        out[0, 0].item()  # waits for a GPU
        return (time.perf_counter() - start) / times

    times = max(1, round(least / max(seconds(2), 1e-6)))
    return median(seconds(times) for _ in range(3))
