"""What every operator says of bad input; that the docstrings' examples run; what an import brings along."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_pkg import arithmetic, ops

X, W, B = np.zeros((2, 4, 8)), np.zeros((6, 4, 3)), np.zeros(6)
Y = np.zeros((2, 6, 6))

# (call, error, argument, what came, what was expected)
CONV1D = [
    (lambda: ops.conv1d([[1.0]], W), TypeError, "input", "list [[1.0]]", "NumPy array"),
    (
        lambda: ops.conv1d(torch.zeros(2, 4, 8), W),
        TypeError,
        "input",
        "torch.Tensor of shape (2, 4, 8)",
        "NumPy",
    ),
    (lambda: ops.conv1d("signal", W), TypeError, "input", "str 'signal'", "NumPy array"),
    (lambda: ops.conv1d(None, W), TypeError, "input", "None", "NumPy array"),
    (lambda: ops.conv1d(X > 0, W > 0), TypeError, "input", "bool", "real dtype"),
    (lambda: ops.conv1d(X + 0j, W + 0j), TypeError, "input", "complex128", "real dtype"),
    (lambda: ops.conv1d(X.astype(object), W), TypeError, "input", "object", "real dtype"),
    (lambda: ops.conv1d(X[0, 0], W), ValueError, "input", "(8,)", "2 or 3 dimensions"),
    (lambda: ops.conv1d(np.float64(1), W), TypeError, "input", "float64", "NumPy array"),
    (lambda: ops.conv1d(np.array(1.0), W), ValueError, "input", "()", "2 or 3 dimensions"),
    (lambda: ops.conv1d(X[:, :0], W), ValueError, "input", "(2, 0, 8)", "at least one channel"),
    (lambda: ops.conv1d(X[:, :3], W), ValueError, "input", "3 channels", "expected 4"),
    (lambda: ops.conv1d(X, W, groups=2), ValueError, "input", "4 channels", "expected 8"),
    (lambda: ops.conv1d(X, W[0]), ValueError, "weight", "(4, 3)", "3 dimensions"),
    (lambda: ops.conv1d(X, W.astype(np.float32)), TypeError, "weight", "float32", "float64"),
    (lambda: ops.conv1d(X, W[:, :, :0]), ValueError, "weight", "(6, 4, 0)", "no axis of length 0"),
    (lambda: ops.conv1d(X[:, :, :2], W), ValueError, "weight", "spans 3", "at most 2"),
    (lambda: ops.conv1d(X, W, dilation=4), ValueError, "weight", "spans 9", "at most 8"),
    (
        lambda: ops.conv1d(X, W[:5, :2], groups=2),
        ValueError,
        "weight",
        "5 output channels",
        "multiple of groups=2",
    ),
    (lambda: ops.conv1d(X, W, B[:5]), ValueError, "bias", "(5,)", "(6,)"),
    (lambda: ops.conv1d(X, W, 1.0), TypeError, "bias", "float 1.0", "NumPy array"),
    (lambda: ops.conv1d(X, W, B.astype(np.float16)), TypeError, "bias", "float16", "float64"),
    (lambda: ops.conv1d(X, W, B, 0), ValueError, "stride", "0", "at least 1"),
    (lambda: ops.conv1d(X, W, B, 1.5), TypeError, "stride", "float 1.5", "an integer"),
    (lambda: ops.conv1d(X, W, B, True), TypeError, "stride", "bool True", "an integer"),
    (lambda: ops.conv1d(X, W, B, (1, 2)), ValueError, "stride", "(1, 2)", "tuple of 1"),
    (lambda: ops.conv1d(X, W, B, 2, "same"), ValueError, "stride", "2", "expected 1 with padding='same'"),
    (lambda: ops.conv1d(X, W, B, 1, -1), ValueError, "padding", "-1", "at least 0"),
    (lambda: ops.conv1d(X, W, B, 1, "full"), ValueError, "padding", "'full'", "'valid', 'same'"),
    (lambda: ops.conv1d(X, W, B, 1, None), TypeError, "padding", "None", "an integer"),
    (lambda: ops.conv1d(X, W, B, 1, 0, 0), ValueError, "dilation", "0", "at least 1"),
    (lambda: ops.conv1d(X, W, B, groups=0), ValueError, "groups", "0", "at least 1"),
    (lambda: ops.conv1d(X, W, B, groups=(1,)), TypeError, "groups", "(1,)", "an integer"),
    (lambda: ops.conv1d_backward(Y[:, :, :5], X, W, B), ValueError, "grad_out", "(2, 6, 5)", "(2, 6, 6)"),
    (lambda: ops.conv1d_backward(Y[0], X, W, B), ValueError, "grad_out", "(6, 6)", "(2, 6, 6)"),
    (lambda: ops.conv1d_backward(Y.astype(np.float32), X, W), TypeError, "grad_out", "float32", "float64"),
    (
        lambda: ops.conv1d_backward(Y, X.astype(int), W.astype(int)),
        TypeError,
        "input",
        "int64",
        "floating-point",
    ),
    (lambda: ops.conv1d_backward(None, X, W), TypeError, "grad_out", "None", "NumPy array"),
]
IMAGE, KERNELS, THICK = np.zeros((2, 4, 6, 5)), np.zeros((6, 4, 3, 2)), np.zeros((4, 3, 2, 2))
WHERE = np.zeros(IMAGE.shape, np.int64)
IMAGES = [
    (lambda: ops.conv2d(IMAGE[0, 0], KERNELS), ValueError, "input", "(6, 5)", "(C, H, W) or (N, C, H, W)"),
    (lambda: ops.conv2d(IMAGE, KERNELS[0]), ValueError, "weight", "(4, 3, 2)", "(O, C / groups, K_h, K_w)"),
    (lambda: ops.conv2d(IMAGE, KERNELS, None, (1, 2, 3)), ValueError, "stride", "(1, 2, 3)", "tuple of 2"),
    (lambda: ops.conv2d(IMAGE, KERNELS, None, 1, (0, -1)), ValueError, "padding[1]", "-1", "at least 0"),
    (
        lambda: ops.conv2d_backward(IMAGE, IMAGE, KERNELS),
        ValueError,
        "grad_out",
        "(2, 4, 6, 5)",
        "(2, 6, 4, 4)",
    ),
    (lambda: ops.conv3d(IMAGE[0, 0], KERNELS), ValueError, "input", "(6, 5)", "4 or 5 dimensions"),
    (lambda: ops.conv_transpose2d(IMAGE, KERNELS), ValueError, "input", "4 channels", "expected 6"),
    (lambda: ops.conv_transpose2d(IMAGE, THICK, B), ValueError, "bias", "(6,)", "(3,)"),
    (
        lambda: ops.conv_transpose2d(IMAGE, THICK, None, 2, 0, 2),
        ValueError,
        "output_padding",
        "2",
        "less than",
    ),
    (lambda: ops.conv_transpose2d(IMAGE, THICK, None, 1, 4), ValueError, "padding", "4", "at least 1"),
    (
        lambda: ops.conv_transpose2d(IMAGE, THICK, groups=3),
        ValueError,
        "weight",
        "4 input channels",
        "groups=3",
    ),
    (lambda: ops.unfold(IMAGE, 7), ValueError, "kernel_size", "7", "at most 6"),
    (lambda: ops.unfold(IMAGE[0, 0], 2), ValueError, "input", "(6, 5)", "3 or 4 dimensions"),
    (lambda: ops.fold(X, 4, 3), ValueError, "input", "(2, 4, 8)", "multiple of 9 rows"),
    (lambda: ops.fold(X, 4, 2), ValueError, "input", "(2, 4, 8)", "9 columns"),
    (lambda: ops.max_pool2d(IMAGE, 0), ValueError, "kernel_size", "0", "at least 1"),
    (lambda: ops.max_pool2d(IMAGE, 2, padding=2), ValueError, "padding", "2", "at most 1"),
    (lambda: ops.max_pool2d(IMAGE, 7), ValueError, "kernel_size", "7", "at most 6"),
    (
        lambda: ops.max_pool2d(IMAGE, 2, return_indices=1),
        TypeError,
        "return_indices",
        "int 1",
        "True or False",
    ),
    (lambda: ops.max_pool1d(IMAGE[0, :, :2, 0], 2, 1, 1, 3), ValueError, "dilation", "3", "window to see"),
    (
        lambda: ops.max_pool2d_backward(IMAGE, IMAGE, 2),
        ValueError,
        "grad_out",
        "(2, 4, 6, 5)",
        "(2, 4, 3, 2)",
    ),
    (lambda: ops.avg_pool2d(IMAGE.astype(int), 2), TypeError, "input", "int64", "floating-point"),
    (lambda: ops.avg_pool2d(IMAGE, 2, divisor_override=0), ValueError, "divisor_override", "0", "another"),
    (lambda: ops.avg_pool2d(IMAGE, 2, ceil_mode=1), TypeError, "ceil_mode", "int 1", "True or False"),
    (lambda: ops.lp_pool2d(IMAGE, 0, 2), ValueError, "norm_type", "0", "greater than 0"),
    (lambda: ops.lp_pool2d(IMAGE, "2", 2), TypeError, "norm_type", "str '2'", "a number"),
    (lambda: ops.adaptive_avg_pool2d(IMAGE, None), TypeError, "output_size", "None", "one number"),
    (lambda: ops.adaptive_avg_pool2d(IMAGE, (1, 2, 3)), ValueError, "output_size", "(1, 2, 3)", "tuple of 2"),
    (lambda: ops.max_unpool2d(IMAGE, WHERE[0], 2), ValueError, "indices", "(4, 6, 5)", "(2, 4, 6, 5)"),
    (lambda: ops.max_unpool2d(IMAGE, WHERE - 1, 2), ValueError, "indices", "-1", "0 to 119"),
    (lambda: ops.max_unpool2d(IMAGE, IMAGE, 2), TypeError, "indices", "float64", "real dtype"),
    (
        lambda: ops.max_unpool2d(IMAGE, WHERE, 2, output_size=(14, 10)),
        ValueError,
        "output_size",
        "(14, 10)",
        "(12, 10)",
    ),
    (lambda: ops.blur_pool2d(IMAGE, 0), ValueError, "kernel_size", "0", "at least 1"),
    (lambda: ops.blur_pool2d(IMAGE, padding_mode="zero"), ValueError, "padding_mode", "'zero'", "'reflect'"),
    (lambda: ops.interpolate(IMAGE), ValueError, "size", "None", "one of them"),
    (lambda: ops.interpolate(IMAGE, 3, 2), ValueError, "size", "3", "one of them"),
    (lambda: ops.interpolate(IMAGE, 0), ValueError, "size", "0", "at least 1"),
    (lambda: ops.interpolate(IMAGE, None, -1.0), ValueError, "scale_factor", "-1.0", "greater than 0"),
    (lambda: ops.interpolate(IMAGE, None, (1, 2, 3)), ValueError, "scale_factor", "(1, 2, 3)", "tuple of 2"),
    (lambda: ops.interpolate(IMAGE, 3, mode="linear"), ValueError, "input", "(2, 4, 6, 5)", "3 dimensions"),
    (lambda: ops.interpolate(IMAGE, 3, mode="cubic"), ValueError, "mode", "'cubic'", "'bicubic'"),
    (lambda: ops.interpolate(IMAGE, 3, align_corners=True), ValueError, "align_corners", "True", "None"),
    (lambda: ops.pixel_shuffle(IMAGE, 3), ValueError, "input", "4 channels", "upscale_factor²=9"),
    (lambda: ops.pixel_unshuffle(IMAGE, 2), ValueError, "input", "(6, 5)", "downscale_factor=2"),
    (lambda: ops.local_response_norm(IMAGE[0, 0], 2), ValueError, "input", "(6, 5)", "at least 3 dimensions"),
    (lambda: ops.local_response_norm(IMAGE, 0), ValueError, "size", "0", "at least 1"),
    (lambda: ops.local_response_norm(IMAGE, 2, alpha="1"), TypeError, "alpha", "str '1'", "a number"),
    (lambda: ops.gradcheck(np.sum, np.sum, [1], np.random), TypeError, "args", "int 1", "float64 array"),
]
SIGNALS = [
    (lambda: ops.convolve("abc", [1]), TypeError, "x", "str 'abc'", "list of numbers"),
    (lambda: ops.convolve(torch.zeros(3), [1]), TypeError, "x", "torch.Tensor", "list of numbers"),
    (lambda: ops.convolve(["a"], [1]), TypeError, "x", "<U1", "real dtype"),
    (lambda: ops.convolve([1], [True]), TypeError, "w", "bool", "real dtype"),
    (lambda: ops.convolve([1], [1j]), TypeError, "w", "complex128", "real dtype"),
    (lambda: ops.convolve([1], 2), TypeError, "w", "int 2", "list of numbers"),
    (lambda: ops.convolve([[1, 2], [3]], [[1]]), ValueError, "x", "[[1, 2], [3]]", "equal length"),
    (lambda: ops.convolve([], [1]), ValueError, "x", "(0,)", "at least one value"),
    (lambda: ops.convolve(np.array(1.0), [1]), ValueError, "x", "()", "1 or 2 dimensions"),
    (lambda: ops.convolve(X, X), ValueError, "x", "(2, 4, 8)", "1 or 2 dimensions"),
    (lambda: ops.convolve([1, 2], [[1]]), ValueError, "w", "(1, 1)", "1 dimension"),
    (lambda: ops.correlate([1, 2], [1, 2, 3], "valid"), ValueError, "w", "(3,)", "at most (2,)"),
    (lambda: ops.correlate([1, 2], [1], "vald"), ValueError, "mode", "'vald'", "'full', 'same', 'valid'"),
    (lambda: ops.correlate([1, 2], [1], 0), TypeError, "mode", "int 0", "'full'"),
    (lambda: ops.convolve([1, 2], [1], boundary="wrap"), ValueError, "boundary", "'wrap'", "'circular'"),
    (lambda: ops.convolve_backward([1], [1, 2], [1]), ValueError, "grad_out", "(1,)", "(2,)"),
    (lambda: ops.correlate_backward(None, [1, 2], [1]), TypeError, "grad_out", "None", "list of numbers"),
    (lambda: ops.pad([1, 2], (1, 1)), TypeError, "input", "list [1, 2]", "NumPy array"),
    (lambda: ops.pad(X, 1), TypeError, "pad", "int 1", "(left, right, ...)"),
    (lambda: ops.pad(X, (1,)), ValueError, "pad", "(1,)", "two widths"),
    (lambda: ops.pad(X, (1, 1.0)), TypeError, "pad[1]", "float 1.0", "an integer"),
    (lambda: ops.pad(B, (1, 1, 1, 1)), ValueError, "pad", "(1, 1, 1, 1)", "up to 1 axes"),
    (lambda: ops.pad(B, (-3, -3)), ValueError, "pad", "(-3, -3)", "leave some"),
    (lambda: ops.pad(B, (6, 0), "reflect"), ValueError, "pad", "(6, 0)", "at most 5"),
    (lambda: ops.pad(B, (7, 0), "circular"), ValueError, "pad", "(7, 0)", "at most 6"),
    (lambda: ops.pad(B, (1, 1), "zero"), ValueError, "mode", "'zero'", "'constant'"),
    (lambda: ops.pad(B, (1, 1), "reflect", 1.0), ValueError, "value", "1.0", "None"),
    (lambda: ops.pad(B, (1, 1), value="1"), TypeError, "value", "str '1'", "a number"),
    (lambda: ops.pad_backward(B, B, (1, 1)), ValueError, "grad_out", "(6,)", "(8,)"),
]
ARITHMETIC = [
    (lambda: arithmetic.output_size(0, 3), ValueError, "n", "0", "at least 1"),
    (lambda: arithmetic.output_size(7.0, 3), TypeError, "n", "float 7.0", "an integer"),
    (lambda: arithmetic.output_size(7, "3"), TypeError, "kernel", "str '3'", "an integer"),
    (lambda: arithmetic.output_size(7, 3, 0), ValueError, "stride", "0", "at least 1"),
    (lambda: arithmetic.output_size(7, 3, 1, -1), ValueError, "padding", "-1", "at least 0"),
    (lambda: arithmetic.output_size(7, 3, dilation=0), ValueError, "dilation", "0", "at least 1"),
    (lambda: arithmetic.output_size(7, 3, strict=1), TypeError, "strict", "int 1", "True or False"),
    (
        lambda: arithmetic.output_size(2, 3),
        ValueError,
        "n=2, kernel=3",
        "spans 3",
        "at most n + 2*padding = 2",
    ),
    (lambda: arithmetic.receptive_field(3), TypeError, "layers", "int 3", "(kernel, stride)"),
    (lambda: arithmetic.receptive_field([3, 1]), TypeError, "layers[0]", "int 3", "(kernel, stride)"),
    (
        lambda: arithmetic.receptive_field([(3, 1), (3,)]),
        ValueError,
        "layers[1]",
        "1 numbers",
        "(kernel, stride)",
    ),
    (lambda: arithmetic.receptive_field([(3, 0)]), ValueError, "layers[0][1]", "0", "at least 1"),
    (lambda: arithmetic.conv_parameters(3, 4, 0), ValueError, "kernel", "0", "at least 1"),
    (lambda: arithmetic.conv_parameters(3, 4, ()), ValueError, "kernel", "()", "one integer per axis"),
    (
        lambda: arithmetic.conv_parameters(3, 4, 3, groups=2),
        ValueError,
        "groups",
        "2",
        "divisor of in_channels=3",
    ),
    (
        lambda: arithmetic.conv_parameters(4, 3, 3, groups=2),
        ValueError,
        "groups",
        "2",
        "divisor of out_channels=3",
    ),
    (lambda: arithmetic.conv_parameters(4, 3, 3, 2), TypeError, "bias", "int 2", "True or False"),
    (lambda: arithmetic.conv_macs(4, 3, 3, 2.5), TypeError, "positions", "float 2.5", "an integer"),
    (lambda: arithmetic.layer_table("lenet", (1, 40)), TypeError, "model", "str 'lenet'", "torch.nn.Module"),
    (lambda: arithmetic.layer_table(torch.nn.ReLU(), 40), TypeError, "input_size", "int 40", "a tuple"),
    (lambda: arithmetic.layer_table(torch.nn.ReLU(), (1, 0)), ValueError, "input_size[1]", "0", "at least 1"),
]


@pytest.mark.parametrize(
    ("call", "error", "argument", "came", "expected"), CONV1D + IMAGES + SIGNALS + ARITHMETIC
)
def test_bad_input_is_named(call, error, argument, came, expected):
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    message = str(raised.value)
    assert message.startswith(argument)
    assert message[len(argument)] in ":[,"
    assert came in message
    assert expected in message.partition("expected")[2] or expected.startswith("expected")


OPERATORS = [f"ops.{module.name}" for module in pkgutil.iter_modules(ops.__path__)]
MODULES = ["_validate", "_layer_table", "arithmetic", *OPERATORS]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(f"course_pkg.{name}")
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.attempted > 0 or name.startswith("ops._")
    assert result.failed == 0


@pytest.mark.parametrize("module", [ops, arithmetic], ids=["ops", "arithmetic"])
def test_every_public_function_has_a_complete_docstring(module):
    functions = [getattr(module, name) for name in module.__all__]
    for function in (f for f in functions if not isinstance(f, type)):
        assert function.__doc__ is not None
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"{section}\n    ---" in function.__doc__, (function.__name__, section)
        assert {"return"} <= set(function.__annotations__)


def test_import_brings_neither_torch_nor_matplotlib():
    code = (
        "import sys, course_pkg, course_pkg.ops, course_pkg.arithmetic; "
        "print(sorted({'torch', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
