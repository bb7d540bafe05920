"""What a step of AlexNet and an all-reduce cost on this machine; stored for the page on scaling.

Run with `python tests/benchmarks/measure_scaling.py book/results/scaling.json` while the machine is idle: two
processes, one thread each, talk to each other through Gloo, and alternately compute and send. It takes about
half a minute and 4 GB of memory.
"""

import io
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import distributed as dist
from torch.nn import functional as F

from course_pkg.data.photos import photograph
from course_pkg.models import AlexNet
from course_pkg.training.distributed import group, here
from course_pkg.training.distributed.launch import launch
from course_pkg.training.distributed.replicas import side_by_side

BYTES = [2**k for k in range(10, 27, 2)] + [4 * 62_378_344]
BATCHES = [4, 8, 16]


def median_seconds(call, rounds):
    call()
    times = []
    for _ in range(rounds):
        if here().processes > 1:
            dist.barrier()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(f"{statistics.median(times):.4g}")


def all_reduces():
    for _ in range(200):  # the first ones also find the way
        dist.all_reduce(torch.ones(256))
    for count in BYTES:
        numbers = torch.ones(count // 4)
        yield count, median_seconds(lambda n=numbers: dist.all_reduce(n), 5 if count > 1e7 else 101)


def training_step(net, batch):
    x, y = torch.rand(batch, 3, 227, 227), torch.zeros(batch, dtype=torch.long)

    def step():
        net.zero_grad()
        F.cross_entropy(net(x), y).backward()

    return step


def forward_only(net, batch):
    x = torch.rand(batch, 3, 227, 227)
    return torch.no_grad()(lambda: net(x))


def worker(out):
    """Both processes work at the same time in every part: each has one core and its share of memory."""
    torch.set_num_threads(1)
    with group() as place:
        found = {"all_reduce": list(all_reduces())}
        net = AlexNet()
        found["forward"] = [(batch, median_seconds(forward_only(net, batch), 3)) for batch in BATCHES]
        found["step"] = [(batch, median_seconds(training_step(net, batch), 3)) for batch in BATCHES]
        both = side_by_side(net)
        found["together"] = [(batch, median_seconds(training_step(both, batch), 3)) for batch in BATCHES]
        if place.rank == 0:
            out.write_text(json.dumps(found))


def decoded_a_second():
    """Photographs of ImageNet's usual size, decoded and brought to 256 pixels, on one core."""
    stream = io.BytesIO()
    pixels = (255 * photograph("chelsea").transpose(1, 2, 0)).round().astype(np.uint8)
    Image.fromarray(pixels).resize((500, 375)).save(stream, "JPEG", quality=90)
    data = stream.getvalue()
    seconds = median_seconds(
        lambda: [Image.open(io.BytesIO(data)).convert("RGB").resize((341, 256)) for _ in range(20)], 9
    )
    return round(20 / seconds)


def main(out):
    decoded = decoded_a_second()
    beside = out.with_suffix(".part")
    launch([__file__, "worker", str(beside)], processes=2)
    found = json.loads(beside.read_text())
    beside.unlink()
    whole = {
        "measured": "seconds on the clock, medians, two processes with one thread each, through Gloo",
        "machine": {"cores": os.cpu_count(), "torch": torch.__version__},
        **found,
        "decoded_a_second": decoded,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in whole.items()]
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        worker(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
