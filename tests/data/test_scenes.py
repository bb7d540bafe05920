"""What scenes say about themselves is what is in their pixels; nothing is in two splits."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.data.scenes import VOID, Rules, digit_scenes
from course_pkg.data.scenes.backgrounds import backgrounds
from course_pkg.data.scenes.compose import CutOut, compose


@pytest.fixture(scope="module")
def scenes():
    return digit_scenes("train", size=64)


def disc(rng, side):
    y, x = np.mgrid[: int(side), : int(side)] - (int(side) - 1) / 2
    return CutOut((np.hypot(x, y) <= side / 2).astype(np.float32), None, int(rng.integers(5)))


rules = st.builds(
    Rules,
    objects=st.tuples(st.integers(0, 3), st.integers(3, 12)),
    scale=st.tuples(st.floats(0.1, 0.4), st.floats(0.4, 1)),
    cut=st.floats(0, 0.5),
    least_visible=st.floats(0.05, 1),
    overlap=st.floats(0, 1),
    difficult=st.floats(0, 1),
)


@given(rules=rules, height=st.integers(16, 90), width=st.integers(16, 90), seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_truth_agrees_with_the_pixels(rules, height, width, seed):
    rng = np.random.default_rng(seed)
    scene = compose(np.full((height, width, 3), 0.5, np.float32), disc, rules, rng)
    assert scene.image.shape == (3, height, width)
    assert scene.mask.shape == scene.instances.shape == (height, width)
    assert len(scene.labels) <= rules.objects[1]
    assert scene.instances.max(initial=0) == len(scene.labels)
    for i, label in enumerate(scene.labels):
        rows, columns = np.nonzero(scene.instances == i + 1)
        x0, y0, x1, y1 = scene.boxes[i]
        assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (x0, x1, y0, y1)
        assert (scene.mask[rows, columns] == label + 1).all()
    assert (scene.mask[scene.instances == 0] == 0).all()
    assert (scene.visible >= np.float32(rules.least_visible) - 1e-6).all()
    assert (scene.visible <= 1).all()
    assert ((scene.visible < 1) == (scene.truncated | scene.occluded)).all()
    assert (scene.difficult == (scene.visible < rules.difficult)).all()


def test_background_is_where_the_mask_says():
    for seed in range(20):
        scene = compose(np.full((40, 50, 3), 0.5, np.float32), disc, Rules(), np.random.default_rng(seed))
        changed = (scene.image != np.float32(0.5)).any(axis=0)
        np.testing.assert_array_equal(changed, scene.mask > 0)


def test_an_object_on_top_hides_what_is_below():
    def square(rng, side):
        return CutOut(np.ones((20, 20), np.float32), None, 0)

    crowded = Rules(objects=(2, 2), cut=0, least_visible=0.3)
    hidden = []
    for seed in range(50):
        scene = compose(np.zeros((30, 30, 3), np.float32), square, crowded, np.random.default_rng(seed))
        below, above = scene.instances == 1, scene.instances == 2
        assert above.sum() == 400
        assert scene.visible.tolist() == pytest.approx([below.sum() / 400, 1])
        assert scene.occluded.tolist() == [True, False]  # two such squares cannot lie apart
        hidden.append(below.sum())
    assert min(hidden) >= 0.3 * 400


def test_cut_off_at_the_edge_is_told():
    scenes = [
        compose(np.zeros((32, 32, 3), np.float32), disc, Rules(objects=(1, 1), cut=0.5, least_visible=0.1),
                np.random.default_rng(seed))
        for seed in range(100)
    ]  # fmt: skip
    for scene in scenes:
        x0, y0, x1, y1 = scene.boxes[0]
        at_edge = x0 == 0 or y0 == 0 or x1 == 32 or y1 == 32
        assert at_edge or not scene.truncated[0]
        assert not scene.occluded[0]
    assert 10 < sum(scene.truncated[0] for scene in scenes) < 90


def test_one_colour_stands_out_from_what_it_covers():
    for seed in range(200):
        grey = np.float32(seed / 200)
        background = np.full((32, 32, 3), grey)
        scene = compose(background, disc, Rules(objects=(1, 1), contrast=0.3), np.random.default_rng(seed))
        inside = scene.image[:, scene.mask > 0].mean(axis=1) @ [0.299, 0.587, 0.114]
        assert abs(inside - grey) >= 0.3 - 1e-5
        assert scene.image.min() >= 0
        assert scene.image.max() <= 1 + 1e-6


def test_void_is_a_band_along_the_outlines():
    def square(rng, side):
        return CutOut(np.ones((20, 20), np.float32), None, 4)

    scene = compose(
        np.zeros((64, 64, 3), np.float32),
        square,
        Rules(objects=(1, 1), cut=0, void=2),
        np.random.default_rng(0),
    )
    x0, y0, x1, y1 = scene.boxes[0].astype(int)
    expected = np.zeros((64, 64), np.uint8)
    expected[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2] = VOID
    expected[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2] = 5
    np.testing.assert_array_equal(scene.mask, expected)
    assert (scene.instances == 1).sum() == 400


def test_the_same_index_gives_the_same_scene_in_any_order(scenes):
    forward = [scenes[i] for i in range(12)]
    again = digit_scenes("train", size=64)
    for i in (7, 3, 11, 0, 7):
        for one, other in zip(forward[i], again[i], strict=True):
            np.testing.assert_array_equal(one, other)
    batch = again.batch([5, 2])
    np.testing.assert_array_equal(batch.images[1], forward[2].image)
    np.testing.assert_array_equal(batch.masks[0], forward[5].mask)
    np.testing.assert_array_equal(batch.boxes[0], forward[5].boxes)
    np.testing.assert_array_equal(batch.labels[1], forward[2].labels)
    np.testing.assert_array_equal(scenes[-1].image, scenes[len(scenes) - 1].image)


def test_other_index_seed_or_split_gives_another_scene(scenes):
    pictures = [
        scenes[0], scenes[1], digit_scenes("train", seed=1)[0], digit_scenes("validation")[0],
        digit_scenes("test")[0],
    ]  # fmt: skip
    assert len({scene.image.tobytes() for scene in pictures}) == len(pictures)


def test_splits_share_no_digit_and_no_photograph():
    parts = [digit_scenes(split) for split in ("train", "validation", "test")]
    digits = [{image.tobytes() for image in part.cut_outs.images} for part in parts]
    photos = [{photo.tobytes() for photo in part.backgrounds.photographs} for part in parts]
    assert [len(images) for images in digits] == [3500, 500, 1000]
    for images in (digits, photos):
        assert len(set().union(*images)) == sum(map(len, images))
    for part in parts:
        assert len(set(np.bincount(part.cut_outs.labels).tolist())) == 1  # every digit as often


@given(height=st.integers(1, 700), width=st.integers(1, 700), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_backgrounds_of_any_size_stay_inside_their_photograph(height, width, seed):
    drawn = backgrounds("test", field=(300, 600)).draw(np.random.default_rng(seed), height, width)
    assert drawn.shape == (height, width, 3)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() <= drawn.max() <= 1 + 1e-6


@pytest.mark.parametrize("size", [16, (48, 80), (96, 40), 224])
def test_any_size(size):
    scenes = digit_scenes("validation", size=size)
    height, width = scenes.size
    for i in range(6):
        scene = scenes[i]
        assert scene.image.shape == (3, height, width)
        assert scene.image.dtype == np.float32
        assert 0 <= scene.image.min() < scene.image.max() <= 1 + 1e-6
        assert set(np.unique(scene.mask)) == {0, *(scene.labels + 1)}
        assert 1 <= len(scene.labels) <= 4
        assert (scene.visible >= 0.8).all()


def test_all_digits_come_and_all_counts(scenes):
    sample = [scenes[i] for i in range(400)]
    counts = np.bincount([len(scene.labels) for scene in sample])
    assert counts[0] == 0
    assert (counts[1:] > 50).all()
    assert (np.bincount(np.concatenate([scene.labels for scene in sample])) > 50).all()


def test_a_worker_s_copy_gives_the_same(scenes):
    copy = pickle.loads(pickle.dumps(scenes))
    np.testing.assert_array_equal(copy[9].image, scenes[9].image)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: digit_scenes("tests"), ValueError, "split: got 'tests', expected one of 'train'"),
        (lambda: digit_scenes(size=15), ValueError, "size: got 15, expected height and width"),
        (lambda: digit_scenes(size=(64, 64, 64)), ValueError, "size: got"),
        (lambda: digit_scenes(size=64.0), TypeError, "size: got float 64.0"),
        (lambda: digit_scenes(count=0), ValueError, "count: got 0"),
        (lambda: digit_scenes(seed=-1), ValueError, "seed: got -1"),
        (lambda: digit_scenes(count=3)[3], IndexError, "index: got 3, expected at most 2, there are 3"),
        (lambda: digit_scenes(count=3)[1.0], TypeError, "index: got float 1.0"),
        (lambda: digit_scenes(count=3).batch([]), ValueError, "indices: got none"),
        (lambda: Rules(objects=(3, 2)), ValueError, r"objects: got \(3, 2\), expected fewest and most"),
        (lambda: Rules(objects=3), ValueError, "objects: got int 3, expected two numbers"),
        (lambda: Rules(scale=(0.5, 0.2)), ValueError, r"scale: got \(0.5, 0.2\)"),
        (lambda: Rules(cut=0.6), ValueError, "cut: got 0.6, expected 0 to 0.5"),
        (lambda: Rules(least_visible=0), ValueError, "least_visible: got 0, expected a number"),
        (lambda: Rules(void=1.5), TypeError, "void: got float 1.5"),
        (lambda: compose(np.zeros((3, 32, 32)), disc, Rules(), None), ValueError, "background: got an array"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
