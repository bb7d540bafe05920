"""Scenes painted on a device are as true as those painted one by one, and as varied."""

import doctest

import numpy as np
import pytest
import torch
from PIL import Image

from course_pkg.data.scenes import VOID, Rules, Scenes, digit_scenes
from course_pkg.data.scenes.backgrounds import Backgrounds
from course_pkg.data.scenes.stamps import StampCutOuts
from course_pkg.detection import encode_targets
from course_pkg.training.scene_batches import measure_segmenter, targets_of
from course_pkg.training.scenes import atlas, device_batches, on_device, plans
from course_pkg.training.scenes.device_batches import (
    NO_CLASS,
    classes_of,
    grids_of,
    masks_of,
    painted_batches,
)
from course_pkg.training.scenes.on_device import DeviceScenes
from course_pkg.training.scenes.plans import Variation

CROWDED = Rules(
    objects=(2, 6), scale=(0.2, 0.5), cut=0.4, least_visible=0.4, overlap=0.7, difficult=0.6, void=1
)
HARD = {
    "digits": CROWDED,
    "stamps": Rules(objects=(0, 5), scale=(0.1, 0.7), cut=0.5, least_visible=0.2, difficult=0.7, void=2),
}


def stamps(size, rules, photograph=None, count=200, sides=(60, 81)):
    """Scenes of four stamps of four classes, each an ellipse of noise, soft at its edge."""
    random = np.random.default_rng(0)
    images = []
    for height, width in [sides, sides[::-1], (20, 25), (90, 30)]:
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        alpha = np.clip((1.05 - np.hypot(x, y)) * 12, 0, 1)
        colours = random.integers(0, 256, (height, width, 3))
        pixels = np.concatenate([colours, 255 * alpha[..., None]], axis=2).astype(np.uint8)
        images.append(Image.fromarray(pixels))
    if photograph is None:
        photograph = Image.fromarray(random.integers(0, 256, (300, 400, 3), dtype=np.uint8))
    return Scenes(
        ("a", "b", "c", "d"),
        StampCutOuts(tuple(images), (0, 1, 2, 3)),
        Backgrounds((photograph,), (100, 250)),
        rules,
        size,
        count=count,
    )


@pytest.fixture(scope="module", params=["digits", "stamps"])
def pair(request):
    """Scenes one by one, and painted."""
    if request.param == "digits":
        scenes = digit_scenes("train", 64, rules=CROWDED)
    else:
        scenes = stamps((72, 100), HARD["stamps"])
    return scenes, DeviceScenes(scenes, "cpu")


def test_truth_agrees_with_the_pixels(pair):
    scenes, painted = pair
    rules, (height, width) = scenes.rules, painted.size
    some = painted.tensors(range(120))
    assert some.images.shape == (120, 3, height, width)
    assert some.images.min() >= 0
    assert some.images.max() <= 1 + 1e-5
    for n in range(120):
        instances = some.instances[n]
        for m in range(rules.objects[1]):
            rows, columns = torch.nonzero(instances == m + 1, as_tuple=True)
            if not some.present[n, m]:
                assert len(rows) == 0
                assert not any(
                    values[n, m].any()
                    for values in (some.boxes, some.labels, some.visible, some.difficult, some.occluded,
                                   some.truncated)
                )  # fmt: skip
                continue
            tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert some.boxes[n, m].tolist() == [int(edge) for edge in tight]
            known = some.masks[n][rows, columns]
            assert set(known[known != VOID].tolist()) <= {int(some.labels[n, m]) + 1}
            assert rules.least_visible - 1e-6 <= some.visible[n, m] <= 1
            assert (some.visible[n, m] < 1) == (some.truncated[n, m] or some.occluded[n, m])
            assert some.difficult[n, m] == (some.visible[n, m] < rules.difficult)
            if some.truncated[n, m]:
                edges = some.boxes[n, m].tolist()
                assert edges[0] == 0 or edges[1] == 0 or edges[2] == width or edges[3] == height


