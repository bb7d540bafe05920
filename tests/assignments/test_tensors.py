"""PyTorch parts: what comes through the handle is what PyTorch gives, and wrong ones are told apart."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.checks import CheckFailedError, NotWrittenError, Student, wire
from course_pkg.checks.discretion import discreet
from course_pkg.checks.work import run

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(2, 3, 6, 5)), RNG.normal(size=(4, 3, 3, 2))
Y_SHAPE = (2, 4, 4, 4)
COTANGENT = RNG.normal(size=Y_SHAPE)


def over_the_wire(names, request):
    """As to another process: only bytes go each way."""
    received = wire.unpack(wire.pack(request))
    return wire.unpack(wire.pack(run(received, names)))


@pytest.fixture(params=["here", "over the wire"])
def handle(request):
    carry = partial(run) if request.param == "here" else None
    return lambda **names: Student(
        partial(carry, namespace=names) if carry else partial(over_the_wire, names)
    )


def conv(x, w, bias=None):
    return F.conv2d(x, w, bias)


def expected():
    x, w = torch.tensor(X, requires_grad=True), torch.tensor(W, requires_grad=True)
    y = F.conv2d(x, w)
    y.backward(torch.tensor(COTANGENT))
    return y.detach().numpy(), x.grad.numpy(), w.grad.numpy()


def test_arrays_go_in_as_tensors_and_come_back_as_arrays(handle):
    seen = []

    def f(x, sizes, scale=1.0):
        seen.append((type(x), x.dtype, x.requires_grad, sizes, scale))
        return x * scale, [x.shape, {"sum": x.sum()}], 3

    f = handle(f=f).function("f", tensors=True)
    x = X.astype(np.float32)
    product, [shape, sums], three = f(x, [1, 2], scale=2.0)
    np.testing.assert_array_equal(product, 2 * x)
    assert (type(product), product.dtype, shape, three) == (np.ndarray, np.float32, X.shape, 3)
    np.testing.assert_allclose(sums["sum"], x.sum(), rtol=1e-4)
    assert seen == [(torch.Tensor, torch.float32, False, [1, 2], 2.0)]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "i1", "i2", "i4", "i8", "?"])
def test_every_dtype_that_pytorch_has(handle, dtype):
    x = np.arange(4).astype(dtype)
    back = handle(f=lambda x: x.flip(0)).function("f", tensors=True)(x[::-1])
    assert back.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(back, x)


@pytest.mark.parametrize(
    ("value", "array"),
    [
        (torch.tensor([1.0, 2], dtype=torch.bfloat16), np.array([1, 2], "f4")),
        (torch.tensor([1.0, 0]).to_sparse(), np.array([1, 0], "f4")),
        (nn.Parameter(torch.ones(2)), np.ones(2, "f4")),
        (torch.tensor(2.5), np.array(2.5, "f4")),
        (torch.tensor([1 + 2j]).conj().imag, np.array([-2], "f4")),
        (torch.zeros(2, 0), np.zeros((2, 0), "f4")),
        (torch.arange(6.0).reshape(2, 3).T, np.array([[0, 3], [1, 4], [2, 5]], "f4")),
    ],
    ids=["bfloat16", "sparse", "parameter", "scalar", "conjugated", "empty", "transposed"],
)
def test_every_kind_of_tensor_comes_back(handle, value, array):
    back = handle(f=lambda: value).function("f", tensors=True)()
    assert (back.shape, back.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(back, array)


def test_gradients_are_pytorchs(handle):
    found = handle(conv=conv).function("conv").gradients(X, W, cotangent=COTANGENT)
    for ours, right in zip(found, expected(), strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, right, rtol=1e-12)
    bias = np.arange(4.0)
    *_, of_bias = handle(conv=conv).function("conv").gradients(X, W, bias, cotangent=COTANGENT)
    np.testing.assert_allclose(of_bias, COTANGENT.sum((0, 2, 3)))


def test_gradients_are_of_arrays_of_floats_among_the_positional_arguments(handle):
    def f(x, index, factor, w=None):
        return factor * x[index] * w.sum()

    f = handle(f=f).function("f")
    found = f.gradients(np.array([1.0, 2, 3]), np.array([0, 2]), 2.0, cotangent=np.ones(2), w=np.ones(5))
    assert [part.tolist() for part in found] == [[10, 30], [10, 0, 10]]


class Square(torch.autograd.Function):
    """x², whose backward is written by hand."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(context, grad):
        return 2 * context.saved_tensors[0] * grad


