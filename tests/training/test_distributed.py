"""Several processes train as one does; what a process gets of each batch; and who goes on after a kill."""

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_pkg.training import distributed
from course_pkg.training.batches import Batches, batches
from course_pkg.training.cards import load_weights
from course_pkg.training.distributed import Place, group, here, launch, launched, own_seed, replicas, shards
from course_pkg.training.distributed.shards import shard
from course_pkg.training.loop import fit
from tests.training import many_processes

PROGRAM = many_processes.__file__


@pytest.mark.parametrize("module", [distributed, shards, replicas])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


# -- who gets which examples --------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(("count", "size", "complete"), [(64, 16, False), (61, 13, False), (61, 13, True)])
def test_over_an_epoch_no_example_is_lost_or_doubled(processes, count, size, complete):
    whole = Batches(lambda which: (which, which), count, size, seed=5, complete=complete)
    for number in (0, 3):
        parts = [list(shard(whole, Place(rank, processes)).epoch(number)) for rank in range(processes)]
        given = np.concatenate([part.x for process in parts for part in process])
        left_over = 0 if complete else count % size
        assert len(given) == len(set(given.tolist())) == count - left_over
        for batch, *own in zip(whole.epoch(number), *parts, strict=True):
            np.testing.assert_array_equal(np.concatenate([part.x for part in own]), batch[0])
            sizes = [len(part.x) for part in own]
            assert max(sizes) - min(sizes) <= 1
            assert [part.weight for part in own] == [n * processes / len(batch[0]) for n in sizes]


def test_a_process_reads_only_its_own_examples_and_can_start_in_the_middle():
    read = []
    whole = Batches(lambda which: (read.append(which), which), 20, 10, seed=1)
    own = shard(whole, Place(1, processes=2))
    assert len(own) == 2
    middle = next(own.epoch(4, start=1))
    assert [which.tolist() for which in read] == [whole.order(4)[15:].tolist()]
    assert middle.y.tolist() == whole.order(4)[15:].tolist()


@pytest.mark.parametrize(("count", "size"), [(61, 13), (60, 20), (7, 7), (100, 99), (5, 1)])
def test_an_epoch_that_leaves_nothing_over_has_nearly_equal_batches(count, size):
    some = batches(np.zeros((count, 1)), np.arange(count), size, complete=True)
    sizes = [len(y) for _, y in some.epoch(0)]
    assert len(sizes) == len(some) == -(-count // size)
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= size
    assert sorted(torch.cat([y for _, y in some.epoch(2)]).tolist()) == list(range(count))
    later = [y.tolist() for _, y in some.epoch(2, start=1)]
    assert later == [y.tolist() for _, y in some.epoch(2)][1:]


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_the_mean_of_weighted_gradients_is_the_gradient_of_the_whole(processes):
    x, y = many_processes.examples()
    net = many_processes.network()
    whole = batches(x, y, 11, seed=2)
    F.cross_entropy(net(x[whole.order(0)[:11]]), y[whole.order(0)[:11]]).backward()
    expected = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    for rank in range(processes):
        part = next(shard(whole, Place(rank, processes)).epoch(0))
        (F.cross_entropy(net(part.x), part.y) * part.weight / processes).backward()
    for p, gradient in zip(net.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-5, atol=1e-7)


def test_batches_that_cannot_be_divided_are_refused():
    class Others:
        def __len__(self):
            return 1

        def epoch(self, number, start=0):
            yield torch.zeros(4, 1), torch.zeros(4)

    assert next(shard(Others(), Place()).epoch(0)).weight == 1.0
    with pytest.raises(TypeError, match=r"batches: got Others .*expected Batches, .* among 2 processes"):
        shard(Others(), Place(0, processes=2))
    few = Batches(lambda which: (which, which), examples=9, batch_size=3)
    with pytest.raises(ValueError, match=r"batch_size: got a batch of 3, expected .* each of the 4 proc"):
        next(shard(few, Place(0, processes=4)).epoch(0))


# -- the place of a process ---------------------------------------------------------------------------------


def environment(monkeypatch, **values):
    everything = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    for name, value in (everything | values).items():
        monkeypatch.setenv(name, value)


def test_the_place_is_what_torchrun_says(monkeypatch):
    environment(monkeypatch)
    assert launched() == Place(rank=3, processes=8, local_rank=1)
    with pytest.raises(RuntimeError, match=r"has started 8 processes, .* write `with group\(\):`"):
        here()
    monkeypatch.delenv("MASTER_PORT")  # some clusters set WORLD_SIZE for whatever they start
    assert launched() == here() == Place()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"RANK": "x"}, "RANK in the environment: got 'x', expected a whole number"),
        ({"WORLD_SIZE": "-1"}, "WORLD_SIZE in the environment: got '-1'"),
        ({"RANK": "8"}, "got 8 and 1, expected numbers below WORLD_SIZE, 8"),
    ],
)
def test_an_environment_that_makes_no_sense(monkeypatch, values, message):
    environment(monkeypatch, **values)
    with pytest.raises(ValueError, match=message):
        launched()