def test_void_is_where_objects_or_background_meet(pair):
    scenes, painted = pair
    some, width = painted.tensors(range(20)), scenes.rules.void
    for instances, mask in zip(some.instances.numpy(), some.masks.numpy(), strict=True):
        near = np.lib.stride_tricks.sliding_window_view(
            np.pad(instances, width, mode="edge"), (2 * width + 1,) * 2
        )
        meet = near.min(axis=(2, 3)) != near.max(axis=(2, 3))
        np.testing.assert_array_equal(mask == VOID, meet)
        assert (mask[~meet & (instances == 0)] == 0).all()


def statistics(labels, boxes, visible, truncated, occluded, wanted):
    widths, heights = (boxes[:, 2:] - boxes[:, :2]).T
    return {
        "objects a scene": len(labels) / wanted,
        "width": widths.mean() / 10,
        "height": heights.mean() / 10,
        "spread of sizes": np.sqrt(widths * heights).std() / 10,
        "centre": (boxes[:, :2] + boxes[:, 2:]).mean() / 100,
        "visible": visible.mean(),
        "truncated": truncated.mean(),
        "occluded": occluded.mean(),
        "class": labels.mean() / 4,
    }


def test_the_same_statistics_as_one_by_one(pair):
    scenes, painted = pair
    one_by_one = [scenes[i % len(scenes)] for i in range(200)]
    fields = ("labels", "boxes", "visible", "truncated", "occluded")
    wanted = statistics(
        *(np.concatenate([getattr(scene, field) for scene in one_by_one]) for field in fields), 200
    )
    some = painted.tensors(range(600))
    found = statistics(*(getattr(some, field)[some.present].numpy() for field in fields), 600)
    for name, value in found.items():
        # several standard errors of 200 scenes with three objects each
        assert value == pytest.approx(wanted[name], rel=0.12, abs=0.05), name
    pixels = np.stack([scene.image for scene in one_by_one])
    assert float(some.images.mean()) == pytest.approx(pixels.mean(), abs=0.04)
    assert float(some.images.std()) == pytest.approx(pixels.std(), abs=0.04)


def test_an_object_that_is_not_scaled_is_pasted_pixel_by_pixel(monkeypatch):
    """So it is when its size in the scene is that of the stamp; here it is no brighter or darker either."""
    monkeypatch.setattr(atlas, "BRIGHTNESS", (1.0, 1.0))
    random = np.random.default_rng(1)
    stamp = random.integers(0, 256, (40, 55, 4), dtype=np.uint8)
    stamp[..., 3] = random.choice([0, 60, 200, 255], (40, 55))
    stamp[[0, 0, 39, 39], [0, 54, 0, 54], 3] = 255  # so that its corners are seen
    rules = Rules(objects=(1, 1), scale=(0.55, 0.55), cut=0.3, least_visible=0.5)
    cut_outs = StampCutOuts((Image.fromarray(stamp),), (0,))
    grey = Backgrounds((Image.new("RGB", (400, 300), (90, 120, 30)),), (100, 250))
    some = DeviceScenes(Scenes(("a",), cut_outs, grey, rules, 100), "cpu").tensors(range(40))
    assert some.present.float().mean() > 0.9
    pixels = stamp / np.float32(255)
    cut = set()
    for image, box, instances in zip(some.images.numpy(), some.boxes, some.instances.numpy(), strict=True):
        if not instances.any():
            continue
        x0, y0, x1, y1 = (int(edge) for edge in box[0])
        left = x0 if x1 == 100 else x1 - 55
        top = y0 if y1 == 100 else y1 - 40
        cut.add((left < 0, left > 45, top < 0, top > 60))
        background = np.median(image[:, instances == 0], axis=1)
        expected = []
        for shown in (pixels, pixels[:, ::-1]):
            frame = np.tile(background, (300, 300, 1))  # the image, and around it what nobody sees
            colour, alpha = shown[..., :3], shown[..., 3:]
            under = frame[100 + top : 140 + top, 100 + left : 155 + left]
            under += alpha * (colour - under)
            solid = np.zeros((300, 300), bool)
            solid[100 + top : 140 + top, 100 + left : 155 + left] = shown[..., 3] >= 0.5
            if np.array_equal(solid[100:200, 100:200], instances == 1):
                expected.append(frame[100:200, 100:200].transpose(2, 0, 1))
        assert len(expected) == 1, "the very pixels, or the very pixels mirrored"
        # colours times alpha are kept in 256 steps
        np.testing.assert_allclose(image, expected[0], atol=0.51 / 255)
    assert len(cut) > 4, "cut off on all sides"