class Forgetful(Square):
    @staticmethod
    def backward(context, grad):
        return 2 * context.saved_tensors[0]


class Unfinished(Square):
    @staticmethod
    def backward(context, grad):
        raise NotImplementedError


def test_a_backward_pass_by_hand(handle):
    names = {"square": lambda x: Square.apply(x), "forgetful": lambda x: Forgetful.apply(x)}
    names["unfinished"] = lambda x: Unfinished.apply(x)
    student, x = handle(**names), np.array([1.0, -2])
    assert student.function("square").gradients(x, cotangent=np.array([3.0, 5]))[1].tolist() == [6, -20]
    assert student.function("forgetful").gradients(x, cotangent=np.array([3.0, 5]))[1].tolist() == [2, -4]
    with pytest.raises(NotWrittenError, match="unfinished is not written yet"):
        student.function("unfinished").gradients(x, cotangent=x)


def modifies_what_backward_needs(x):
    y = x.exp()
    z = y * 1
    y.mul_(2)
    return z * y


WRONG = {
    "detached": (
        lambda x: (x * 2).detach(),
        "no gradient of f reaches its argument number 1: is it detached",
    ),
    "by item": (lambda x: torch.tensor([i.item() * 2 for i in x]), "no gradient of f reaches its argument"),
    "without gradients": (torch.no_grad()(lambda x: x * 2), "no gradient of f reaches its argument number 1"),
    "NumPy inside": (
        lambda x: torch.from_numpy(np.convolve(x.numpy(), [2], "same")),
        "RuntimeError: Can't call",
    ),
    "NumPy, detached": (
        lambda x: torch.from_numpy(x.detach().numpy() * 2),
        "no gradient of f reaches its arg",
    ),
    "NumPy returned": (
        lambda x: x.detach().numpy() * 2,
        "f returned something of type ndarray, expected a tensor",
    ),
    "a list": (lambda x: [x], "f returned something of type list, expected a tensor"),
    "nothing": (lambda x: None, "f returned something of type NoneType, expected a tensor"),
    "wrong shape": (lambda x: x[None] * 2, r"f returned shape (1, 3), expected (3,)"),
    "a sum": (lambda x: (x * 2).sum(), r"f returned shape (), expected (3,)"),
    "in place": (lambda x: x.mul_(2), "f stopped with RuntimeError: a leaf Variable"),
    "in place, by data": (lambda x: x.data.mul_(2) + x * 0, "f changed its argument x in place"),
    "in place, halfway": (modifies_what_backward_needs, "f stopped with RuntimeError: one of the variables"),
    "a stub": (lambda x: exec("raise NotImplementedError"), "f is not written yet"),
    "missing in PyTorch": (lambda x: torch.bincount(x), "f stopped with "),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_functions_are_told(handle, wrong):
    f, words = WRONG[wrong]
    with pytest.raises(CheckFailedError) as told:
        handle(f=f).function("f").gradients(np.array([1.0, 2, 3]), cotangent=np.ones(3))
    assert words in str(told.value)


def test_one_argument_without_a_gradient_is_named(handle):
    with pytest.raises(CheckFailedError, match="no gradient of f reaches its argument number 2"):
        handle(f=lambda x, w: x * w.detach()).function("f").gradients(X, X, cotangent=X)


def test_wrong_calls_are_told(handle):
    for f, words in (
        (lambda x: x.numpy(), "f returned something of type ndarray, expected a tensor"),
        (lambda x: [x.numpy()], "f returned something of type ndarray, expected a tensor"),
        (lambda x: x.mul_(2), "f changed its argument x in place"),
        (lambda x: x + 1j, "complex"),
        (lambda x: nn.Linear(1, 1), "f returned a function"),
        (lambda x: x @ torch.zeros(7, 7), "f stopped with RuntimeError: "),
        (lambda x: torch.zeros(2, dtype=torch.int64).exp_(), "f stopped with RuntimeError"),
        (lambda x: torch.randint(3, (2,)) @ x[:2].bool(), "f stopped with "),
    ):
        with pytest.raises(CheckFailedError) as told:
            handle(f=f).function("f", tensors=True)(np.ones(3))
        assert words in str(told.value)
    with pytest.raises(CheckFailedError, match="f returned a Tensor; return numbers"):
        handle(f=torch.tensor).function("f")([1.0])


class Block(nn.Module):
    """A convolution, dropout, and a scale of its own."""

    def __init__(self, channels, out=4, bias=True):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, (3, 2), bias=bias)
        self.drop = nn.Dropout(0.5)
        self.scale = nn.Parameter(torch.randn(out, 1, 1))

    def forward(self, x):
        return self.drop(self.conv(x)) * self.scale


