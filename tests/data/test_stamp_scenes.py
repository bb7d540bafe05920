"""Scenes of stamps, from a folder of small ones written here in the layout of Tux Paint."""

import numpy as np
import pytest
from PIL import Image

from course_pkg.data import registry
from course_pkg.data.scenes import VOID, Rules, stamp_scenes
from course_pkg.data.scenes.stamps import FOLDERS, stamp_files

WORDS = ["ant", "bat", "cow", "dog", "elk", "fox", "gnu"]


@pytest.fixture(scope="module")
def stamps(tmp_path_factory):
    """Seven stamps a class, each of a colour of its own: an L of opaque pixels in a transparent frame."""
    root = tmp_path_factory.mktemp("stamps")
    for label, place in enumerate(FOLDERS.values()):
        for i, word in enumerate([*WORDS, "dog_sits", "dog2"]):
            pixels = np.zeros((60, 80, 4), np.uint8)
            pixels[10:50, 20:40] = pixels[40:50, 20:70] = (20 + 30 * label, 20 + 25 * i, 200, 255)
            file = root / place / ("deep" if i % 2 else "") / f"{word}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
        for name in ("cartoon/zebra.png", "hedgehog.png"):
            file = root / place / name
            file.parent.mkdir(exist_ok=True)
            Image.new("RGBA", (50, 50), (255, 0, 255, 255)).save(file)
    return root


def names(root, split):
    return sorted(file.stem for file in stamp_files(root / FOLDERS["bird"], split))


def test_split_by_the_first_word_without_drawings(stamps):
    assert names(stamps, "train") == ["ant", "bat", "cow", "fox", "gnu"]
    assert names(stamps, "validation") == ["dog", "dog2", "dog_sits"]
    assert names(stamps, "test") == ["elk"]


def test_scenes_show_the_stamps_of_their_split_only(stamps):
    rules = Rules(objects=(1, 3), scale=(0.3, 0.5), least_visible=0.5)
    for split, words in (("validation", [3, 7, 8]), ("test", [4])):
        scenes = stamp_scenes(split, 96, folder=stamps, rules=rules)
        assert scenes.classes == tuple(FOLDERS)
        seen = set()
        for i in range(30):
            scene = scenes[i]
            for k, label in enumerate(scene.labels):
                pixels = scene.image[:, scene.instances == k + 1]
                red, green, _ = np.median(pixels, axis=1) * 255
                brightness = red / (20 + 30 * label)
                assert 0.7 < brightness < 1.2
                word = round((green / brightness - 20) / 25)
                assert word in words
                seen.add(int(label))
        assert seen == set(range(len(FOLDERS)))


def test_cut_out_along_the_opaque_part(stamps):
    whole = Rules(objects=(1, 1), scale=(0.5, 0.5), cut=0)
    scene = stamp_scenes("test", 100, folder=stamps, rules=whole)[0]
    x0, y0, x1, y1 = scene.boxes[0]
    assert (x1 - x0, y1 - y0) == (50, 40)  # 50 × 40 in the frame of 80 × 60
    assert (scene.instances == 1).sum() == pytest.approx(20 * 40 + 30 * 10, abs=60)


def test_signs_are_not_mirrored_others_are(stamps):
    whole = Rules(objects=(1, 1), scale=(0.5, 0.5), cut=0)
    scenes = stamp_scenes("train", 64, folder=stamps, rules=whole)
    mirrored = {True: 0, False: 0}
    for i in range(80):
        scene = scenes[i]
        x0, y0, x1, _ = scene.boxes[0].astype(int)
        left_stands = scene.instances[y0, x0 : (x0 + x1) // 2].any()  # the L's long stroke
        if scene.labels[0] == list(FOLDERS).index("road sign"):
            assert left_stands
        else:
            mirrored[not left_stands] += 1
    assert min(mirrored.values()) > 15


def test_small_stamps_are_magnified_twice_at_most(stamps):
    large = Rules(objects=(1, 1), scale=(1, 1), cut=0)
    scene = stamp_scenes("test", 400, folder=stamps, rules=large)[0]
    assert (scene.boxes[0, 2:] - scene.boxes[0, :2]).max() <= 100


def test_default_rules_have_void_and_hidden_objects(stamps):
    scenes = stamp_scenes("train", (96, 128), folder=stamps)
    sample = [scenes[i] for i in range(60)]
    assert all(scene.image.shape == (3, 96, 128) for scene in sample)
    assert all((scene.mask == VOID).any() for scene in sample)
    assert any(scene.occluded.any() for scene in sample)
    assert any(scene.truncated.any() for scene in sample)
    assert any(scene.difficult.any() for scene in sample)
    again = stamp_scenes("train", (96, 128), folder=stamps)[41]
    np.testing.assert_array_equal(again.image, sample[41].image)


def test_a_folder_without_stamps_is_named(stamps, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"animals/mammals: has no stamps for test"):
        stamp_scenes("test", folder=tmp_path)
    with pytest.raises(ValueError, match="split: got 'all'"):
        stamp_scenes("all", folder=stamps)


def test_without_a_folder_they_have_to_be_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(registry.DataUnavailable, match="data fetch stamps"):
        stamp_scenes()
