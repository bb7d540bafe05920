"""Five seeds as one stack against five seeds one after the other; not part of `make test`.

Run with `python -m pytest tests/benchmarks/test_ensemble.py`.
"""

import pytest

from course_pkg.data.mnist1d import make_mnist1d
from course_pkg.training.mnist1d import NETWORKS, SEEDS, train_network

GROUPS = {"together": [SEEDS], "one by one": [[seed] for seed in SEEDS]}


@pytest.mark.parametrize("how", GROUPS)
@pytest.mark.parametrize("network", NETWORKS)
def test_five_seeds(benchmark, network, how):
    data = make_mnist1d()
    benchmark.group = network

    def train():
        return [train_network(network, data, steps=500, seeds=seeds) for seeds in GROUPS[how]]

    runs = benchmark.pedantic(train, rounds=3)
    assert sum(len(run.models) for run in runs) == len(SEEDS)
