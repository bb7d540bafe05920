"""Chapter 11: its functions are the layers of the papers; its figures draw what they are given."""

from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from course_pkg import ops
from course_pkg.plots import specimens, variants

CHAPTER = Path(__file__).parents[2] / "book" / "two_dimensions" / "variants.ipynb"
TAUGHT = ["grouped-code", "separable-code", "bilinear", "deform", "local", "partial", "gated-code", "se-code"]
TAUGHT += ["inception-code", "e4-solution", "e5-solution"]
ALT = "A sentence that says what is seen."
random = np.random.default_rng(0)


@cache
def chapter():
    """The functions that the chapter defines, from the cells that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    defined = {"np": np, "ops": ops}
    for name in TAUGHT:
        exec(cells[name], defined)
    return defined


def tensors(*arrays):
    return [torch.from_numpy(array) for array in arrays]


def test_deform_conv_reads_where_grid_sample_reads():
    x, w = random.normal(size=(2, 6, 7)), random.normal(size=(3, 2, 3, 3))
    offsets = random.normal(size=(2, 3, 3, 6, 7)) * 2  # some of them out of the picture
    taps, pixels = np.mgrid[:3, :3] - 1, np.mgrid[:6, :7]
    rows, columns = pixels[:, None, None] + taps[..., None, None] + offsets
    # grid_sample counts from -1 to 1, columns first
    grid = np.stack([2 * columns / 6 - 1, 2 * rows / 5 - 1], axis=-1).reshape(1, 9, 42, 2)
    read = torch.nn.functional.grid_sample(*tensors(x[None], grid), align_corners=True)[0].numpy()
    expected = np.einsum("ockl,cklp->op", w, read.reshape(2, 3, 3, 42)).reshape(3, 6, 7)
    np.testing.assert_allclose(chapter()["deform_conv"](x, w, offsets), expected, atol=1e-12)


def test_partial_conv_is_the_mean_of_what_was_seen():
    x, seen = random.normal(size=(2, 6, 7)), (random.random((1, 6, 7)) < 0.4).astype(float)
    y, known = chapter()["partial_conv"](x, np.full((2, 1, 3, 3), 1 / 9), seen)
    for i, j in np.ndindex(6, 7):
        window = np.s_[:, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
        mask = seen[window][0] == 1
        mean = x[window][:, mask].mean(axis=1) if mask.any() else np.zeros(2)
        np.testing.assert_allclose(y[:, i, j], mean, atol=1e-12)
        assert known[0, i, j] == mask.any()


def test_gated_conv_is_pytorchs_gated_linear_unit():
    x, w, v = (random.normal(size=shape) for shape in ((2, 6, 7), (3, 2, 3, 3), (3, 2, 3, 3)))
    b, c = random.normal(size=(2, 3))
    both = torch.nn.functional.conv2d(*tensors(x, np.concatenate([w, v]), np.concatenate([b, c])), padding=1)
    expected = torch.nn.functional.glu(both, dim=0).numpy()
    np.testing.assert_allclose(chapter()["gated_conv"](x, w, b, v, c)[0], expected, atol=1e-12)


def test_squeeze_excite_gives_each_channel_its_factor():
    y, W1, W2 = random.normal(size=(4, 5, 6)), random.normal(size=(2, 4)), random.normal(size=(4, 2))
    scaled, factor = chapter()["squeeze_excite"](y, W1, W2)
    mean = torch.from_numpy(y).mean((1, 2))
    expected = torch.sigmoid(torch.from_numpy(W2) @ torch.relu(torch.from_numpy(W1) @ mean)).numpy()
    np.testing.assert_allclose(factor, expected, atol=1e-12)
    np.testing.assert_allclose(scaled, y * expected.reshape(4, 1, 1), atol=1e-12)


def test_inception_is_four_branches_of_pytorch():
    sizes = [(2, 3, 1), (2, 3, 1), (4, 2, 3), (2, 3, 1), (3, 2, 5), (1, 3, 1)]
    x, filters = random.normal(size=(3, 6, 7)), [random.normal(size=(o, i, k, k)) for o, i, k in sizes]

    def layer(x, w):
        return torch.relu(torch.nn.functional.conv2d(x, w, padding="same"))

    t, (one, to3, three, to5, five, last) = torch.from_numpy(x), tensors(*filters)
    pooled = torch.nn.functional.max_pool2d(t, 3, 1, 1)
    branches = layer(t, one), layer(layer(t, to3), three), layer(layer(t, to5), five), layer(pooled, last)
    np.testing.assert_allclose(chapter()["inception"](x, *filters), torch.cat(branches).numpy(), atol=1e-12)


def test_grouped_separable_and_shuffled_are_pytorchs():
    x, w = random.normal(size=(6, 7, 8)), random.normal(size=(9, 2, 3, 3))
    expected = torch.nn.functional.conv2d(*tensors(x, w), padding=1, groups=3).numpy()
    np.testing.assert_allclose(chapter()["grouped_conv"](x, w, 3), expected, atol=1e-12)
    full = torch.nn.functional.conv2d(*tensors(x, chapter()["as_full"](w, 3)), padding=1).numpy()
    np.testing.assert_allclose(full, expected, atol=1e-12)
    d, p = random.normal(size=(6, 1, 3, 3)), random.normal(size=(4, 6, 1, 1))
    first = torch.nn.functional.conv2d(*tensors(x, d), padding=1, groups=6)
    expected = torch.nn.functional.conv2d(first, torch.from_numpy(p)).numpy()
    np.testing.assert_allclose(chapter()["separable_conv"](x, d, p), expected, atol=1e-12)
    shuffled = torch.nn.functional.channel_shuffle(torch.from_numpy(x[None]), 3)[0].numpy()
    np.testing.assert_array_equal(chapter()["shuffle"](x, 3), shuffled)


def test_local_conv_uses_the_weights_of_each_place():
    x, w = random.normal(size=(2, 4, 5)), random.normal(size=(3, 18, 20))
    y = chapter()["local_conv"](x, w)
    for i, j in np.ndindex(4, 5):
        own = w[:, :, 5 * i + j].reshape(3, 2, 3, 3)
        np.testing.assert_allclose(y[:, i, j], ops.conv2d(x, own, padding=1)[:, i, j], atol=1e-12)


def test_channel_links_points_out_what_an_output_hears():
    steps = [np.eye(4), np.kron(np.eye(2), np.ones((2, 2)))]  # depthwise, then two groups
    axes = variants.channel_links({"two steps": steps}, output=3, alt=ALT).drawing.axes[0]
    strong = [line for line in axes.lines if line.get_linewidth() > 1]
    ends = {tuple(int(end) for end in line.get_xdata()) for line in strong}
    assert len(axes.lines) == 4 + 8 + len(strong)
    assert ends == {(2, 2), (3, 3), (2, 3)}


def test_footprints_are_darker_where_more_ways_lead():
    axes = variants.footprints({"a": [[0, 1], [2, 4]]}, alt=ALT).drawing.axes[0]
    corners = [cell.get_xy() for cell in axes.patches[1:]]  # the first patch is the frame
    strengths = [cell.get_facecolor()[3] for cell in axes.patches[1:]]
    np.testing.assert_allclose(corners, [(1.06, 0.06), (0.06, 1.06), (1.06, 1.06)])
    assert strengths[0] < strengths[1] < strengths[2] == 1


def test_relative_costs_stand_at_their_values():
    costs = {"a": {"work": 0.25, "time": 0.5}, "b": {"work": 4.0}}
    axes = variants.relative_costs(costs, alt=ALT).drawing.axes[0]
    marks = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert [(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks] == [
        (0.25, 0),
        (0.5, 0),
        (4, 1),
    ]


def test_specimens_show_the_data():
    image = random.random((3, 4, 5))
    axes = specimens.photographs({"a": image, "b": image * 2}, alt=ALT).drawing.axes
    np.testing.assert_array_equal(axes[0].images[0].get_array(), image.transpose(1, 2, 0))
    assert axes[1].images[0].get_array().max() == 1
    [dots] = specimens.samples(image[0], {"a": [[1, 2.5]]}, alt=ALT).drawing.axes[0].lines
    assert (dots.get_xdata()[0], dots.get_ydata()[0]) == (2.5, 1)
    data = {"lines": image[:, 0], "scan": np.arange(8).repeat(20).reshape(1, 8, 4, 5) / 10}
    lines, scan = specimens.formats(data, alt=ALT).drawing.axes
    np.testing.assert_array_equal(lines.lines[2].get_ydata(), image[2, 0])
    assert [part.get_array()[0, 0].tolist() for part in scan.images] == [[0.2] * 3, [0.4] * 3, [0.6] * 3]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: variants.channel_links({}, alt=ALT), "panels: got {}"),
        (
            lambda: variants.channel_links({"a": [np.eye(2)]}, output=2, alt=ALT),
            "output: got 2, expected 0 to 1",
        ),
        (lambda: variants.channel_links({"a": [np.eye(2), np.eye(3)]}, alt=ALT), "do not fit"),
        (lambda: variants.footprints({"a": [[-1]]}, alt=ALT), "expected no negative number"),
        (lambda: variants.relative_costs({}, alt=ALT), "costs: got 0 kinds"),
        (lambda: variants.relative_costs({"a": {"b": 0.0}}, alt=ALT), "not positive"),
        (
            lambda: variants.separable_explorer(4, 3, 3, 8, pointwise=True, still=None),
            "groups: got 3, expected a divisor",
        ),
        (lambda: specimens.photographs({}, alt=ALT), "panels: got none"),
        (lambda: specimens.photographs({"a": np.zeros((1, 2, 2))}, alt=ALT), r"expected shape \(3, H, W\)"),
        (lambda: specimens.samples([[0.5]], {"a": [[1, 2, 3]]}, alt=ALT), r"expected shape \(taps, 2\)"),
        (lambda: specimens.formats({"a": np.zeros((2, 3, 3))}, alt=ALT), "got 2 channels"),
    ],
)
def test_bad_input_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
