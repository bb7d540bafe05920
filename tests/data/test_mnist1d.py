"""Our generator against the published one, number for number."""

import mnist1d.data
import numpy as np
import pytest

from course_pkg.data.mnist1d import make_mnist1d, templates


def published(**changes):
    settings = mnist1d.data.get_dataset_args()
    for name, value in changes.items():
        setattr(settings, name, value)
    return mnist1d.data.make_dataset(settings)


@pytest.mark.parametrize("changes", [{}, {"seed": 7, "num_samples": 300}, {"seed": 0, "num_samples": 10}])
def test_equals_the_published_set(changes):
    theirs = published(**changes)
    ours = make_mnist1d(size=changes.get("num_samples", 5000), seed=changes.get("seed", 42))
    np.testing.assert_allclose(ours.x_train, theirs["x"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.x_test, theirs["x_test"], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.y_train, theirs["y"])
    np.testing.assert_array_equal(ours.y_test, theirs["y_test"])
    np.testing.assert_allclose(ours.templates, theirs["templates"]["x"], rtol=0, atol=1e-12)


def test_same_seed_same_set_another_seed_another():
    first, again, other = (make_mnist1d(size=100, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.allclose(first.x_train, other.x_train)


def test_the_global_generator_is_left_alone():
    np.random.seed(5)  # noqa: NPY002 - the legacy state is the point
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    make_mnist1d(size=10)
    assert np.random.rand() == expected  # noqa: NPY002


def test_sizes_classes_and_standardisation():
    data = make_mnist1d()
    x, y = np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test])
    assert data.x_train.shape == (4000, 40)
    assert data.x_test.shape == (1000, 40)
    assert np.bincount(y).tolist() == [500] * 10
    assert len(np.unique(x, axis=0)) == 5000, "an example is in the set twice"
    assert abs(x.mean()) < 1e-12
    assert abs(x.std() - 1) < 1e-12


def test_templates_are_ten_different_shapes():
    assert len(np.unique(templates().round(9), axis=0)) == 10


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size: got 0"),
        ({"size": 5001}, ValueError, "size: got 5001, expected a multiple of 10"),
        ({"size": 50.0}, TypeError, "size: got float 50.0"),
        ({"seed": -1}, ValueError, "seed: got -1"),
        ({"seed": 2**32}, ValueError, "seed: got 4294967296"),
        ({"seed": "42"}, TypeError, "seed: got str '42'"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        make_mnist1d(**arguments)
