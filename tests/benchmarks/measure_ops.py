"""How fast the operators are, beside PyTorch in one run, and how cost grows; stored for chapter 7.

Run with `python tests/benchmarks/measure_ops.py book/results/ops_speed.json`; a 2 behind it: two threads.
Each call is timed in turn with its rival and the best of several rounds is kept: on one thread its processor
time, which other programs hardly disturb, else the time on the clock, for which the machine has to be idle.
OpenBLAS, which NumPy brings, picks its matrix kernels by the make of the processor; where it passes over
AVX-512, the same is measured again with those kernels (OPENBLAS_CORETYPE=SkylakeX).
"""

import json
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from threadpoolctl import threadpool_info

from course_pkg import ops

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
# name, input channels and size, output channels, kernel, stride, padding, groups; Krizhevsky et al. (2012)
LAYERS = [
    ("conv1", 3, 227, 96, 11, 4, 0, 1),
    ("conv2", 96, 27, 256, 5, 1, 2, 2),
    ("conv3", 256, 13, 384, 3, 1, 1, 1),
    ("conv4", 384, 13, 384, 3, 1, 1, 2),
    ("conv5", 384, 13, 256, 3, 1, 1, 2),
]
POOLS = [("pool1", 96, 55), ("pool2", 256, 27), ("pool5", 256, 13)]
BASE = {"image": 32, "kernel": 3, "channels": 32, "batch": 4}
SCALING = {"image": [8, 16, 32, 64, 128], "kernel": [1, 3, 5, 7, 11, 15], "channels": [4, 8, 16, 32, 64, 128],
           "batch": [1, 2, 4, 8, 16, 32]}  # fmt: skip


