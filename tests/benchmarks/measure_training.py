"""Images a second: in the training loop, data and augmentation included, and for the network alone.

Run with `python tests/benchmarks/measure_training.py [EXPERIMENT …]`.
"""

import sys
import time

import torch

from course_pkg.data.registry import DataUnavailable
from course_pkg.training.experiment import OPTIMIZERS, Experiment, Task, train_once
from course_pkg.training.experiments import EXPERIMENTS

SECONDS = 3.0  # about how long each is measured


def alone(experiment: Experiment, network: str, task: Task) -> float:
    net = experiment.networks[network]()
    optimizer = OPTIMIZERS[experiment.optimizer](net.parameters(), lr=experiment.learning_rate)
    x, y = next(task.batches(experiment.batch_size, 0).epoch(0))
    steps, start = -2, 0.0  # the first two do not count
    while steps <= 0 or time.perf_counter() < start + SECONDS:
        if steps == 0:
            start = time.perf_counter()
        optimizer.zero_grad()
        task.loss(net(x), y).backward()
        optimizer.step()
        steps += 1
    return steps * experiment.batch_size / (time.perf_counter() - start)


def in_the_loop(experiment: Experiment, network: str, task: Task, steps: int) -> float:
    silent, times = task._replace(watch=lambda net: {}), []
    for more in (0, 0, steps):  # the first loads what is loaded once, the last takes so many steps more
        start = time.perf_counter()
        train_once(experiment, network, task=silent, steps=2 + more)
        times.append(time.perf_counter() - start)
    return steps * experiment.batch_size / (times[2] - times[1])


def main(names: list[str]) -> None:
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{'experiment':24}{'network':18}{'batch':>6}{'in the loop':>13}{'alone':>10}{'share':>8}")
    for name in names or EXPERIMENTS:
        experiment = EXPERIMENTS[name]
        network = next(iter(experiment.networks))
        try:
            task = experiment.task(network)
        except DataUnavailable as missing:
            print(f"{name:24}{missing}")
            continue
        bare, batch = alone(experiment, network, task), experiment.batch_size
        loop = in_the_loop(experiment, network, task, steps=max(10, int(SECONDS * bare / batch)))
        print(f"{name:24}{network:18}{batch:6}{loop:11.0f}/s{bare:8.0f}/s{loop / bare:8.0%}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
