"""What `bench train` measures: its loops train, its counts are those of PyTorch, its figures follow."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from course_pkg.arithmetic import layer_table
from course_pkg.models import VGG, AlexNet
from course_pkg.training.batches import batches
from course_pkg.training.experiment import Experiment
from course_pkg.training.speed import command, comparison, plain, turns
from course_pkg.training.speed.ceiling import matrix_flops, training_flops
from course_pkg.training.speed.comparison import jobs, measure, take_turns, ways_of
from course_pkg.training.speed.plain import PillowImages, loader, train_plainly
from course_pkg.training.speed.stopwatch import PARTS, Stopwatch, Watched
from course_pkg.training.speed.turns import Job, Way

CPU = torch.device("cpu")


class Tiny(nn.Sequential):
    input_size = (3, 32, 32)

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10))


TINY = Job(
    Experiment(
        networks={"tiny": Tiny},
        task=lambda network: pytest.fail("no data is needed to measure speed"),
        metric="test_error",
        steps=1,
        batch_size=1,
        learning_rate=1.0,
        optimizer="SGD with momentum 0.9",
        clip=1.0,
        augment=lambda: lambda x, y: (x.flip(3), y),
    ),
    "tiny",
    batch_size=6,
    warm=1,
    steps=3,
    rounds=3,
    ours=Way(channels_last=True),
    ladder=False,
)


@pytest.fixture(autouse=True)
def _few_images(monkeypatch):
    random = np.random.default_rng(1)
    few = random.integers(256, size=(48, 3, 32, 32), dtype=np.uint8), random.integers(10, size=48)
    monkeypatch.setattr(turns, "made_up_images", lambda: few)
    monkeypatch.setattr(plain, "WORKERS", 0)


@pytest.mark.parametrize("build", [AlexNet.small, VGG.small, Tiny])
def test_products_and_sums_are_those_that_pytorch_counts(build):
    net = build()
    x = torch.rand(2, *net.input_size)
    with FlopCounterMode(display=False) as counter:
        forward = net(x)
        there = counter.get_total_flops()
        F.cross_entropy(forward, torch.tensor([0, 1])).backward()
    ours, first = 2 * training_flops(net, net.input_size), layer_table(net, net.input_size)[0]
    assert there == ours / 3
    assert counter.get_total_flops() == ours - 2 * 2 * first.macs  # nobody needs the gradient of the images


def test_the_ceiling_is_that_of_the_best_size():
    both = matrix_flops(CPU, "float32", sides=(4, 128))
    assert both > 5 * matrix_flops(CPU, "float32", sides=(4,))


def test_parts_add_up_over_a_step_and_skipped_steps_do_not_count(monkeypatch):
    first, second = (101.0, 103.0, 106.0, 110.0, 110.0), (115.0, 116.0, 118.0, 119.0, 119.0)
    now = iter([100.0, 100.0, *first, *second, 120.0])
    monkeypatch.setattr("course_pkg.training.speed.stopwatch.time.perf_counter", lambda: next(now))
    watch = Stopwatch(CPU, skip=2)
    for _ in range(4):
        for part in ("data", "rest", "forward"):
            watch.mark(part)
        watch.end_step()
    assert watch.parts() == {"data": 3.0, "forward": 2.5, "rest": (2.0 + 4.0 + 1.0 + 1.0) / 2}
    assert watch.stop() == 10.0


def test_a_stopwatch_that_counted_no_step_says_so():
    watch = Stopwatch(CPU, skip=1)
    watch.end_step()
    with pytest.raises(ValueError, match="skip: got 1"):
        watch.stop()


def test_watched_batches_are_the_same_ones():
    whole = batches(torch.arange(10.0).view(5, 2), torch.arange(5), 2)
    watched = Watched(whole, lambda: None, lambda: None)
    assert len(watched) == len(whole)
    for (x, y), (also_x, also_y) in zip(whole.epoch(3, 1), watched.epoch(3, 1), strict=True):
        assert torch.equal(x, also_x)
        assert torch.equal(y, also_y)


def test_pillow_moves_mirrors_and_enlarges_one_image_at_a_time():
    pixels = np.zeros((1, 3, 32, 32), np.uint8)
    pixels[0, :, 16, 8] = 51  # left of the middle, where mirrored right of it
    images = PillowImages(pixels, np.array([7]), size=32, padding=4)
    places = set()
    for _ in range(200):
        x, y = images[0]
        assert (x.dtype, x.shape, y) == (torch.float32, (3, 32, 32), 7)
        assert x.max() == pytest.approx(0.2)
        [_, row, column] = (x == x.max()).nonzero()[0].tolist()
        places.add((row, column))
    rows, columns = ({place[axis] for place in places} for axis in (0, 1))
    assert rows == set(range(12, 21))
    assert columns == set(range(4, 13)) | set(range(19, 28))
    assert PillowImages(pixels, np.array([7]), size=227, padding=4)[0][0].shape == (3, 227, 227)


def test_workers_bring_whole_batches(monkeypatch):
    monkeypatch.setattr(plain, "WORKERS", 1)
    x, y = turns.made_up_images()
    seen = list(loader(PillowImages(x, y, size=40, padding=4), 20, CPU))
    assert [tuple(images.shape) for images, _ in seen] == [(20, 3, 40, 40)] * 2
    assert all(classes.dtype == torch.int64 for _, classes in seen)


def test_the_plain_loop_takes_the_steps_of_the_optimiser():
    torch.manual_seed(0)
    net, also = nn.Linear(3, 2), nn.Linear(3, 2)
    also.load_state_dict(net.state_dict())
    some = [(torch.rand(4, 3), torch.tensor([0, 1, 1, 0])) for _ in range(2)]
    rule = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
    watch = Stopwatch(CPU, skip=1)
    loss = train_plainly(net, some, rule, steps=3, watch=watch)
    mine, losses = torch.optim.SGD(also.parameters(), lr=0.3, momentum=0.9), []
    for x, y in (*some, some[0]):
        mine.zero_grad()
        error = F.cross_entropy(also(x), y)
        error.backward()
        losses.append(error.item())
        mine.step()
    assert torch.equal(net.weight, also.weight)
    assert loss == pytest.approx(sum(losses) / 3)
    assert watch.steps == 2
    assert list(watch.parts()) == ["data", "forward", "backward", "optimiser", "rest"]


@pytest.mark.parametrize("way", [Way(plain=True), Way(), Way(precision="bfloat16", channels_last=True)])
@pytest.mark.parametrize("random", [False, True])
def test_every_way_trains_and_marks_its_parts(way, random):
    way = replace(way, random=random)
    model, optimizer = turns.start(TINY, way, CPU)
    before = model[0].weight.clone()
    turn = turns.take_turn(TINY, way, (model, optimizer), CPU)
    assert not torch.equal(before, model[0].weight)
    assert turn.seconds > 0
    augmented = not (way.plain or random)
    assert list(turn.parts) == [part for part in PARTS if augmented or part != "augmentation"]
    assert not optimizer._optimizer_step_pre_hooks, "a turn leaves nothing behind"


def test_both_loops_train_by_the_same_rule():
    _, ours = turns.start(TINY, Way(), CPU)
    _, theirs = turns.start(TINY, Way(plain=True), CPU)
    assert type(ours) is type(theirs)
    assert ours.defaults == theirs.defaults


def test_turns_alternate_and_each_round_begins_with_another_way(monkeypatch):
    order = []

    def take_turn(job, way, started, device):
        order.append((way, id(started[0])))
        return turns.Turn(1.0, {})

    monkeypatch.setattr(comparison, "take_turn", take_turn)
    a, b, c = Way(), Way(random=True), Way(plain=True)
    taken = take_turns(TINY, [a, b, c], CPU)
    assert [way for way, _ in order] == [a, b, c, b, c, a, c, a, b]
    assert {way: len(each) for way, each in taken.items()} == {a: 3, b: 3, c: 3}
    assert len({model for way, model in order if way in (a, b)}) == 1, "one network, whatever it is fed"


def test_figures_follow_from_the_turns(monkeypatch):
    seconds = {Way(plain=True): [0.3, 0.5, 0.4], TINY.ours: [0.1, 0.3, 0.2]}
    taken = {
        way: [turns.Turn(s, {"data": s / 2, "rest": 0.0}) for s in seconds[replace(way, random=False)]]
        for way in ways_of(TINY).values()
    }
    monkeypatch.setattr(comparison, "take_turns", lambda job, ways, device: taken)
    figures = measure(TINY, CPU, {"float32": 1e7})
    assert figures["flops_an_image"] == 6 * (4 * 64 * 27 + 2560)
    ours = figures["ways"]["ours"]
    assert ours["images_per_second"] == 6 / 0.2
    assert ours["lowest_and_highest"] == [20.0, 60.0]
    assert ours["milliseconds"] == {"data": 100.0, "rest": 0.0}
    assert ours["share_of_ceiling"] == pytest.approx(figures["flops_an_image"] * 30 / 1e7, rel=1e-3)
    assert (ours["precision"], ours["channels_last"], ours["compiled"]) == ("float32", True, False)


def test_where_memory_is_short_all_ways_get_half_the_batch(monkeypatch):
    tried = []

    def take_turns(job, ways, device):
        tried.append(job.batch_size)
        if job.batch_size > 2:
            raise torch.OutOfMemoryError
        return {way: [turns.Turn(1.0, {})] for way in ways}

    monkeypatch.setattr(comparison, "take_turns", take_turns)
    assert measure(replace(TINY, batch_size=9), CPU, {"float32": 1.0})["batch_size"] == 2
    assert tried == [9, 4, 2]
    monkeypatch.setattr(
        comparison, "take_turns", lambda *arguments: (_ for _ in ()).throw(torch.OutOfMemoryError())
    )
    with pytest.raises(torch.OutOfMemoryError):
        measure(TINY, CPU, {"float32": 1.0})


def test_a_full_run_is_measured_with_its_own_settings():
    for job in jobs("full").values():
        way = job.ours
        assert job.batch_size == job.experiment.batch_size
        assert (way.precision, way.channels_last) == (job.experiment.precision, job.experiment.channels_last)
        assert way in ways_of(job).values()
        assert (job.warm + job.steps) * job.batch_size <= turns.IMAGES, "a turn is part of an epoch"


def test_the_command_prints_a_table_and_stores_what_it_says(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "jobs", lambda profile: {"tiny network": TINY})
    monkeypatch.setattr(command, "matrix_flops", lambda *what: matrix_flops(*what, sides=(32,)))
    assert command.run(profile="smoke", out=tmp_path / "new" / "speed.json") == 0
    stored = json.loads((tmp_path / "new" / "speed.json").read_text())
    printed = capsys.readouterr().out
    assert stored["profile"] == "smoke"
    assert list(stored["networks"]["tiny network"]["ways"]) == list(ways_of(TINY))
    assert command.table("tiny network", stored["networks"]["tiny network"]) in printed
    assert command.heading(stored) in printed
