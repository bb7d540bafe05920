"""The boxes of chapter 15 share what `course_pkg.detection.box_iou` says, however they are moved."""

import numpy as np
import pytest
import torch

from course_pkg.detection import box_area, box_iou

FIGURE = "iou_explorer"


def check(figure):
    shown = figure.state()
    a, b = (torch.tensor([shown["boxes"][name]], dtype=torch.float64) for name in "AB")
    pixels = shown["pixels"]
    assert shown["iou"] == pytest.approx(box_iou(a, b, pixel_boxes=pixels).item(), abs=1e-12)
    areas = [box_area(box, pixel_boxes=pixels).item() for box in (a, b)]
    assert shown["union"] == pytest.approx(sum(areas) - shown["shared"])
    assert f"A has area {areas[0]:.0f}, B {areas[1]:.0f}" in shown["says"]
    assert float(shown["says"].rpartition("= ")[2]) == pytest.approx(shown["iou"], abs=0.000501)
    assert figure.locator(".says").inner_text() == shown["says"]
    size = [figure.settings()["width"], figure.settings()["height"]]
    for x0, y0, x1, y1 in shown["boxes"].values():
        assert 0 <= x0 < x1 <= size[0]
        assert 0 <= y0 < y1 <= size[1]
    return shown


def test_agrees_with_box_iou_on_random_boxes(figure):
    rng = np.random.default_rng(0)
    for i in range(60):
        corners = np.sort(rng.choice(112, (2, 2, 2), replace=False), axis=1)  # box, (low, high), (x, y)
        boxes = {name: corner.reshape(4).tolist() for name, corner in zip("AB", corners, strict=True)}
        figure.set({"boxes": boxes, "pixels": bool(i % 2)})
        assert check(figure)["boxes"] == boxes


def test_sliders_move_and_resize_the_chosen_box(figure):
    figure.get_by_role("combobox").first.select_option("A")
    before = figure.state()["boxes"]["B"]
    figure.slide({"Width": 30})
    figure.slide({"Height": 20})
    figure.slide({"Left edge": 5})
    figure.slide({"Top edge": 7})
    shown = check(figure)
    assert shown["boxes"] == {"A": [5, 7, 35, 27], "B": before}
    figure.slide({"Left edge": 108})
    assert check(figure)["boxes"]["A"] == [82, 7, 112, 27]  # as far as it goes


def test_edges_can_be_pixels(figure):
    figure.set({"boxes": {"A": [1, 1, 5, 5], "B": [3, 2, 7, 4]}})
    assert check(figure)["iou"] == pytest.approx(0.2)
    figure.get_by_role("combobox").last.select_option("pixels")
    assert check(figure)["iou"] == pytest.approx(9 / 31)


def test_the_mouse_drags_a_box_and_its_corner(figure, page):
    figure.set({"boxes": {"A": [10, 10, 40, 40], "B": [60, 60, 100, 100]}})
    figure.locator("svg[role=group]").scroll_into_view_if_needed()
    scale = figure.locator("svg[role=group]").evaluate("node => node.getScreenCTM().a")

    def drag(handle, dx, dy):
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx * scale, y + dy * scale, steps=4)
        page.mouse.up()

    drag(figure.locator("[data-box=A]"), 12, 6)
    assert check(figure)["boxes"]["A"] == [22, 16, 52, 46]
    drag(figure.locator("[data-corner=B]"), -10, 5)
    assert check(figure)["boxes"]["B"] == [60, 60, 90, 105]
    assert figure.state()["selected"] == "B"


def test_keys_move_a_box_by_a_pixel(figure):
    figure.set({"boxes": {"A": [10, 10, 40, 40], "B": [60, 60, 100, 100]}})
    box = figure.locator("[data-box=A]")
    box.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
        box.press(key)
    assert check(figure)["boxes"]["A"] == [11, 9, 41, 39]
    assert "left 11, top 9" in box.get_attribute("aria-label")