SHAPES = {"scale": (4, 1, 1), "conv.weight": (4, 3, 3, 2), "conv.bias": (4,)}
WEIGHTS = {name: RNG.normal(size=shape) for name, shape in SHAPES.items()}


def test_modules_are_built_and_shown(handle):
    block = handle(Block=Block).module("Block", 3)
    assert block.parameter_shapes() == SHAPES
    assert handle(Block=Block).module("Block", 2, out=5, bias=False).parameter_shapes() == {
        "scale": (5, 1, 1),
        "conv.weight": (5, 2, 3, 2),
    }


def test_module_forward_and_gradients_are_pytorchs(handle):
    right = Block(3).double().eval()
    right.load_state_dict({name: torch.tensor(weight) for name, weight in WEIGHTS.items()})
    x = torch.tensor(X, requires_grad=True)
    y = right(x)
    y.backward(torch.tensor(COTANGENT))
    block = handle(Block=Block).module("Block", 3)
    np.testing.assert_allclose(block.forward(X, WEIGHTS), y.detach().numpy(), rtol=1e-12)
    value, of_x, of_parameters = block.gradients(X, COTANGENT, WEIGHTS)
    np.testing.assert_allclose(value, y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(of_x, x.grad.numpy(), rtol=1e-12)
    assert of_parameters.keys() == SHAPES.keys()
    for name, parameter in right.named_parameters():
        np.testing.assert_allclose(of_parameters[name], parameter.grad.numpy(), rtol=1e-12)


def test_a_module_is_built_anew_and_alike_for_each_request(handle):
    class Counting(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return super().forward(x) + self.calls

    torch.manual_seed(123)
    after = torch.get_rng_state()
    module = handle(Counting=Counting).module("Counting")
    first, second = module.forward(np.ones(2)), module.forward(np.ones(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), after)  # the student's own random numbers go on as they were
    changed = module.forward(np.ones(2), {"weight": np.zeros((2, 2))})
    assert not np.allclose(changed, first)
    np.testing.assert_array_equal(module.forward(np.ones(2)), first)


def test_training_mode(handle):
    block = handle(Block=Block).module("Block", 3)
    zeros = {
        training: np.sum(block.forward(X, WEIGHTS, training=training) == 0) for training in (False, True)
    }
    assert zeros[False] == 0
    assert 32 < zeros[True] < 96  # of 128


def test_the_module_takes_on_the_dtype_of_x(handle):
    block = handle(Block=Block).module("Block", 3)
    for dtype in (np.float32, np.float64):
        assert block.forward(X.astype(dtype)).dtype == dtype
    embedding = handle(E=nn.Embedding).module("E", 5, 2)
    assert embedding.forward(np.array([1, 4])).shape == (2, 2)


class Freezes(Block):
    def forward(self, x):
        return self.conv(x) * self.scale.detach()


class Greedy(Block):
    def forward(self, x):
        x.data.mul_(2)
        return super().forward(x)


class Fails(Block):
    def forward(self, x):
        return x[:, :, :, 99]


class Stub(nn.Module):
    def __init__(self, channels):
        super().__init__()
        raise NotImplementedError


class Empty(nn.Module):
    def __init__(self, channels):
        super().__init__()


def test_wrong_modules_are_told(handle):
    student = handle(
        Block=Block,
        Freezes=Freezes,
        Greedy=Greedy,
        Fails=Fails,
        Stub=Stub,
        Empty=Empty,
        number=3,
        f=lambda x: 3,
    )

    def told(name, ask, kind=CheckFailedError):
        with pytest.raises(kind) as failed:
            ask(student.module(name, 3))
        return str(failed.value)

    def gradients(module):
        return module.gradients(X, COTANGENT, WEIGHTS)

    def forward(module):
        return module.forward(X)

    assert told("Freezes", gradients).startswith("no gradient of Freezes reaches scale: is it detached")
    assert told("Greedy", gradients) == "Greedy changed its argument x in place: work on a copy"
    assert told("Greedy", forward) == "Greedy changed its argument x in place: work on a copy"
    assert told("Fails", forward).startswith("Fails stopped with IndexError: index 99 is out of bounds")
    assert told("Stub", forward, NotWrittenError) == "Stub is not written yet"
    assert told("Empty", forward, NotWrittenError) == "Empty is not written yet"
    assert told("f", forward) == "f gives something of type int, expected a module"
    assert told("Nowhere", forward, NotWrittenError) == (
        "no class or function named Nowhere yet: run the cell that defines it"
    )
    assert told("number", forward).startswith(
        "the name number now belongs to a value (int), not to your class"
    )
    assert told("Block", lambda m: m.gradients(X, COTANGENT[:1])) == (
        "Block returned shape (2, 4, 4, 4), expected (1, 4, 4, 4)"
    )
    assert told("Block", lambda m: m.forward(X, {"weight": W})) == "Block has no parameter named weight"
    assert told("Block", lambda m: m.forward(X, {"conv.weight": W[1:]})) == (
        "Block: conv.weight has shape (4, 3, 3, 2), expected (3, 3, 3, 2)"
    )
    with pytest.raises(CheckFailedError, match="Block stopped with TypeError"):
        student.module("Block").parameter_shapes()


def test_an_error_is_told_with_the_students_line(tmp_path):
    file = tmp_path / "cell.py"
    file.write_text("class M(nn.Module):\n    def forward(self, x):\n        return x.reshape(7)\n")
    names = {"nn": nn}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(CheckFailedError, match=r", at its line `return x\.reshape\(7\)`$"):
        Student(partial(run, namespace=names)).module("M").forward(X)


def test_hidden_tests_do_not_tell_inputs():
    class Secret7319(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_parameter("zq7319", nn.Parameter(torch.ones(7319, 7319731, device="meta")))

        def forward(self, x):
            return x

    student = Student(
        partial(run, namespace={"M": Secret7319, "f": lambda: Secret7319()}), frozenset(["pass"])
    )
    for ask in (
        lambda: student.module("M").gradients(X, X),
        lambda: student.module("M").forward(X, {"other": X}),
        lambda: student.module("f").forward(X, {"zq": X}),
        lambda: student.function("f").gradients(cotangent=X),
        lambda: student.function("f", tensors=True)(),
    ):
        with discreet(), pytest.raises(CheckFailedError) as told:
            ask()
        assert "7319" not in str(told.value)


class TestReplies:
    """What a process could answer that the student controls."""

    def say(self, **reply):
        return Student(lambda request: reply)

    @pytest.mark.parametrize(
        "value",
        [None, 3, [], (X,), (X, X), [X, X, {}], (X, X, {1: X}), (X, X, {"w": [1]}), (X, X, {}, X)],
        ids=lambda value: type(value).__name__,
    )
    def test_odd_gradients(self, value):
        with pytest.raises(CheckFailedError, match="in a way that no function can"):
            self.say(status="answer", value=value).module("M").gradients(X, X)
        with pytest.raises(CheckFailedError, match="in a way that no function can"):
            self.say(status="answer", value=value).function("f").gradients(X, X, X, X, cotangent=X)

    @pytest.mark.parametrize(
        "value", [None, [], {"a": 3}, {"a": [3]}, {1: (3,)}, {"a": (-3,)}, {"a": (True,)}]
    )
    def test_odd_shapes(self, value):
        with pytest.raises(CheckFailedError, match="in a way that no function can"):
            self.say(status="answer", value=value).module("M").parameter_shapes()

    @pytest.mark.parametrize(
        "wrong", [{"seconds": -1.0}, {"seconds": float("nan")}, {"seconds": float("inf")}]
    )
    @pytest.mark.parametrize(
        "more", [{}, {"bytes": -1}, {"bytes": 1.5}, {"by": "me"}, {"more": 1}, {"by": []}]
    )
    def test_odd_measures(self, wrong, more):
        good = {"seconds": 1.0, "bytes": 5, "by": "tracemalloc"}
        assert self.say(status="answer", value=good).function("f").measure() == (1.0, 5, "tracemalloc")
        for value in (good | wrong, good | wrong | more, good | (more or {"seconds": 1})):
            with pytest.raises(CheckFailedError, match="in a way that no function can"):
                self.say(status="answer", value=value).function("f").measure()

    @pytest.mark.parametrize(
        "fields",
        [
            {"why": "full marks", "what": "", "shape": []},
            {"why": ["shape"], "what": "", "shape": []},
            {"why": "shape", "what": "", "shape": [-1]},
            {"why": "shape", "what": "", "shape": [1] * 65},
            {"why": "shape", "what": "", "shape": (1,)},
            {"why": "shape", "what": 3, "shape": []},
            {"why": "shape", "what": ""},
            {"why": "no parameter", "what": "the hidden input", "shape": []},
            {"why": "parameter shape", "what": "other", "shape": [1]},
        ],
        ids=repr,
    )
    def test_odd_excuses(self, fields):
        with pytest.raises(CheckFailedError, match="in a way that no function can"):
            self.say(status="unfit", **fields).module("M").gradients(X, X, {"w": W})
        with pytest.raises(CheckFailedError, match="in a way that no function can"):
            self.say(status="unfit", why="shape", what="", shape=[]).function("f")()


class TestMeasure:
    def test_numpy(self, handle):
        def f(n):
            for _ in range(100_000):
                pass
            return np.ones(n).sum()  # 8 n bytes

        seconds, peak, by = handle(f=f).function("f").measure(1_000_000)
        assert seconds > 0
        assert 8_000_000 <= peak < 8_200_000
        assert by == "tracemalloc"

    def test_pytorch(self, handle):
        def f(x):
            y = x * 2  # 8 MB
            z = y + 1  # 8 MB more
            del y
            return z.sum()

        measured = handle(f=f).function("f", tensors=True).measure(np.zeros(1_000_000))
        assert measured.seconds > 0
        assert 16_000_000 <= measured.peak_bytes < 16_100_000
        assert measured.by == "torch.profiler"
        assert handle(f=lambda: 3).function("f", tensors=True).measure().peak_bytes == 0

    def test_errors_are_told(self, handle):
        for tensors in (False, True):
            f = handle(f=lambda x: x[5]).function("f", tensors=tensors)
            with pytest.raises(CheckFailedError, match="f stopped with IndexError"):
                f.measure(np.zeros(3))
        with pytest.raises(CheckFailedError, match="f changed its argument x in place"):
            handle(f=lambda x: x.fill(1)).function("f").measure(np.zeros(3))

    def test_nothing_is_said_on_the_terminal(self, capfd):
        Student(partial(run, namespace={"f": torch.exp})).function("f", tensors=True).measure(np.zeros(3))
        assert capfd.readouterr() == ("", "")


class TestForbiddenOperators:
    WITHOUT = ("torch.nn.functional.conv2d", "torch.nn.functional.max_pool2d", "torch.nn.Upsample")
    WAYS = {  # noqa: RUF012
        "functional": lambda x, w: F.conv2d(x, w),
        "kept before": lambda x, w, c=F.conv2d: c(x, w),
        "at the top": lambda x, w, c=torch.conv2d: c(x, w),
        "below the top": lambda x, w: torch._C._VariableFunctions.conv2d(x, w),
        "any number of dimensions": lambda x, w: torch.convolution(
            x, w, None, [1, 1], [0, 0], [1, 1], False, [0], 1
        ),
        "an operator": lambda x, w: torch.ops.aten.conv2d(x, w),
        "a layer": lambda x, w: nn.Conv2d(3, 4, 3).double()(x),
        "one dimension": lambda x, w: F.conv1d(x[0], w[..., 0]),
        "pooling": lambda x, w: F.max_pool2d(x, 2),
        "a pooling layer": lambda x, w: nn.MaxPool2d(2)(x),
        "upsampling": lambda x, w: F.interpolate(x, scale_factor=2),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_is_noticed(self, handle, way):
        f = handle(f=self.WAYS[way]).function("f", without=self.WITHOUT, tensors=True)
        with pytest.raises(CheckFailedError, match=r"f uses torch.nn.*; write this part without it"):
            f(X, W)
        with pytest.raises(CheckFailedError, match=r"f uses torch.nn.*; write this part without it"):
            handle(f=self.WAYS[way]).function("f", without=self.WITHOUT).gradients(X, W, cotangent=X)

    def test_other_ways_are_welcome(self, handle):
        def by_unfolding(x, w):
            columns = F.unfold(x, w.shape[2:])  # (N, C KH KW, positions)
            return (w.flatten(1) @ columns).unflatten(2, (4, 4))

        f = handle(f=by_unfolding).function("f", without=self.WITHOUT)
        for ours, right in zip(f.gradients(X, W, cotangent=COTANGENT), expected(), strict=True):
            np.testing.assert_allclose(ours, right, rtol=1e-10)
        transposed = handle(f=lambda x, w: F.conv_transpose2d(x, w.transpose(0, 1)))
        assert transposed.function("f", without=self.WITHOUT, tensors=True)(X, W).shape == (2, 4, 8, 6)

    def test_transposed_convolution_alone(self, handle):
        without = ["torch.nn.functional.conv_transpose2d"]
        student = handle(f=lambda x, w: nn.ConvTranspose2d(3, 4, 3).double()(x))
        with pytest.raises(CheckFailedError, match=r"f uses torch.nn.functional.conv_transpose2d"):
            student.function("f", without=without, tensors=True)(X, W)
        assert handle(conv=conv).function("conv", without=without, tensors=True)(X, W).shape == Y_SHAPE

    def test_in_modules_and_in_backward_passes(self, handle):
        with pytest.raises(CheckFailedError, match=r"Block uses torch.nn.functional.conv2d"):
            handle(Block=Block).module("Block", 3, without=self.WITHOUT).gradients(X, COTANGENT)

        class Cheat(Square):
            @staticmethod
            def backward(context, grad):
                return F.conv1d(grad[None], torch.ones(1, 1, 1).double())[0]

        with pytest.raises(CheckFailedError, match=r"f uses torch.nn.functional.conv2d"):
            handle(f=lambda x: Cheat.apply(x)).function("f", without=self.WITHOUT).gradients(
                X[0, 0], cotangent=X[0, 0]
            )

    def test_nothing_is_forbidden_afterwards(self, handle):
        with pytest.raises(CheckFailedError):
            handle(f=self.WAYS["functional"]).function("f", without=self.WITHOUT, tensors=True)(X, W)
        np.testing.assert_array_equal(
            handle(conv=conv).function("conv", tensors=True)(X, W), F.conv2d(torch.tensor(X), torch.tensor(W))
        )


def test_pytorch_is_imported_only_for_such_requests():
    code = """
import sys
from functools import partial
from course_pkg.checks import Student
from course_pkg.checks.work import run
f = Student(partial(run, namespace={"f": lambda x: x})).function("f", without=["numpy.convolve", "scipy"])
f(1), f.measure(1)
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


FORKS = """
import os
from functools import partial
import numpy as np
import torch
from course_pkg.checks import Student
from course_pkg.checks.work import run

weight = torch.ones(1, 1, 3, 3, dtype=torch.float64, requires_grad=True)
torch.nn.functional.conv2d(torch.randn(1, 1, 64, 64).double(), weight).sum().backward()  # as a cell
child = os.fork()
if not child:
    status = 1
    try:
        student = Student(partial(run, namespace={"f": lambda x: x * x, "Linear": torch.nn.Linear}))
        value, gradient = student.function("f").gradients(np.ones(100_000), cotangent=np.ones(100_000))
        peak = student.function("f", tensors=True).measure(np.ones(100_000)).peak_bytes
        shapes = student.module("Linear", 3, 2).parameter_shapes()
        status = 0 if (gradient == 2).all() and peak >= 800_000 and shapes["weight"] == (2, 3) else 2
    finally:
        os._exit(status)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_in_a_fork_of_a_process_that_has_used_pytorch():
    """As a grader's snapshots of a notebook do; with more than one thread a fork waits for ever."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", FORKS], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
