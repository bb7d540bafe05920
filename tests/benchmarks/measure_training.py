"""Images a second: in the training loop, data and augmentation included, and for the network alone.

Run with `python tests/benchmarks/measure_training.py [EXPERIMENT …]`.
"""

import sys
import time

import torch

from course_pkg.data.registry import DataUnavailable
from course_pkg.training.experiment import OPTIMIZERS, Experiment, Task, train_once
from course_pkg.training.experiments import EXPERIMENTS

STEPS = 10


def in_the_loop(experiment: Experiment, network: str, task: Task) -> float:
    silent = task._replace(watch=lambda net: {})
    times = []
    for steps in (2, 2 + STEPS):  # the second run takes STEPS more
        start = time.perf_counter()
        train_once(experiment, network, task=silent, steps=steps)
        times.append(time.perf_counter() - start)
    return STEPS * experiment.batch_size / (times[1] - times[0])


def alone(experiment: Experiment, network: str, task: Task) -> float:
    net = experiment.networks[network]()
    optimizer = OPTIMIZERS[experiment.optimizer](net.parameters(), lr=experiment.learning_rate)
    x, y = next(task.batches(experiment.batch_size, 0).epoch(0))
    for step in range(2 + STEPS):
        if step == 2:
            start = time.perf_counter()
        optimizer.zero_grad()
        task.loss(net(x), y).backward()
        optimizer.step()
    return STEPS * experiment.batch_size / (time.perf_counter() - start)


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
        loop, bare = in_the_loop(experiment, network, task), alone(experiment, network, task)
        batch = experiment.batch_size
        print(f"{name:24}{network:18}{batch:6}{loop:11.0f}/s{bare:8.0f}/s{loop / bare:8.0%}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
