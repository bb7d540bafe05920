"""The sample photographs, from stand-ins in the layout of the packages that carry them."""

import numpy as np
import pytest
from PIL import Image

from course_pkg.data import registry
from course_pkg.data.samples import imagenet_photographs, voc_photograph
from course_pkg.data.voc import CLASSES


def test_voc_photograph_s_boxes_are_xyxy_and_fit_its_masks(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "path", lambda name: {"voc_photograph": tmp_path}[name])
    masks = np.zeros((2, 30, 40), bool)
    masks[0, 3:10, 20:38] = masks[1, 12:30, 0:5] = True
    np.savez(
        tmp_path / "data.npz",
        rgb=np.full((30, 40, 3), 51, np.uint8),
        bboxes=np.array([[3.0, 20, 10, 38], [12, 0, 30, 5]]),
        labels=np.array([5, 15], np.int32),
        masks=masks,
    )
    sample = voc_photograph()
    assert sample.image.shape == (3, 30, 40)
    assert sample.image[0, 0, 0] == pytest.approx(0.2)
    assert sample.boxes.tolist() == [[20, 3, 38, 10], [0, 12, 5, 30]]
    assert [CLASSES[label] for label in sample.labels] == ["bottle", "person"]
    np.testing.assert_array_equal(sample.masks, masks)


def test_imagenet_photographs_have_the_classes_of_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "path", lambda name: {"imagenet_photographs": tmp_path}[name])
    for i, label in enumerate([243, 7]):
        Image.new("RGB", (8, 8), (10 * i, 0, 0)).save(tmp_path / f"imagenet_{i:02}_{label}.jpg")
    Image.new("RGB", (32, 32)).save(tmp_path / "cifar10_00_3.jpg")
    images, labels = imagenet_photographs()
    assert images.shape == (2, 3, 8, 8)
    assert images.dtype == np.uint8
    assert labels.tolist() == [243, 7]


def test_absent_they_say_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(registry.DataUnavailable, match="data fetch voc_photograph"):
        voc_photograph()
    with pytest.raises(registry.DataUnavailable, match="data fetch imagenet_photographs"):
        imagenet_photographs()
