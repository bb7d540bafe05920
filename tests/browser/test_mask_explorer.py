"""The mask explorer of the chapter on segmentation decides and scores as the package does."""

import base64
import random

import numpy as np
import torch

from course_pkg.training.segmentation_metrics import class_iou, confusion_matrix, mean_iou, pixel_accuracy

FIGURE = "mask_explorer"


def arrays(settings, name):
    """Truth, probability of an object in percent, and the most probable object, of one of its pictures."""
    picture = settings["pictures"][name]
    shape = picture["height"], picture["width"]
    truth, likely = (
        np.array([255 if c == "-" else int(c, 36) for c in picture[key]]).reshape(shape)
        for key in ("truth", "likely")
    )
    object_ = np.frombuffer(base64.b64decode(picture["object"]), np.uint8).reshape(shape)
    return truth, object_, likely


def agrees(shown, settings):
    truth, object_, likely = arrays(settings, shown["picture"])
    decided = np.where(object_ >= shown["threshold"], likely, 0)
    assert shown["decided"] == decided.ravel().tolist()
    matrix = confusion_matrix(torch.tensor(decided), torch.tensor(truth), len(settings["names"]))
    ious = class_iou(matrix)
    assert [score["c"] for score in shown["scores"]] == torch.nonzero(~ious.isnan())[:, 0].tolist()
    for score in shown["scores"]:
        assert score["both"] == matrix[score["c"], score["c"]]
        np.testing.assert_allclose(score["iou"], ious[score["c"]], rtol=0, atol=1e-12)
    np.testing.assert_allclose(shown["accuracy"], pixel_accuracy(matrix), rtol=0, atol=1e-12)
    np.testing.assert_allclose(shown["mean"], mean_iou(matrix), rtol=0, atol=1e-12)
    assert f"accuracy {100 * shown['accuracy']:.1f} %" in shown["overall"]


def test_controls_agree_with_the_package(figure):
    settings, draw = figure.settings(), random.Random(16)
    pictures = list(settings["pictures"])
    for _ in range(15):
        threshold, picture = draw.randint(1, 99), draw.choice(pictures)
        figure.slide({"Threshold": threshold})
        figure.get_by_role("combobox").select_option(picture)
        shown = figure.state()
        assert (shown["threshold"], shown["picture"]) == (threshold, picture)
        agrees(shown, settings)
        assert figure.locator("svg[aria-label^='background: IoU'] rect").count() == 2 * len(shown["scores"])


def test_a_higher_threshold_leaves_fewer_pixels(figure):
    left = []
    for threshold in (1, 25, 50, 75, 99):
        figure.slide({"Threshold": threshold})
        left.append(np.count_nonzero(figure.state()["decided"]))
    assert left == sorted(left, reverse=True)
    assert left[0] > left[-1]


def test_a_pixel_is_asked_by_a_click_and_by_the_arrows(figure):
    settings = figure.settings()
    picture = figure.locator("svg[role=group] image").nth(1)
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 10.5 / 64, "y": box["height"] * 20.5 / 64})
    shown = figure.state()
    assert (shown["row"], shown["column"]) == (20, 10)
    figure.locator("[data-pixel]").press("ArrowDown")
    figure.locator("[data-pixel]").press("ArrowRight")
    shown = figure.state()
    assert (shown["row"], shown["column"]) == (21, 11)
    assert figure.focused("[data-pixel]")
    truth, object_, likely = (values[21, 11] for values in arrays(settings, shown["picture"]))
    names = settings["names"]
    decided = names[likely] if object_ >= shown["threshold"] else names[0]
    assert shown["pixel"] == (
        f"Row 21, column 11: an object with {object_} %, if so most likely {names[likely]}. "
        f"Decided: {decided}. In truth it is {names[truth]}."
    )


def test_pixels_that_do_not_count_are_left_out(figure):
    figure.set({"row": -3, "column": 99})
    shown = figure.state()
    assert (shown["row"], shown["column"]) == (0, 63)
