"""PyTorch's own test cases, results and gradients; and, that wrong operators do not pass them.

`python -m pytest tests/ops -k conformance` prints how many cases there are.
"""

import inspect
import textwrap

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.testing._internal.common_methods_invocations import op_db

from course_pkg import ops
from course_pkg.ops import _axes, _conv, _pool, _windows, max_pool, norm, resample

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

PREFIX = "nn.functional."
OPS = [op for op in op_db if op.name.startswith(PREFIX) and op.name.removeprefix(PREFIX) in ops.__all__]
NAMES = [op.name.removeprefix(PREFIX) for op in OPS]
IDS = [" ".join(filter(None, (name, op.variant_test_name))) for name, op in zip(NAMES, OPS, strict=True)]
# of the largest value; PyTorch sums some half-precision convolutions in half precision
TOLERANCE = {torch.float16: 1e-2, torch.float32: 1e-5, torch.float64: 1e-10}
DTYPES = sorted(TOLERANCE, key=str)
SEED = 0


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    return tuple(value) if isinstance(value, torch.Size) else value


def close(ours, theirs, tolerance):
    largest = max(1, np.abs(theirs).max(initial=0, where=np.isfinite(theirs)))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * largest)


def compare(name, theirs, args, kwargs, tolerance):
    """Results and gradients of the operator `name` and of the PyTorch function `theirs`."""
    tensors = [a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args]
    for t in tensors:
        if isinstance(t, torch.Tensor) and t.is_floating_point():
            t.requires_grad_()
    arrays, options = [plain(a) for a in args], {k: plain(v) for k, v in kwargs.items()}
    ours, expected = getattr(ops, name)(*arrays, **options), theirs(*tensors, **kwargs)
    pairs = list(zip(ours, expected, strict=True)) if isinstance(expected, tuple) else [(ours, expected)]
    for a, b in pairs:
        assert a.dtype == plain(b).dtype
        assert a.flags.c_contiguous
        close(a, plain(b), tolerance)
    y = pairs[0][1]
    grad_out = np.random.default_rng(SEED).normal(size=y.shape).astype(plain(y).dtype)
    y.backward(torch.from_numpy(grad_out))
    gradients = getattr(ops, f"{name}_backward")(grad_out, *arrays, **options)
    gradients = [g for g in (gradients if isinstance(gradients, tuple) else (gradients,)) if g is not None]
    with_gradient = [t for t in tensors if isinstance(t, torch.Tensor) and t.requires_grad]
    for a, b in zip(gradients, with_gradient, strict=True):
        assert a.dtype == plain(b).dtype
        close(a, b.grad.numpy(), tolerance)


def difference(name, case):
    """Why a sample is not in our semantics, or None."""
    if name == "pad":
        widths = case.args[0]
        for n, left, right in zip(case.input.shape[::-1], widths[::2], widths[1::2], strict=False):
            if n + min(left, 0) + min(right, 0) < 1:
                return (
                    "pad that crops all of an axis: PyTorch gives nothing or what it has cropped, we refuse"
                )
    return None


