"""The suppression of chapter 15 keeps the boxes that `course_pkg.detection` keeps."""

import numpy as np
import torch

from course_pkg.detection import batched_nms, box_iou, nms

FIGURE = "nms_explorer"


def check(figure):
    shown = figure.state()
    scene = figure.settings()["scenes"][shown["scene"]]
    boxes, scores = (torch.tensor(scene[name], dtype=torch.float64) for name in ("boxes", "scores"))
    labels = torch.tensor(scene["labels"])
    above = (scores > shown["score"] / 100).nonzero()[:, 0]
    limit = shown["iou"] / 100
    if shown["across"]:
        kept = nms(boxes[above], scores[above], limit)
    else:
        kept = batched_nms(boxes[above], scores[above], labels[above], limit)
    assert shown["kept"] == above[kept].tolist()
    struck = dict(shown["struck"])
    assert sorted([*shown["kept"], *struck]) == sorted(above.tolist())
    for i, by in struck.items():
        assert box_iou(boxes[[i]], boxes[[by]]).item() > limit
        assert scores[by] >= scores[i]
        assert shown["across"] or labels[by] == labels[i]
    return shown


def test_keeps_what_the_package_keeps(figure):
    rng = np.random.default_rng(0)
    scenes = figure.settings()["scenes"]
    assert len(scenes) >= 3
    for _ in range(60):
        given = {
            "scene": int(rng.integers(len(scenes))),
            "score": int(rng.integers(0, 101)),
            "iou": int(rng.integers(0, 101)),
            "across": bool(rng.integers(2)),
        }
        figure.set(given)
        assert given.items() <= check(figure).items()


def test_the_real_controls(figure):
    picture, struck = figure.get_by_role("combobox").all()
    names = [scene["name"] for scene in figure.settings()["scenes"]]
    for i, name in enumerate(names):
        picture.select_option(label=name)
        assert check(figure)["scene"] == i
    figure.slide({"Score above": 5})
    figure.slide({"IoU limit": 100})
    alone = check(figure)
    assert alone["struck"] == []  # no overlap is more than all of it
    figure.slide({"IoU limit": 0})
    strict = check(figure)
    assert len(strict["kept"]) < len(alone["kept"])
    struck.select_option("all")
    assert check(figure)["across"]
    assert len(check(figure)["kept"]) <= len(strict["kept"])
    figure.slide({"Score above": 100})
    assert check(figure)["kept"] == []
    assert "0 kept" in figure.state()["says"]


def test_draws_and_says_what_is_kept(figure):
    figure.set({"scene": 0, "score": 20, "iou": 50, "across": False})
    shown = check(figure)
    read = "(nodes, name) => nodes.map((node) => Number(node.dataset[name]))"
    assert sorted(figure.locator("[data-kept]").evaluate_all(read, "kept")) == sorted(shown["kept"])
    drawn = figure.locator("[data-struck]").evaluate_all(read, "struck")
    assert sorted(drawn) == sorted(i for i, _ in shown["struck"])
    scene = figure.settings()["scenes"][0]
    best = shown["kept"][0]
    name = figure.settings()["classes"][scene["labels"][best]]
    assert f"Kept: {name} {scene['scores'][best]:.2f}" in shown["says"]
    assert figure.locator(".says").inner_text() == shown["says"]
    assert figure.locator("> svg[role=img]").get_attribute("aria-label") == shown["says"]
