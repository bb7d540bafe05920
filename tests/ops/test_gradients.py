"""Every operator's backward: adjoint to 1e-12 where the operator is linear, and the numerical gradient."""

import numpy as np
import pytest

from course_pkg import ops

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


WHERE = ops.max_pool2d(normal(2, 3, 8, 7), 2, return_indices=True)[1]
# operator, arguments; asymmetric in everything that can be, arrays of a random size
CALLS = [
    ("conv1d", (normal(2, 4, 11), normal(6, 2, 3), normal(6), 2, 3, 2, 2)),
    ("conv2d", (normal(2, 4, 9, 7), normal(6, 2, 3, 2), normal(6), (2, 1), (3, 0), (1, 2), 2)),
    ("conv2d", (normal(4, 6, 5), normal(3, 4, 2, 3), None, 1, "same")),
    ("conv2d", (normal(1, 4, 5, 6), normal(4, 1, 3, 3), normal(4), 1, 1, 1, 4)),
    ("conv3d", (normal(1, 2, 4, 5, 6), normal(3, 2, 2, 3, 1), normal(3), (1, 2, 3), (0, 1, 2))),
    ("conv_transpose1d", (normal(2, 4, 5), normal(4, 3, 3), normal(6), 3, 1, 2, 2, 2)),
    ("conv_transpose2d", (normal(4, 3, 5), normal(4, 2, 3, 2), normal(2), (2, 3), (1, 0), (1, 2))),
    ("unfold", (normal(2, 3, 6, 5), (3, 2), (1, 2), (0, 1), (2, 1))),
    ("fold", (normal(2, 12, 9), (6, 5), (2, 3), 1, 0, (2, 1))),
    ("max_pool1d", (normal(2, 3, 11), 3, 2, 1)),
    ("max_pool2d", (normal(2, 3, 8, 7), (3, 2), (2, 1), (1, 0), (1, 2), True)),
    ("avg_pool1d", (normal(3, 11), 3, 2, 1, True)),
    ("avg_pool2d", (normal(2, 3, 8, 7), (3, 2), (2, 3), (1, 0), True, False)),
    ("avg_pool2d", (normal(2, 3, 8, 7), 2, 3, 1, False, True, -3)),
    ("lp_pool2d", (np.abs(normal(2, 3, 8, 7)) + 0.1, 2.5, (3, 2), (2, 3), True)),
    ("adaptive_avg_pool2d", (normal(2, 3, 8, 7), (3, 9))),
    ("max_unpool2d", (normal(*WHERE.shape), WHERE, 2, None, 0, (8, 7))),
    ("interpolate", (normal(2, 3, 7), 10, None, "linear")),
    ("interpolate", (normal(2, 3, 7, 4), (3, 9), None, "bilinear", True)),
    ("interpolate", (normal(2, 3, 7, 4), None, (0.6, 2.3), "bicubic", False, False)),
    ("interpolate", (normal(1, 2, 3, 4, 5), (4, 3, 9), None, "trilinear")),
    ("interpolate", (normal(2, 3, 7, 4), None, 1.7, "nearest")),
    ("interpolate", (normal(2, 3, 7, 4), (3, 9), None, "area")),
    ("pixel_shuffle", (normal(2, 12, 3, 4), 2)),
    ("pixel_unshuffle", (normal(2, 3, 6, 4), 2)),
    ("blur_pool2d", (normal(2, 3, 8, 7), 4, 3, "circular")),
    ("blur_pool2d", (normal(3, 1, 2), 5, 1, "reflect")),
    ("local_response_norm", (normal(2, 7, 4), 4, 0.7, 0.6, 1.3)),
    ("convolve", (normal(6, 5), normal(3, 2), "same", "reflect")),
    ("correlate", (normal(9), normal(4), "full", "circular")),
    ("pad", (normal(3, 5, 4), (2, -1, 0, 3), "circular")),
]  # fmt: skip
NOT_LINEAR = {"lp_pool2d", "local_response_norm", "max_pool1d", "max_pool2d"}
BILINEAR = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "convolve", "correlate")
IDS = [name for name, _ in CALLS]


def test_every_operator_is_here():
    operators = {n for n in ops.__all__ if n != "gradcheck" and not n.endswith("_backward")}
    assert operators == set(IDS)
    assert {f"{n}_backward" for n in operators} <= set(ops.__all__)


@pytest.mark.parametrize(("name", "args"), CALLS, ids=IDS)
def test_conformance_numerical_gradient(name, args, record_property):
    errors = ops.gradcheck(getattr(ops, name), getattr(ops, f"{name}_backward"), args, RNG)
    assert max(errors) < 1e-7
    record_property("conformance", ("numerical gradients, float64", name, len(errors)))


@pytest.mark.parametrize(
    ("name", "args"),
    [c for c in CALLS if c[0] not in NOT_LINEAR],
    ids=[n for n in IDS if n not in NOT_LINEAR],
)
def test_conformance_adjoint(name, args, record_property):
    """<A x, y> = <x, A* y>, in each array that the operator is linear in; without the bias."""
    if name in BILINEAR and len(args) > 2 and not isinstance(args[2], str):
        args = (*args[:2], None, *args[3:])
    y = getattr(ops, name)(*args)
    g = RNG.normal(size=y.shape)
    gradients = getattr(ops, f"{name}_backward")(g, *args)
    gradients = [d for d in (gradients if isinstance(gradients, tuple) else (gradients,)) if d is not None]
    arrays = args[: len(gradients)]
    for x, gradient in zip(arrays, gradients, strict=True):
        scale = np.linalg.norm(y) * np.linalg.norm(g)
        assert abs(np.vdot(y, g) - np.vdot(x, gradient)) < 1e-12 * scale
    record_property("conformance", ("adjoint to 1e-12", name, len(gradients)))


@pytest.mark.parametrize(("name", "args"), CALLS, ids=IDS)
def test_other_memory_layouts_and_arguments_left_alone(name, args):
    def strided(a):
        if not isinstance(a, np.ndarray):
            return a
        apart = np.repeat(a, 2, axis=-1)[..., ::2]
        apart.flags.writeable = False
        return apart

    function, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    y = function(*args)
    g = RNG.normal(size=y.shape)
    for other in (strided, lambda a: np.asfortranarray(a) if isinstance(a, np.ndarray) else a):
        changed = [other(a) for a in args]
        again = function(*changed)
        np.testing.assert_allclose(again, y, rtol=1e-12, atol=1e-12)
        assert not any(np.shares_memory(again, a) for a in changed if isinstance(a, np.ndarray))
        expected, got = backward(g, *args), backward(other(g), *changed)
        for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (expected, got)), strict=True):
            if a is not None:
                np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-12)
                assert b.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
@pytest.mark.parametrize(("name", "args"), CALLS, ids=IDS)
def test_keeps_the_dtype(name, args, dtype):
    args = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args]
    y = getattr(ops, name)(*args)
    assert y.dtype == dtype
    gradients = getattr(ops, f"{name}_backward")(y, *args)
    for gradient in gradients if isinstance(gradients, tuple) else (gradients,):
        assert gradient is None or gradient.dtype == dtype