def samples(op, dtype):
    torch.manual_seed(SEED)
    return list(op.sample_inputs("cpu", dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("op", "name"), list(zip(OPS, NAMES, strict=True)), ids=IDS)
def test_conformance_samples(op, name, dtype, record_property):
    cases = samples(op, dtype)
    fitting = [case for case in cases if difference(name, case) is None]
    for case in fitting:
        compare(name, op.op, (case.input, *case.args), case.kwargs, TOLERANCE[dtype])
    for case in cases:
        if (reason := difference(name, case)) is not None:
            record_property("excluded", ("PyTorch op_db samples", reason))
            with pytest.raises(ValueError, match=r"^pad: "):
                ops.pad(plain(case.input), *case.args, **case.kwargs)
    cases = fitting
    assert cases
    record_property("conformance", (f"PyTorch op_db samples, {str(dtype)[6:]}", name, len(cases)))
    record_property("conformance", (f"PyTorch autograd on them, {str(dtype)[6:]}", name, len(cases)))


WITH_ERRORS = [op for op in OPS if op.error_inputs_func is not None]


@pytest.mark.parametrize("name", sorted({op.name.removeprefix(PREFIX) for op in WITH_ERRORS}))
def test_conformance_errors(name, record_property):
    cases = [case for op in WITH_ERRORS if op.name == PREFIX + name for case in op.error_inputs("cpu")]
    arguments = "|".join(inspect.signature(getattr(ops, name)).parameters)
    for case in cases:
        given = case.sample_input
        with pytest.raises((ValueError, TypeError), match=rf"^({arguments})\b"):
            getattr(ops, name)(
                *map(plain, (given.input, *given.args)), **{k: plain(v) for k, v in given.kwargs.items()}
            )
    assert cases
    record_property("conformance", ("PyTorch op_db errors", name, len(cases)))


# --- operators that op_db does not have: cases of our own against PyTorch's functions ---


def random(*shape):
    return torch.from_numpy(np.random.default_rng(SEED).normal(size=shape))


def blurred(x, kernel_size=3, stride=2, padding_mode="reflect"):
    row = torch.from_numpy(np.array([1.0]))
    for _ in range(kernel_size - 1):
        row = (F.pad(row, (0, 1)) + F.pad(row, (1, 0))) / 2
    widths = [(kernel_size - 1) // 2, kernel_size // 2] * 2
    longer = F.pad(x, widths, mode=padding_mode)
    kernel = torch.outer(row, row).expand(x.shape[-3], 1, -1, -1)
    return F.conv2d(longer, kernel, stride=stride, groups=x.shape[-3])


GRID = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1)},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
]
FOLDS = [
    ((2, 8, 12), {"output_size": (4, 5), "kernel_size": 2}),
    ((6, 9), {"output_size": (5, 4), "kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}),
    (
        (3, 8, 10),
        {"output_size": (6, 4), "kernel_size": 2, "dilation": (1, 2), "padding": (0, 1), "stride": (1, 2)},
    ),
]
TIES = random(2, 3, 7, 8).round()
LOWEST = torch.where(TIES > 0, TIES, -torch.inf)
NANS = torch.where(TIES > 0, TIES, torch.nan)
POOLS = [
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "dilation": 2},
    {"kernel_size": 3, "stride": 1},
]
OWN = {
    "max_pool1d": [
        ((x[0], 3), {"return_indices": flag}) for x in (TIES, LOWEST, NANS) for flag in (True, False)
    ],
    "max_pool2d": [
        ((x,), {**options, "return_indices": flag})
        for x in (TIES, LOWEST, NANS, torch.full_like(TIES, -torch.inf), torch.full_like(TIES, torch.nan))
        for options in POOLS
        for flag in (True, False)
    ],
    "lp_pool2d": [
        ((random(*shape).abs() + 0.1, p), {**options})
        for shape in ((2, 3, 7, 6), (3, 5, 8))
        for p in (1, 2, 2.5, 4)
        for options in GRID
    ]
    + [
        ((random(2, 3, 6, 6), 2), {"kernel_size": 2}),
        ((torch.zeros(1, 4, 4).double(), 2), {"kernel_size": 2}),
    ],
    "fold": [((random(*shape),), options) for shape, options in FOLDS],
    "blur_pool2d": [
        ((random(2, 3, 7, 8),), {"kernel_size": k, "stride": s, "padding_mode": mode})
        for k in (1, 2, 3, 5)
        for s in (1, 2, 3)
        for mode in ("reflect", "circular", "replicate", "constant")
    ],
    "interpolate": [
        ((random(2, 3, 7, 5),), {"size": size, "mode": mode})
        for size in ((1, 1), (3, 9), (14, 10), (7, 5), (13, 4))
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
    ],
}


@pytest.mark.parametrize("name", OWN)
def test_conformance_own_cases(name, record_property):
    theirs = blurred if name == "blur_pool2d" else getattr(F, name)
    for args, kwargs in OWN[name]:
        compare(name, theirs, args, kwargs, 1e-10)
    record_property("conformance", ("PyTorch on our cases, float64", name, len(OWN[name])))


CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d")


@pytest.mark.parametrize("most", [1, 100])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_conformance_a_few_columns_at_a_time(name, most, monkeypatch):
    monkeypatch.setattr(_conv, "BLOCK", most)
    check_all(name)


# --- that the cases above catch a wrong operator: the same functions with one slip in their source ---

MUTANTS = [
    # operator, function with the slip, source, and what it becomes
    ("conv1d", _conv._rows, "return weight.", "return weight[..., ::-1]."),  # kernel flipped
    ("conv2d", _conv._rows, "return weight.", "return weight[..., ::-1]."),
    ("conv3d", _conv._rows, "return weight.", "return weight[..., ::-1]."),
    ("conv2d", _conv._rows, "return weight.", "return weight[:, ::-1]."),  # input channels swapped
    ("conv2d", _conv._rows, "return weight.", "return weight[::-1]."),  # output channels swapped
    ("conv2d", _windows.gather, "*read, phase", "*read, 0"),  # stride partly ignored
    ("conv2d", _windows.gather, "*tap, *whole", "*tap[::-1], *whole"),  # taps transposed
    ("conv2d", _windows.scatter, "+=", "="),
    ("conv2d", _conv.weight_gradient, "product = g", "product = abs(g)"),
    ("conv2d", _conv.bias_gradient, "*range(2, grad_y.ndim)", "*range(3, grad_y.ndim)"),
    ("conv2d", _conv.add_bias, "bias.reshape(-1", "bias[::-1].reshape(-1"),
    ("conv2d", _conv._paddings, "total // 2, total - total // 2", "total - total // 2, total // 2"),
    ("conv_transpose1d", _windows.scatter, "+=", "="),
    ("conv_transpose2d", _windows.reads, "d * k + s * f,", "k + s * f,"),  # dilation ignored
    ("conv_transpose2d", _conv._rows, "return weight.", "return weight[..., ::-1, :]."),
    ("unfold", _windows.gather, "*read, phase", "*read, 0"),  # stride partly ignored
    ("unfold", _windows.reads, "d * k + s * f,", "k + s * f,"),
    ("fold", _windows.scatter, "+=", "="),
    ("max_pool1d", max_pool._largest_and_where, "value > largest", "value >= largest"),  # last of equals
    ("max_pool2d", max_pool._largest_and_where, "value > largest", "value < largest"),
    ("max_pool2d", max_pool._backward, "np.add.at", "np.put"),
    ("max_pool2d", max_pool._lowest, "-math.inf", "0"),  # padding wins over negative values
    ("max_unpool2d", _pool.in_all_channels, "+ start", ""),
    ("avg_pool1d", _pool.window_sums, "total += term", "total = term"),
    ("avg_pool2d", _pool.window_sums_adjoint, "+=", "="),
    ("avg_pool2d", _pool.axis_reads, "d * k + s * (p - 1) + 1, s", "d * k + p, 1"),  # stride ignored
    ("adaptive_avg_pool2d", _axes._sums_of_parts, "-(-(i + 1) * n // positions)", "(i + 1) * n // positions"),
    ("adaptive_avg_pool2d", _axes.mean_parts_adjoint, "y / _along(y, axis, counts)", "y"),
    ("lp_pool2d", ops.lp_pool2d, "means * taps", "means"),
    ("lp_pool2d", ops.lp_pool2d_backward, "means * taps", "means"),
    ("blur_pool2d", _pool.window_sums, "w * x[read]", "x[read]"),
    ("blur_pool2d", _pool.window_sums_adjoint, "+=", "="),
    ("interpolate", resample._taps, "(i + 0.5) * ratio - 0.5", "i * ratio"),
    ("interpolate", resample._taps, "1 - t, t", "t, 1 - t"),
    ("interpolate", _axes.weighted_adjoint, "np.add.at(", "np.put("),
    (
        "interpolate",
        resample._checked,
        "else 1 / f for n, p, f in",
        "else round(1 / f) for n, p, f in",
    ),
    ("pixel_shuffle", ops.pixel_shuffle, "(-3, -1))", "(-1, -3))"),
    ("pixel_unshuffle", ops.pixel_unshuffle, "(-4, -3))", "(-3, -4))"),
    ("local_response_norm", norm._scale, "size // 2, (size - 1) // 2", "(size - 1) // 2, size // 2"),
    (
        "local_response_norm",
        ops.local_response_norm_backward,
        "(size - 1) // 2, size // 2",
        "size // 2, (size - 1) // 2",
    ),
]


def check_all(name):
    for op, its_name in zip(OPS, NAMES, strict=True):
        for case in samples(op, torch.float64) if its_name == name else []:
            compare(name, op.op, (case.input, *case.args), case.kwargs, 1e-10)
    for args, kwargs in OWN.get(name, []):
        compare(name, blurred if name == "blur_pool2d" else getattr(F, name), args, kwargs, 1e-10)


@pytest.mark.parametrize(
    ("name", "function", "right", "wrong"), MUTANTS, ids=[f"{m[0]}: {m[3]}" for m in MUTANTS]
)
def test_conformance_catches(name, function, right, wrong, monkeypatch, record_property):
    source = textwrap.dedent(inspect.getsource(function))
    assert right in source
    scope = dict(function.__globals__)
    exec(source.replace(right, wrong), scope)
    monkeypatch.setattr(function, "__code__", scope[function.__name__].__code__)
    with pytest.raises((AssertionError, ValueError)):
        check_all(name)
    record_property("conformance", ("mutants caught by the cases above", name, 1))
