"""Batches read by workers are those read without them, in order, and leave random numbers alone."""

import doctest

import numpy as np
import pytest
import torch

from course_pkg.training import workers
from course_pkg.training.batches import Batches
from course_pkg.training.workers import WorkerBatches, read_ahead


def read(which):
    return torch.from_numpy(which) * 10, {"numbers": torch.from_numpy(which)}


def numbers(epoch):
    return [(x.tolist(), y["numbers"].tolist()) for x, y in epoch]


def test_workers_change_nothing():
    for seed in (0, 5):
        plain, ahead = Batches(read, 23, 4, seed), WorkerBatches(read, 23, 4, seed, workers=2)
        assert len(ahead) == len(plain)
        assert numbers(ahead.epoch(1)) == numbers(plain.epoch(1))
        assert numbers(ahead.epoch(1, start=3)) == numbers(plain.epoch(1, start=3))


@pytest.mark.parametrize("count", [0, 2])
def test_the_global_generator_is_left_alone(count):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    assert len(list(read_ahead(read, np.array_split(np.arange(7), 3), count))) == 3
    assert torch.equal(torch.rand(3), expected)


def damaged(which):
    if 6 in which:
        raise ValueError("photograph 6 cannot be read")
    return read(which)


@pytest.mark.parametrize("count", [0, 2])
def test_what_goes_wrong_in_a_worker_is_told(count):
    with pytest.raises(ValueError, match="photograph 6 cannot be read"):
        list(WorkerBatches(damaged, 10, 2, shuffle=False, workers=count).epoch(0))


def test_bad_input():
    with pytest.raises(ValueError, match="workers: got -1"):
        WorkerBatches(read, 10, 2, workers=-1)


def test_examples_in_docstrings():
    assert doctest.testmod(workers).failed == 0
