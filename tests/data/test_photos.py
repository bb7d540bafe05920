"""The photographs come as channels of brightness, and shrink by averaging."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from course_pkg.data.photos import grey, photograph


@pytest.mark.parametrize("name", ["china", "flower"])
def test_has_the_pixels_of_the_file_channel_first(name):
    pixels = load_sample_image(f"{name}.jpg")
    image = photograph(name)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[1, 200, 300] * 255, pixels[200, 300, 1], rtol=1e-6)
    assert image.min() >= 0
    assert image.max() <= 1


def test_shrinks_by_averaging_blocks():
    whole, small = photograph("flower"), photograph("flower", every=7)
    assert small.shape == (3, 61, 91)
    np.testing.assert_allclose(small[2, 3, 5], whole[2, 21:28, 35:42].mean(), rtol=1e-5)


def test_grey_weighs_green_most():
    red, green, blue = (grey(np.eye(3)[i][:, None, None])[0, 0] for i in range(3))
    assert (red, green, blue) == pytest.approx((0.299, 0.587, 0.114))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"name: got 'cat', expected one of 'china', 'flower'"):
        photograph("cat")
    with pytest.raises(ValueError, match=r"every: got 500, expected at most 427"):
        photograph("china", every=500)
    with pytest.raises(ValueError, match=r"image: got shape \(2, 2\), expected \(3, height, width\)"):
        grey(np.ones((2, 2)))