def test_more_processes_than_gpus(monkeypatch):
    environment(monkeypatch)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match=r"got 1 GPUs, expected one for each .* --nproc-per-node 1"), group():
        raise AssertionError("joined")


def test_seeds_of_processes_differ(monkeypatch):
    seeds = []
    for rank in range(100):
        monkeypatch.setattr(distributed, "here", lambda rank=rank: Place(rank, 100))
        seeds += [own_seed(0), own_seed(1)]
    assert len(set(seeds)) == 200
    assert seeds[:2] == [0, 1]  # the first process draws what a process alone draws


# -- several processes --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def alone():
    seen = []
    weights, history = many_processes.equal(seen=seen)
    return weights, many_processes.plain(history), seen


@pytest.fixture(scope="module", params=[2, 4])
def several(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("equal")
    launch.launch([PROGRAM, "equal", str(folder)], request.param)
    return [torch.load(folder / f"process_{rank}.pt") for rank in range(request.param)]


def assert_close(run, other):
    for one, theirs in zip(run, other, strict=True):
        assert list(one) == list(theirs)
        for name, values in one.items():
            torch.testing.assert_close(
                values, theirs[name], rtol=1e-5, atol=1e-5, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}"
            )


def test_several_processes_train_as_one(alone, several):
    weights, history, _ = alone
    assert history["loss"][-1] < history["loss"][1]  # it does learn
    for process in several:
        assert_close((process["weights"], process["history"]), (weights, history))
    final = several[0]["final"]
    assert all(each == final[0] for each in final)  # to the last bit


def test_split_weights_train_as_whole_ones(alone, several):
    weights, history, _ = alone
    for process in several:
        assert_close((process["split"], process["split_history"]), (weights, history))


def test_a_process_that_is_short_of_memory_does_not_leave_the_others_waiting(alone, several):
    weights, history, _ = alone
    for process in several:
        assert_close((process["short"], process["short_history"]), (weights, history))


def test_all_processes_together_see_what_one_sees(alone, several):
    seen = [i for process in several for i in process["seen"]]
    assert sorted(seen) == sorted(alone[2])
    epochs = 2 * many_processes.STEPS // 4
    assert sorted(seen) == sorted(list(range(46)) * epochs)


def test_the_first_process_alone_measures_and_logs(several):
    first, *others = several
    assert first["evaluated"] == [False] * 5
    assert first["logged"] == [0, 2, 4, 6, 8]
    for process in others:
        assert process["evaluated"] == process["logged"] == []


def test_processes_draw_their_own_random_numbers(several):
    drawn = [tuple(numbers) for numbers in several[0]["drawn"]]
    assert len(set(drawn)) == len(several)


def test_what_goes_wrong_in_the_first_is_told_to_all(several):
    first, *others = several
    assert first["fault"] == "ZeroDivisionError: integer division or modulo by zero"
    assert {each["fault"] for each in others} == {f"RuntimeError: the first process failed: {first['fault']}"}
    assert all(each["again"] == "again" for each in several)


def test_killed_in_the_middle(tmp_path):
    """`kill -9` of one process, then of another in another run; `torchrun` starts all again each time."""
    launch.launch([PROGRAM, "resume", str(tmp_path)], 2, restarts=2)
    reached = json.loads((tmp_path / "attempts.json").read_text())
    assert reached == [[0, 0], [1, 0], [many_processes.STEPS, 2]]  # steps with whole weights, with split ones
    for rank in range(2):
        results = torch.load(tmp_path / f"process_{rank}.pt")
        for name in ("none", "fully_connected"):
            resumed, whole = results[name], results[f"{name}, uninterrupted"]
            for one, other in zip(resumed, whole, strict=True):
                for key, values in one.items():
                    assert values.numpy().tobytes() == other[key].numpy().tobytes(), (name, key)
    saved = torch.load(tmp_path / "none.pt", weights_only=True)
    assert not torch.equal(saved["random"]["torch"], saved["others"][0]["random"]["torch"])
    with pytest.raises(ValueError, match=r"processes: got None, expected 2, with which .*none\.pt was"):
        many_processes.run_with_chance(tmp_path / "none.pt")


def test_the_command_prints_and_stores_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["-m", "course_pkg", "train", "alexnet", "--profile", "smoke", "--steps", "2", "--out", "out"]
    ended = launch.launch(arguments, processes=2)
    assert ended.stdout.count("alexnet, smoke profile, digits, seed 0") == 1
    weights, card = load_weights(Path("out/alexnet/smoke/digits.safetensors"))
    assert (card["processes"], card["settings"]["steps"]) == (2, 2)
    assert all(torch.isfinite(values).all() for values in weights.values())
    assert not list(Path("out").rglob("*.pt"))


def test_fit_in_a_group_of_one_needs_nothing():
    x, y = many_processes.examples()
    net = many_processes.network()
    with group() as place:
        fit(
            net, batches(x, y, 20), F.cross_entropy, optimizer=torch.optim.SGD(net.parameters(), 0.1), steps=1
        )
    assert place == Place()