def best_ms(*calls, least=7, seconds=0.4):
    """Milliseconds of each call at its best, all of them called in turn."""
    clock = time.process_time if THREADS == 1 else time.perf_counter
    times = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while len(times[0]) < least or time.perf_counter() < end:
        for call, seen in zip(calls, times, strict=True):
            start = clock()
            call()
            seen.append(1e3 * (clock() - start))
    return [round(min(seen), 4) for seen in times]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def layer_rows(batch):
    for name, c, size, o, k, s, p, g in LAYERS:
        x, w, b = normal(batch, c, size, size), normal(o, c // g, k, k), normal(o)
        y = ops.conv2d(x, w, b, s, p, 1, g)
        tx, tw, tb, ty = map(torch.from_numpy, (x, w, b, y))
        macs = y.size * (c // g) * k * k

        def ours_backward(args=(y, x, w, b, s, p, 1, g)):
            ops.conv2d_backward(*args)

        def theirs_backward(args=(ty, tx, tw, [o], [s, s], [p, p], [1, 1], False, [0, 0], g, [True] * 3)):
            torch.ops.aten.convolution_backward(*args)

        ours, theirs = best_ms(
            lambda args=(x, w, b, s, p, 1, g): ops.conv2d(*args),
            lambda args=(tx, tw, tb, s, p, 1, g): F.conv2d(*args),
        )
        yield {"what": name, "batch": batch, "pass": "forward", "ours": ours, "pytorch": theirs, "macs": macs}
        ours, theirs = best_ms(ours_backward, theirs_backward)
        yield {
            "what": name,
            "batch": batch,
            "pass": "backward",
            "ours": ours,
            "pytorch": theirs,
            "macs": 2 * macs,
        }


def pool_rows(batch):
    for name, channels, size in POOLS:
        x = normal(batch, channels, size, size)
        tx = torch.from_numpy(x)
        for kind in ("max", "avg"):
            pool, backward = getattr(ops, f"{kind}_pool2d"), getattr(ops, f"{kind}_pool2d_backward")
            theirs = getattr(F, f"{kind}_pool2d")
            y = pool(x, 3, 2)
            ty = torch.from_numpy(y)

            def both(theirs=theirs, tx=tx, ty=ty):
                theirs(tx.requires_grad_(), 3, 2).backward(ty)

            def alone(theirs=theirs, tx=tx):
                with torch.no_grad():
                    theirs(tx, 3, 2)

            # ours finds the largest values again on the way back, so PyTorch's two ways stand beside it
            times = best_ms(
                lambda x=x, pool=pool: pool(x, 3, 2),
                alone,
                lambda x=x, y=y, backward=backward: backward(y, x, 3, 2),
                both,
            )
            for way, ours, theirs_ms in zip(("forward", "backward"), times[::2], times[1::2], strict=True):
                yield {
                    "what": f"{kind} {name}",
                    "batch": batch,
                    "pass": way,
                    "ours": ours,
                    "pytorch": theirs_ms,
                }


def scaling_rows():
    for axis, values in SCALING.items():
        for value in values:
            n = {**BASE, axis: value}
            x, w = (
                normal(n["batch"], n["channels"], n["image"], n["image"]),
                normal(n["channels"], n["channels"], *[n["kernel"]] * 2),
            )
            args, theirs = (
                (x, w, None, 1, "same"),
                (torch.from_numpy(x), torch.from_numpy(w), None, 1, "same"),
            )
            ours_ms, pytorch_ms = best_ms(lambda a=args: ops.conv2d(*a), lambda a=theirs: F.conv2d(*a))
            yield {
                "axis": axis,
                "value": value,
                "macs": x.size * w[0].size,
                "ours": ours_ms,
                "pytorch": pytorch_ms,
            }


def memory_rows():
    for name, c, size, o, k, s, p, g in LAYERS:
        for batch in (1, 8):
            x, w = normal(batch, c, size, size), normal(o, c // g, k, k)
            y = ops.conv2d(x, w, None, s, p, 1, g)
            columns = y[:, 0].size * c * k * k * x.itemsize
            row = {"what": name, "batch": batch, "im2col_mb": round(columns / 1e6, 2)}
            calls = {"forward": lambda a=(x, w, None, s, p, 1, g): ops.conv2d(*a),
                     "backward": lambda a=(y, x, w, None, s, p, 1, g): ops.conv2d_backward(*a)}  # fmt: skip
            for way, call in calls.items():
                tracemalloc.start()
                call()
                row[f"{way}_mb"] = round(tracemalloc.get_traced_memory()[1] / 1e6, 2)
                tracemalloc.stop()
            yield row


def measure():
    """Everything, in this process with its number of threads and its matrix kernels."""
    torch.set_num_threads(THREADS)
    a, b = normal(1024, 1024), normal(1024, 1024)
    (peak,) = best_ms(lambda: a @ b)
    (blas,) = {i["architecture"] for i in threadpool_info() if i["internal_api"] == "openblas"}
    rows = [row for batch in (1, 8) for rows in (layer_rows, pool_rows) for row in rows(batch)]
    return {
        "threads": THREADS,
        "openblas": blas,
        "matmul_gflops": round(2 * 1024**3 / peak / 1e6, 1),
        "rows": rows,
        "scaling": list(scaling_rows()),
        "memory": list(memory_rows()),
    }


def in_new_process(**variables):
    done = subprocess.run(
        [sys.executable, __file__],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def main(path, threads="1"):
    runs = [in_new_process(OMP_NUM_THREADS=threads)]
    avx512 = Path("/proc/cpuinfo").exists() and "avx512f" in Path("/proc/cpuinfo").read_text()
    if avx512 and runs[0]["openblas"] != "SkylakeX":
        runs.append(in_new_process(OMP_NUM_THREADS=threads, OPENBLAS_CORETYPE="SkylakeX"))
    versions = {"numpy": np.__version__, "torch": torch.__version__, "python": platform.python_version()}
    Path(path).write_text(json.dumps({"unit": "ms", "versions": versions, "runs": runs}, indent=1) + "\n")
    for run in runs:
        print(
            f"\n{run['threads']} threads, OpenBLAS {run['openblas']}, matmul {run['matmul_gflops']} GFLOP/s"
        )
        for row in run["rows"]:
            share = (
                f"{2 * row['macs'] / row['ours'] / 1e6 / run['matmul_gflops']:.0%}" if "macs" in row else ""
            )
            print(
                f"{row['what']:10} batch {row['batch']} {row['pass']:8} ours {row['ours']:9.3f} "
                f"PyTorch {row['pytorch']:9.3f} ratio {row['ours'] / row['pytorch']:5.2f} {share}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    else:
        json.dump(measure(), sys.stdout)
