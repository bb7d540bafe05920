import numpy as np
import pytest
import pywt.data
import scipy.signal

from course_pkg.data.signals import ecg, plucked_string, random_walk


def test_ecg_is_the_recording_with_three_beats():
    heart = ecg()
    np.testing.assert_array_equal(heart, pywt.data.ecg())
    beats, _ = scipy.signal.find_peaks(heart, height=150, distance=100)
    assert beats.tolist() == [190, 518, 848]


def test_ecg_gives_a_fresh_array():
    ecg()[:] = 0
    assert ecg().any()


def test_random_walk_starts_at_zero_and_takes_standard_normal_steps():
    walk = random_walk(20_000, seed=1)
    steps = np.diff(walk)
    assert walk.shape == (20_000,)
    assert walk[0] == 0
    assert abs(steps.mean()) < 0.03
    assert abs(steps.std() - 1) < 0.03
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 0.03
    np.testing.assert_array_equal(walk, random_walk(20_000, seed=1))


@pytest.mark.parametrize(("period", "length"), [(50, 2000), (7, 100), (2, 30)])
def test_plucked_string_is_a_filter_of_its_burst(period, length):
    string = plucked_string(length, period=period, seed=3)
    impulse = np.zeros(length)
    impulse[: period + 1] = string[: period + 1]
    # y[n] = x[n] + (y[n - period] + y[n - period - 1]) / 2; the burst's last sample already holds its share
    impulse[period] -= string[0] / 2
    feedback = np.zeros(period + 2)
    feedback[[0, period, period + 1]] = [1, -0.5, -0.5]
    np.testing.assert_allclose(string, scipy.signal.lfilter([1], feedback, impulse), atol=1e-12)


def test_plucked_string_dies_away_and_repeats_every_half_more_than_its_period():
    string = plucked_string(4000, period=40, seed=0)
    energy = (string.reshape(4, 1000) ** 2).sum(axis=1)
    assert (np.diff(energy) < 0).all()
    late = string[2000:]
    likeness = [late[lag:] @ late[:-lag] for lag in range(60, 100)]
    assert 60 + np.argmax(likeness) == 81  # two turns
    assert abs(string).max() == 1


def test_short_signals():
    assert random_walk(1).tolist() == [0]
    assert plucked_string(1).shape == (1,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random_walk(0), ValueError, "length: got 0"),
        (lambda: random_walk(2.5), TypeError, "length: got float 2.5"),
        (lambda: random_walk(3, seed=-1), ValueError, "seed: got -1"),
        (lambda: plucked_string(-1), ValueError, "length: got -1"),
        (lambda: plucked_string(10, period=1), ValueError, "period: got 1"),
        (lambda: plucked_string(10, seed="a"), TypeError, "seed: got str 'a'"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
