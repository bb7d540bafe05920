"""conv1d and its backward against PyTorch, ONNX, numerical gradients and what a layer is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from torch.testing._internal.common_methods_invocations import op_db

from course_pkg.ops import conv1d, conv1d_backward

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

OP = next(op for op in op_db if op.name == "nn.functional.conv1d")
# every dtype of PyTorch's own tests but bfloat16, which NumPy lacks, and complex numbers, out of the contract
NUMPY_DTYPES = OP.dtypes - {torch.bfloat16, torch.complex64, torch.complex128}
TOLERANCE = {torch.float16: 2e-3, torch.float32: 1e-5, torch.float64: 1e-10, torch.int64: 0}


def close(ours, theirs, tolerance=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def samples(dtype):
    return [
        (tuple(None if a is None else a.detach().numpy() for a in (s.input, *s.args)), s.kwargs)
        for s in OP.sample_inputs("cpu", dtype)
    ]


def torch_conv1d(input, weight, bias=None, **kwargs):
    tensors = [None if a is None else torch.from_numpy(a.copy()) for a in (input, weight, bias)]
    return torch.nn.functional.conv1d(*tensors, **kwargs).numpy()


@pytest.mark.parametrize("dtype", sorted(NUMPY_DTYPES, key=str), ids=str)
def test_pytorch_sample_inputs(dtype):
    cases = samples(dtype)
    assert len(cases) >= 10
    for arrays, kwargs in cases:
        ours, theirs = conv1d(*arrays, **kwargs), torch_conv1d(*arrays, **kwargs)
        assert ours.dtype == theirs.dtype
        close(ours, theirs, TOLERANCE[dtype])


def test_pytorch_error_inputs():
    cases = list(OP.error_inputs("cpu"))
    assert len(cases) >= 10
    for case in cases:
        arrays = [a.detach().numpy() for a in (case.sample_input.input, *case.sample_input.args)]
        with pytest.raises(
            (ValueError, TypeError), match=r"^(input|weight|bias|stride|padding|dilation|groups)"
        ):
            conv1d(*arrays, **case.sample_input.kwargs)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)], ids=str)
def test_backward_on_pytorch_sample_inputs(dtype, tolerance):
    rng = np.random.default_rng(1)
    for arrays, kwargs in samples(dtype):
        tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
        y = torch.nn.functional.conv1d(*tensors, **kwargs)
        grad_out = rng.normal(size=y.shape).astype(arrays[0].dtype)
        y.backward(torch.from_numpy(grad_out))
        gradients = conv1d_backward(grad_out, *arrays, **kwargs)
        for ours, tensor in zip(gradients, tensors, strict=True):
            if tensor is None:
                assert ours is None
            else:
                assert ours.dtype == arrays[0].dtype
                close(ours, tensor.grad.numpy(), tolerance)


def onnx_cases():
    folder = Path(onnx.__file__).parent / "backend/test/data/pytorch-converted"
    return sorted(folder.glob("test_Conv1d*"))


def onnx_tensor(path):
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def run_onnx(folder, operator):
    """What `operator` makes of the single Conv node in an ONNX test, and what it should be."""
    graph = onnx.load(folder / "model.onnx").graph
    (node,) = graph.node
    assert node.op_type == "Conv"
    options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    (stride,), (dilation,), (left, right) = options["strides"], options["dilations"], options["pads"]
    assert left == right
    assert set(options) == {"strides", "dilations", "pads", "kernel_shape", "group"}
    arrays = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    arrays[graph.input[0].name] = onnx_tensor(folder / "test_data_set_0/input_0.pb")
    y = operator(*(arrays[name] for name in node.input), stride, left, dilation, options["group"])
    return y, onnx_tensor(folder / "test_data_set_0/output_0.pb")


def test_onnx_has_its_eight_cases():
    assert len(onnx_cases()) == 8


@pytest.mark.parametrize("folder", onnx_cases(), ids=lambda folder: folder.name)
def test_onnx_pytorch_converted(folder):
    ours, theirs = run_onnx(folder, conv1d)
    close(ours, theirs, 1e-5)


@st.composite
def sensible_cases(draw):
    """Shapes of an input, weight and bias, and options, most of which go together."""
    groups, c, o, k = (draw(st.integers(1, most)) for most in (3, 3, 3, 4))
    n, size = draw(st.integers(0, 3)), draw(st.integers(1, 9))
    padding = draw(st.integers(0, 4) | st.sampled_from(["same", "valid"]))
    options = {
        "stride": 1 if padding == "same" else draw(st.integers(1, 3)),
        "padding": padding,
        "dilation": draw(st.integers(1, 3)),
        "groups": groups,
    }
    input_shape = draw(st.sampled_from([(n, c * groups, size), (c * groups, size)]))
    return input_shape, (o * groups, c, k), draw(st.sampled_from([None, (o * groups,)])), options


@st.composite
def cases_with_a_slip(draw):
    """A sensible case, most often with one or two things changed, so that they may not go together."""
    input_shape, weight_shape, bias_shape, options = draw(sensible_cases())
    for _ in range(draw(st.integers(0, 2))):
        axis, change = draw(st.integers(0, 2)), draw(st.sampled_from([-1, 1, None]))
        match draw(st.sampled_from(["input", "weight", "bias", "rank", *options])):
            case "input":
                input_shape = changed(input_shape, axis, change)
            case "weight":
                weight_shape = changed(weight_shape, axis, change)
            case "bias":
                bias_shape = draw(st.sampled_from([(weight_shape[0], 1), (weight_shape[0] + 1,), (), (1,)]))
            case "rank":
                input_shape = draw(st.sampled_from([input_shape[1:], (1, *input_shape)]))
            case "padding":
                options["padding"] = draw(st.sampled_from([-1, 0, "full", "same", "valid", (1, 1), (2,), ()]))
            case "groups":
                options["groups"] = draw(st.integers(-1, 4))
            case name:
                options[name] = draw(st.sampled_from([-1, 0, 1, (2,), [2], (1, 2), ()]))
    return input_shape, weight_shape, bias_shape, options


def changed(shape, axis, change):
    """One axis one shorter or longer, or (None) of length 0."""
    shape = list(shape)
    axis %= len(shape)
    shape[axis] = 0 if change is None else max(shape[axis] + change, 0)
    return tuple(shape)


def random_arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [None if shape is None else rng.normal(size=shape) for shape in shapes]


def pytorch_does_not_look(input_shape, weight_shape, options):
    # with no numbers to read PyTorch checks less: it takes an input without channels, and forgets how many
    # outputs were asked for; with no examples it takes no positions and dilation 0. we refuse these
    no_channels_or_positions = 0 in (*input_shape[-2:], weight_shape[1])
    return no_channels_or_positions or (input_shape[0] == 0 and options["dilation"] == 0)


@settings(max_examples=800)
@given(cases_with_a_slip())
def test_refuses_exactly_what_pytorch_refuses(case):
    *shapes, options = case
    arrays = random_arrays(*shapes)
    try:
        theirs = torch_conv1d(*arrays, **options)
    except (RuntimeError, TypeError, IndexError):
        with pytest.raises(
            (ValueError, TypeError), match=r"^(input|weight|bias|stride|padding|dilation|groups)"
        ):
            conv1d(*arrays, **options)
        return
    if pytorch_does_not_look(*shapes[:2], options):
        with pytest.raises(ValueError, match=r"^(input|weight|dilation): "):
            conv1d(*arrays, **options)
        return
    close(conv1d(*arrays, **options), theirs)


@settings(max_examples=200)
@given(sensible_cases(), st.integers(0, 2**32 - 1))
def test_backward_is_autograd(case, seed):
    *shapes, options = case
    arrays = random_arrays(*shapes, seed=seed)
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    try:
        y = torch.nn.functional.conv1d(*tensors, **options)
    except RuntimeError:
        assume(False)
    (grad_out,) = random_arrays(tuple(y.shape), seed=seed + 1)
    y.backward(torch.from_numpy(grad_out))
    for ours, tensor in zip(conv1d_backward(grad_out, *arrays, **options), tensors, strict=True):
        assert (ours is None) == (tensor is None)
        if tensor is not None:
            close(ours, tensor.grad.numpy())


@settings(max_examples=100)
@given(sensible_cases(), st.integers(0, 2**32 - 1))
def test_backward_is_the_adjoint(case, seed):
    input_shape, weight_shape, _, options = case
    x, w = random_arrays(input_shape, weight_shape, seed=seed)
    try:
        y = conv1d(x, w, **options)
    except ValueError:
        assume(False)
    (g,) = random_arrays(y.shape, seed=seed + 1)
    grad_x, grad_w, _ = conv1d_backward(g, x, w, **options)
    # linear in each argument: <A x, g> = <x, A* g>, and the same for w
    close([np.vdot(x, grad_x), np.vdot(w, grad_w)], np.vdot(y, g))


def test_backward_is_the_numerical_gradient():
    x, w, b = arrays = random_arrays((2, 4, 9), (6, 2, 3), (6,))
    options = {"stride": 2, "padding": 3, "dilation": 2, "groups": 2}
    (g,) = random_arrays(conv1d(x, w, b, **options).shape, seed=1)
    step = 1e-6
    for array, gradient in zip(arrays, conv1d_backward(g, x, w, b, **options), strict=True):
        numerical = np.empty_like(array)
        for i in np.ndindex(array.shape):
            value = array[i]
            array[i] = value + step
            up = np.vdot(conv1d(x, w, b, **options), g)
            array[i] = value - step
            down = np.vdot(conv1d(x, w, b, **options), g)
            array[i] = value
            numerical[i] = (up - down) / (2 * step)
        close(gradient, numerical, 1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_keeps_the_dtype(dtype):
    x, w, b = (a.astype(dtype) for a in random_arrays((2, 3, 8), (4, 3, 3), (4,)))
    y = conv1d(x, w, b, padding=1)
    assert y.dtype == dtype
    assert {g.dtype for g in conv1d_backward(y, x, w, b, padding=1)} == {np.dtype(dtype)}
    close(y, conv1d(*(a.astype(float) for a in (x, w, b)), padding=1), 2e-3)


def test_half_precision_does_not_add_up_errors():
    ones = np.ones((1, 1, 5000), np.float16)
    assert conv1d(ones, ones)[0, 0, 0] == 5000  # summed in half precision this is 2048


def test_other_memory_layouts_and_arguments_left_alone():
    x, w, b = random_arrays((2, 3, 9), (4, 3, 3), (4,))
    y = conv1d(x, w, b, 2, 1)
    strided = np.repeat(x, 2, axis=2)[:, :, ::2], np.flip(np.flip(w, 2).copy(), 2), np.repeat(b, 3)[::3]
    fortran = [np.asfortranarray(a) for a in (x, w, b)]
    frozen = [a.copy() for a in (x, w, b)]
    for a in frozen:
        a.flags.writeable = False
    for arrays in (strided, fortran, frozen):
        close(conv1d(*arrays, 2, 1), y, 1e-12)
        assert conv1d(*arrays, 2, 1).flags.c_contiguous
        for ours, expected in zip(
            conv1d_backward(y, *arrays, 2, 1), conv1d_backward(y, x, w, b, 2, 1), strict=True
        ):
            close(ours, expected, 1e-12)


def test_result_shares_no_memory_with_the_input():
    x = np.ones((1, 1, 4))
    y = conv1d(x, np.ones((1, 1, 1)))
    y[:] = 7
    assert (x == 1).all()


def test_one_nan_reaches_only_the_outputs_that_see_it():
    x = np.zeros((1, 8))
    x[0, 3] = np.nan
    np.testing.assert_array_equal(np.isnan(conv1d(x, np.ones((1, 1, 3)))[0]), [0, 1, 1, 1, 0, 0])


def test_a_batch_of_no_examples():
    x, w, b = np.zeros((0, 3, 9)), np.ones((4, 3, 3)), np.ones(4)
    y = conv1d(x, w, b)
    assert y.shape == (0, 4, 7)
    grad_x, grad_w, grad_b = conv1d_backward(y, x, w, b)
    assert grad_x.shape == x.shape
    assert not grad_w.any()
    assert not grad_b.any()


MUTANTS = {
    "kernel flipped": lambda x, w, b=None, *a, **k: conv1d(x, w[..., ::-1], b, *a, **k),
    "channels swapped": lambda x, w, b=None, *a, **k: conv1d(x, w[:, ::-1], b, *a, **k),
    "stride ignored": lambda x, w, b=None, stride=1, *a, **k: conv1d(x, w, b, 1, *a, **k),
    "bias ignored": lambda x, w, b=None, *a, **k: conv1d(x, w, None, *a, **k),
    "output channels swapped": lambda x, w, b=None, *a, **k: conv1d(x, w[::-1], b, *a, **k),
}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_the_samples_catch_a_wrong_layer(mutant):
    def right(arrays, kwargs):
        ours, theirs = mutant(*arrays, **kwargs), torch_conv1d(*arrays, **kwargs)
        return ours.shape == theirs.shape and np.allclose(ours, theirs)

    assert not all(right(arrays, kwargs) for arrays, kwargs in samples(torch.float64))
    onnx_results = [run_onnx(folder, mutant) for folder in onnx_cases()]
    assert not all(a.shape == b.shape and np.allclose(a, b, atol=1e-5) for a, b in onnx_results)
