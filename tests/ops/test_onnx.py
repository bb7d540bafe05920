"""ONNX's node tests and cases converted from PyTorch; adapters turn ONNX's attributes into our arguments.

`python -m pytest tests/ops -k conformance` prints how many cases there are, and which do not fit and why.
"""

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from course_pkg import ops
from course_pkg.ops import _conv
from tests import onnx_cases

OPERATORS = ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool", "LRN", "DepthToSpace",
             "SpaceToDepth", "Resize", "Col2Im"]  # fmt: skip
FOLDER = Path(onnx.__file__).parent / "backend/test/data"


FOUR_DIGITS = ["test_averagepool_2d_ceil_last_window_starts_on_pad"]  # so many are stored


class DifferentError(Exception):
    """The case asks for something that our operators, like PyTorch's, do not do."""


def along(options, rank, size, kernel):
    """Strides, dilations and (left, right) padding along each axis, as ONNX's attributes say."""
    strides, dilations = (options.get(name, [1] * rank) for name in ("strides", "dilations"))
    if (auto := options.get("auto_pad", b"NOTSET").decode()) in ("NOTSET", "VALID"):
        pads = options.get("pads", [0] * 2 * rank)
        return strides, dilations, list(zip(pads[:rank], pads[rank:], strict=True))
    both = []
    for n, k, s, d in zip(size, kernel, strides, dilations, strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        both.append((total // 2, total - total // 2)[:: 1 if auto == "SAME_UPPER" else -1])
    return strides, dilations, both


def padded(x, pads, value=0.0):
    return ops.pad(x, [w for pair in pads[::-1] for w in pair], value=value)


def conv(options, x, w, b=None):
    rank = x.ndim - 2
    strides, dilations, pads = along(options, rank, x.shape[2:], w.shape[2:])
    layer = {1: ops.conv1d, 2: ops.conv2d, 3: ops.conv3d}[rank]
    groups = options.get("group", 1)
    if all(left == right for left, right in pads):
        return layer(x, w, b, strides, [left for left, _ in pads], dilations, groups)
    return layer(padded(x, pads), w, b, strides, 0, dilations, groups)


def conv_transpose(options, x, w, b=None):
    rank = x.ndim - 2
    if rank == 3:
        raise DifferentError("transposed convolution in 3D: there is none here")
    strides, dilations, pads = along(options, rank, x.shape[2:], w.shape[2:])
    layer = {1: ops.conv_transpose1d, 2: ops.conv_transpose2d}[rank]
    extra, groups = options.get("output_padding", [0] * rank), options.get("group", 1)
    if "output_shape" in options or "auto_pad" in options:
        n, k = np.array(x.shape[2:]), np.array(w.shape[2:])
        whole = (n - 1) * strides + (k - 1) * dilations + 1
        asked = np.array(options.get("output_shape", n * strides))
        extra, pads = (
            np.maximum(asked - whole, 0).tolist(),
            [(0, int(t)) for t in np.maximum(whole - asked, 0)],
        )
    y = layer(x, w, b, strides, 0, extra, groups, dilations)
    return padded(y, [(-left, -right) for left, right in pads])


def pool_arguments(options, x):
    rank, kernel = x.ndim - 2, options["kernel_shape"]
    if rank == 3:
        raise DifferentError("pooling in 3D: there is none here")
    return (rank, kernel, *along(options, rank, x.shape[2:], kernel), bool(options.get("ceil_mode", 0)))


def max_pool(options, x):
    rank, kernel, strides, dilations, pads, ceil_mode = pool_arguments(options, x)
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -math.inf
    pool = {1: ops.max_pool1d, 2: ops.max_pool2d}[rank]
    if options.get("storage_order", 0) == 1:  # positions count down the columns
        y, indices = pool(x.swapaxes(2, 3), kernel[::-1], strides[::-1], return_indices=True)
        return y.swapaxes(2, 3), indices.swapaxes(2, 3)
    if all(left == right <= k // 2 for (left, right), k in zip(pads, kernel, strict=True)):
        return pool(x, kernel, strides, [left for left, _ in pads], dilations, ceil_mode, return_indices=True)
    return pool(padded(x, pads, lowest), kernel, strides, 0, dilations, ceil_mode)


def average_pool(options, x):
    rank, kernel, strides, dilations, pads, ceil_mode = pool_arguments(options, x)
    if set(dilations) != {1}:
        raise DifferentError("average pooling with dilation: PyTorch has none")
    pool, count = {1: ops.avg_pool1d, 2: ops.avg_pool2d}[rank], bool(options.get("count_include_pad", 0))
    if all(left == right <= k // 2 for (left, right), k in zip(pads, kernel, strict=True)):
        return pool(x, kernel, strides, [left for left, _ in pads], ceil_mode, count)
    sums = pool(padded(x, pads), kernel, strides, 0, ceil_mode)
    return sums if count else sums / pool(padded(np.ones_like(x), pads), kernel, strides, 0, ceil_mode)


def lp_pool(options, x):
    rank, kernel, strides, dilations, pads, ceil_mode = pool_arguments(options, x)
    if set(dilations) != {1}:
        raise DifferentError("power-average pooling with dilation: PyTorch has none")
    x = padded(np.abs(x), pads)  # ONNX takes absolute values, PyTorch does not
    if rank == 1:
        return ops.lp_pool2d(x[:, :, None], options.get("p", 2), (1, *kernel), (1, *strides), ceil_mode)[
            :, :, 0
        ]
    return ops.lp_pool2d(x, options.get("p", 2), kernel, strides, ceil_mode)


def max_unpool(options, x, indices, output_shape=None):
    shape = None if output_shape is None else tuple(output_shape.tolist())
    if shape is not None:  # the indices are those of the smaller result, which is then put into a corner
        y = ops.max_unpool2d(x, indices, options["kernel_shape"], options["strides"])
        return padded(y, [(0, n - m) for n, m in zip(shape[2:], y.shape[2:], strict=True)])
    return ops.max_unpool2d(x, indices, options["kernel_shape"], options["strides"])


def lrn(options, x):
    return ops.local_response_norm(
        x, options["size"], options.get("alpha", 1e-4), options.get("beta", 0.75), options.get("bias", 1.0)
    )


def depth_to_space(options, x):
    r, (n, c, h, w) = options["blocksize"], x.shape
    if options.get("mode", b"DCR") == b"DCR":  # the channels of a block lie far apart
        x = x.reshape(n, r * r, c // (r * r), h, w).swapaxes(1, 2).reshape(n, c, h, w)
    return ops.pixel_shuffle(x, r)


def space_to_depth(options, x):
    r, (n, c, _, _) = options["blocksize"], x.shape
    y = ops.pixel_unshuffle(x, r)
    if options.get("mode", b"DCR") == b"CRD":
        return y
    return y.reshape(n, c, r * r, *y.shape[2:]).swapaxes(1, 2).reshape(y.shape)


def resize(options, x, roi=None, scales=None, sizes=None):
    how = options.get("coordinate_transformation_mode", b"half_pixel").decode()
    mode, rounding = (
        options.get("mode", b"nearest").decode(),
        options.get("nearest_mode", b"round_prefer_floor"),
    )
    different = {
        "antialias": options.get("antialias", 0) == 1,
        "exclude_outside": options.get("exclude_outside", 0) == 1,
        "keep_aspect_ratio_policy": options.get("keep_aspect_ratio_policy", b"stretch") != b"stretch",
        f"coordinates {how}": how not in ("half_pixel", "align_corners")
        or (how == "align_corners" and mode == "nearest"),
        f"nearest_mode {rounding.decode()}": mode == "nearest" and rounding != b"round_prefer_floor",
    }
    if reasons := [name for name, differs in different.items() if differs]:
        raise DifferentError(f"Resize with {reasons[0]}: our interpolate has no such option")
    axes = options.get("axes", range(x.ndim))
    target = {axis: float(v) for axis, v in zip(axes, scales if sizes is None else sizes, strict=True)}
    spatial = [target[axis] for axis in range(2, x.ndim)]
    outputs = [v if sizes is not None else n * v for n, v in zip(x.shape[2:], spatial, strict=True)]
    if how == "align_corners" and any(p != round(p, 5) // 1 for p in outputs):
        raise DifferentError("Resize with corners of a size that is not whole: PyTorch rounds it before")
    halfway = [
        n / p * (i + 0.5) % 1 == 0 for n, p in zip(x.shape[2:], outputs, strict=True) for i in range(int(p))
    ]
    if mode == "nearest" and any(halfway):
        raise DifferentError("Resize nearest, halfway between two: ONNX takes the first, PyTorch the second")
    name = {"nearest": "nearest-exact", "linear": "bilinear", "cubic": "bicubic"}[mode]
    options = {"mode": name, "align_corners": how == "align_corners" if mode != "nearest" else None}
    if sizes is not None:
        return ops.interpolate(x, [int(v) for v in spatial], **options)
    return ops.interpolate(x, scale_factor=spatial, **options)


def col2im(options, columns, image_shape, block_shape):
    if len(image_shape) != 2:
        raise DifferentError("fold in 3D: PyTorch has none")
    strides, dilations, pads = along(options, 2, image_shape.tolist(), block_shape.tolist())
    return ops.fold(
        columns, image_shape.tolist(), block_shape.tolist(), dilations, [p for p, _ in pads], strides
    )


ADAPTERS = dict(zip(OPERATORS, [conv, conv_transpose, max_pool, average_pool, lp_pool, max_unpool, lrn,
                                depth_to_space, space_to_depth, resize, col2im], strict=True))  # fmt: skip


def node_cases():
    for case in onnx_cases.node_cases():
        if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type in OPERATORS:
            yield "node tests", case.name, case.model.graph, *case.data_sets[0]


def tensor(path):
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def stored_cases(kind):
    for folder in sorted((FOLDER / kind).iterdir()):
        graph = onnx.load(folder / "model.onnx").graph
        if {node.op_type for node in graph.node} & set(OPERATORS) and len(graph.node) <= 3:
            data = folder / "test_data_set_0"
            files = {way: sorted(data.glob(f"{way}_*.pb")) for way in ("input", "output")}
            yield kind, folder.name, graph, *([tensor(f) for f in files[way]] for way in files)


def run(graph, inputs):
    """The results of a graph, by our operators."""
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    given = [i.name for i in graph.input if i.name not in values]
    values.update(zip(given, inputs, strict=True))
    for node in graph.node:
        options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        arrays = [values.get(name) for name in node.input]
        if node.op_type in ADAPTERS:
            results = ADAPTERS[node.op_type](options, *arrays)
        else:
            change = {"Unsqueeze": np.expand_dims, "Squeeze": np.squeeze}[node.op_type]
            results = change(arrays[0], tuple(options.get("axes", arrays[-1])))
        values.update(zip(node.output, results if isinstance(results, tuple) else (results,), strict=False))
    return [values[o.name] for o in graph.output]


CASES = [*node_cases(), *stored_cases("pytorch-converted"), *stored_cases("pytorch-operator")]


@pytest.mark.parametrize(
    ("suite", "name", "graph", "inputs", "outputs"), CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES]
)
def test_conformance_onnx(suite, name, graph, inputs, outputs, record_property):
    operator = next(node.op_type for node in graph.node if node.op_type in OPERATORS)
    try:
        results = run(graph, inputs)
    except DifferentError as different:
        record_property("excluded", (f"ONNX {suite}", str(different)))
        return
    for ours, theirs in zip(results, outputs, strict=True):
        assert ours.dtype == theirs.dtype
        tolerance = 1e-4 if name in FOUR_DIGITS else 1e-5
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    record_property("conformance", (f"ONNX {suite}", operator, 1))


def test_there_are_as_many_cases_as_ever():
    counts = {suite: sum(case[0] == suite for case in CASES) for suite, *_ in CASES}
    assert counts["node tests"] >= 100
    assert counts["pytorch-converted"] == 43
    assert counts["pytorch-operator"] == 3


def test_a_flipped_kernel_passes_the_node_tests_but_not_those_from_pytorch(monkeypatch):
    rows = _conv._rows
    monkeypatch.setattr(_conv, "_rows", lambda weight, groups: rows(weight[..., ::-1], groups))
    right = {"node tests": [], "pytorch-converted": []}
    for suite, _, graph, inputs, outputs in CASES:
        if suite in right and [node.op_type for node in graph.node] == ["Conv"]:
            right[suite].append(np.allclose(run(graph, inputs)[0], outputs[0], rtol=1e-4, atol=1e-4))
    assert all(right["node tests"])
    assert right["pytorch-converted"].count(False) == 24  # the others have one tap
