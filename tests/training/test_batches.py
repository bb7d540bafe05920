"""The order of the examples is a function of seed and epoch, and nothing is lost or doubled."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.training.batches import Batches, batches, stream


def numbers(examples, batch_size, **options):
    return Batches(lambda which: (which, which), examples, batch_size, **options)


def taken(source, epoch, start=0):
    return [x.tolist() for x, _ in source.epoch(epoch, start)]


@given(st.integers(1, 40), st.data(), st.integers(0, 99), st.integers(0, 5), st.booleans(), st.booleans())
def test_an_epoch_has_each_example_once(examples, data, seed, epoch, shuffle, fresh):
    size = data.draw(st.integers(1, examples))
    source = numbers(examples, size, seed=seed, shuffle=shuffle, fresh=fresh)
    got = taken(source, epoch)
    assert len(got) == len(source) == examples // size
    assert all(len(batch) == size for batch in got)
    flat = list(itertools.chain(*got))
    assert len(set(flat)) == len(flat)
    first = epoch * examples if fresh else 0
    assert set(flat) <= set(range(first, first + examples))
    if not shuffle:
        assert flat == list(range(first, first + len(flat)))


@given(st.integers(1, 30), st.data(), st.integers(0, 40))
def test_a_start_in_the_middle(examples, data, start):
    size = data.draw(st.integers(1, examples))
    source = numbers(examples, size, seed=1)
    whole = list(itertools.islice(stream(source), start + 5))
    later = list(itertools.islice(stream(source, start), 5))
    assert [x.tolist() for x, _ in later] == [x.tolist() for x, _ in whole[start:]]


def test_what_is_left_out_is_not_read():
    read = []
    source = Batches(lambda which: (read.append(which), None), 10, 2)
    next(stream(source, start=13))
    assert len(read) == 1


def test_seeds_and_epochs_have_orders_of_their_own():
    orders = [tuple(numbers(50, 5, seed=s).order(e)) for s in range(3) for e in range(3)]
    assert len(set(orders)) == 9


def test_pixels_are_bytes_in_memory_and_floats_in_a_batch():
    x = np.arange(24, dtype=np.uint8).reshape(4, 1, 2, 3)
    ((images, classes),) = batches(x, np.array([0, 1, 2, 3], dtype=np.int32), 4, shuffle=False).epoch(0)
    torch.testing.assert_close(images, torch.tensor(x / 255, dtype=torch.float32))
    assert classes.dtype == torch.int64
    ((images, maps),) = batches(x / 255, torch.zeros(4, 7, dtype=torch.float64), 4).epoch(0)
    assert images.dtype == maps.dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], np.zeros(2), 1), TypeError, "x: got list"),
        ((np.zeros((2, 3)), [1, 2], 1), TypeError, "y: got list"),
        ((np.zeros((2, 3)), np.zeros(3), 1), ValueError, r"y: got shape \(3,\), expected 2 of them"),
        ((np.zeros((0, 3)), np.zeros(0), 1), ValueError, r"x: got shape \(0, 3\), expected at least one"),
        ((np.zeros((2, 3)), np.zeros(2), 3), ValueError, "batch_size: got 3, expected at most the 2"),
        ((np.zeros((2, 3)), np.zeros(2), 0), ValueError, "batch_size: got 0"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        batches(*arguments)


def test_bad_settings():
    with pytest.raises(TypeError, match="read: got list"):
        Batches([], 4, 2)
    with pytest.raises(ValueError, match="seed: got -1"):
        numbers(4, 2, seed=-1)
    with pytest.raises(TypeError, match="shuffle: got int 1"):
        numbers(4, 2, shuffle=1)