def test_a_smaller_stamp_looks_as_pillow_makes_it(monkeypatch):
    monkeypatch.setattr(atlas, "BRIGHTNESS", (1.0, 1.0))
    y, x = np.mgrid[:120, :90]
    pattern = 127 + 60 * np.sin(x / 7) + 60 * np.cos(y / 9)
    stamp = np.stack([pattern, pattern[::-1], pattern, np.full_like(pattern, 255)], axis=2).astype(np.uint8)
    black = Backgrounds((Image.new("RGB", (300, 300)),), (100, 250))
    for share in (1.0, 0.62, 0.3):
        rules = Rules(objects=(1, 1), scale=(share, share), cut=0)
        scenes = Scenes(("a",), StampCutOuts((Image.fromarray(stamp),), (0,)), black, rules, 120)
        some = DeviceScenes(scenes, "cpu").tensors(range(6))
        for image, (box,) in zip(some.images.numpy(), some.boxes.int().tolist(), strict=True):
            x0, y0, x1, y1 = box
            size = (round(90 * share), round(120 * share))
            assert (x1 - x0, y1 - y0) == size
            wanted = np.asarray(Image.fromarray(stamp).resize(size, Image.Resampling.BILINEAR))[..., :3] / 255
            found = image[:, y0:y1, x0:x1].transpose(1, 2, 0)
            differences = [np.abs(found - each).mean() for each in (wanted, wanted[:, ::-1])]
            assert min(differences) < 0.01 < max(differences)


def test_what_is_shrunk_is_not_jumped_over():
    """A chessboard of single pixels becomes grey."""
    y, x = np.mgrid[:160, :160]
    board = np.where((x + y) % 2, 255, 0).astype(np.uint8)[..., None].repeat(4, axis=2)
    board[..., 3] = 255
    rules = Rules(objects=(1, 1), scale=(0.3, 0.5), cut=0)
    photograph = Image.fromarray(board[..., :3])
    scenes = Scenes(
        ("a",),
        StampCutOuts((Image.fromarray(board),), (0,)),
        Backgrounds((photograph,), (150, 160)),
        rules,
        64,
    )
    some = DeviceScenes(scenes, "cpu").tensors(range(8))
    for image, instances in zip(some.images, some.instances, strict=True):
        for number in (0, 1):
            assert image[:, instances == number].std(dim=1).max() < 0.06


def test_scene_i_is_the_same_in_any_batch(pair):
    _, painted = pair
    together, alone = painted.tensors(range(8)), painted.tensors([5])
    backwards = painted.tensors([7, 5, 3])
    for field, values in together._asdict().items():
        for other, at in ((alone, 0), (backwards, 1)):
            assert torch.equal(values[5], getattr(other, field)[at]), field
    again = DeviceScenes(pair[0], "cpu").tensors([5])
    assert torch.equal(again.images, alone.images)


def test_nothing_depends_on_what_the_device_would_have_to_be_asked_for():
    """A meta device knows shapes and no values: whoever asks it for one gets an error."""
    scenes = digit_scenes("test", 32, rules=CROWDED)
    images, grids = next(painted_batches(DeviceScenes(scenes, "meta"), 5, grids_of(10)).epoch(0))
    assert (images.device.type, images.shape, grids.shape) == ("meta", (5, 3, 32, 32), (5, 7, 7, 20))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_is_not_waited_for():
    painted = DeviceScenes(stamps((72, 100), HARD["stamps"]), "cuda")
    painted.tensors(range(8))
    torch.cuda.set_sync_debug_mode("error")
    try:
        grids_of(4)(painted.tensors(range(8)))
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_other_index_seed_or_split_gives_another_scene():
    pictures = [
        DeviceScenes(digit_scenes(split, 32, seed=seed), "cpu").tensors([i]).images.numpy().tobytes()
        for split, seed, i in [("test", 0, 0), ("test", 0, 1), ("test", 1, 0), ("validation", 0, 0)]
    ]
    assert len(set(pictures)) == 4


def test_beyond_the_last_there_are_more(pair):
    scenes, painted = pair
    assert len(painted) == len(scenes)
    assert not torch.equal(painted.tensors([len(scenes)]).images, painted.tensors([0]).images)


def test_arrays_hold_what_tensors_hold(pair):
    scenes, painted = pair
    batch, some = painted.batch([3, 9]), painted.tensors([3, 9])
    assert painted.classes == scenes.classes
    np.testing.assert_array_equal(batch.images, some.images)
    np.testing.assert_array_equal(batch.masks, some.masks)
    for n in range(2):
        there = some.present[n]
        np.testing.assert_array_equal(batch.boxes[n], some.boxes[n][there])
        np.testing.assert_array_equal(batch.labels[n], some.labels[n][there])
        np.testing.assert_array_equal(batch.difficult[n], some.difficult[n][there])


def test_cut_outs_may_vary_more():
    rules = Rules(objects=(1, 1), scale=(0.6, 0.6), cut=0)
    scenes = stamps(100, rules, Image.new("RGB", (300, 300), (128, 128, 128)))
    shapes = {}
    for name, variation in {
        "none": Variation(),
        "stretched": Variation(stretch=1.5),
        "turned": Variation(turns=(0.0, 45.0)),
    }.items():
        some = DeviceScenes(scenes, "cpu", variation).tensors(range(80))
        first = some.labels[:, 0] == 3  # three times as high as wide
        width, height = (some.boxes[first, 0, 2:] - some.boxes[first, 0, :2]).T
        shapes[name] = (width / height).numpy()
        assert max(width.max(), height.max()) <= 61
    np.testing.assert_allclose(shapes["none"], 1 / 3, atol=0.04)
    assert shapes["stretched"].min() < 0.27 < 0.43 < shapes["stretched"].max()
    assert shapes["turned"].max() > 0.8
    assert 0.3 < np.mean(shapes["turned"] > 0.5) < 0.7


def test_batches_for_a_detector_are_as_encoded_one_by_one(pair):
    scenes, painted = pair
    classes, batch = len(scenes.classes), painted.batch(range(16))
    wanted = encode_targets(targets_of(batch), painted.size, grid=3, boxes=2, classes=classes)
    source = painted_batches(painted, 16, grids_of(classes, grid=3))
    assert torch.equal(grids_of(classes, grid=3)(painted.tensors(range(16))), wanted)
    images, targets = next(source.epoch(1))
    numbers = source.order(1)[:16]
    assert numbers.min() >= len(scenes), "an epoch has scenes of its own"
    assert torch.equal(images, painted.tensors(numbers).images)
    assert targets.shape == wanted.shape


def test_classes_and_masks_of_scenes(pair):
    _, painted = pair
    some = painted.tensors(range(10))
    assert masks_of(some).dtype == torch.int64
    assert (masks_of(some) == some.masks).all()
    empty = some._replace(present=torch.zeros_like(some.present))
    assert (classes_of(empty) == NO_CLASS).all()
    assert torch.equal(classes_of(some)[some.present[:, 0]], some.labels[some.present[:, 0], 0])


def test_networks_are_measured_by_them():
    painted = DeviceScenes(digit_scenes("test", 32, count=60), "cpu")

    class Background(torch.nn.Module):
        def forward(self, x):
            return torch.eye(11)[0].view(1, 11, 1, 1).expand(len(x), 11, 32, 32)

    share = float((painted.tensors(range(60)).masks == 0).double().mean())
    assert measure_segmenter(Background(), painted)["pixel_accuracy"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DeviceScenes([1, 2]), TypeError, "scenes: got list"),
        (
            lambda: DeviceScenes(Scenes(("a",), print, None, Rules())),
            TypeError,
            "cut_outs: got builtin_function_or_method",
        ),
        (lambda: DeviceScenes(digit_scenes("test", 32)).tensors([]), ValueError, "indices: got none"),
        (lambda: DeviceScenes(digit_scenes("test", 32)).tensors([-1]), ValueError, "indices: got -1"),
        (lambda: DeviceScenes(digit_scenes("test", 32)).tensors([0.5]), TypeError, "indices: got float 0.5"),
        (lambda: Variation(tint=2), ValueError, "tint: got 2, expected 0 to 1"),
        (lambda: Variation(turns=()), ValueError, "turns: got none"),
        (lambda: Variation(turns=("a",)), TypeError, r"turns\[0\]: got str"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("module", [on_device, atlas, plans, device_batches])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
