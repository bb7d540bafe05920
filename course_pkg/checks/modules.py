"""The handle on a network that the student has written: a class, or a function, that builds a module."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from course_pkg.checks.plain import Plain
from course_pkg.checks.replies import odd

if TYPE_CHECKING:
    from course_pkg.checks.handle import Student


class StudentModule:
    """A `torch.nn.Module` of the student's, known by what builds it.

    Each request builds it anew, with the same seed, and keeps nothing of it. Weights are arrays under the
    names of parameters; a parameter that none are given for is as the student's code made it. The module is
    converted to the dtype of x, and is in evaluation mode unless `training`.

    Examples
    --------
    >>> import torch
    >>> from functools import partial
    >>> from course_pkg.checks import Student
    >>> from course_pkg.checks.work import run
    >>> handle = Student(partial(run, namespace={"Layer": torch.nn.Linear}))
    >>> layer = handle.module("Layer", 2, 1, bias=False)
    >>> layer.parameter_shapes()
    {'weight': (1, 2)}
    >>> layer.forward(np.array([3.0, 4.0]), {"weight": np.array([[10.0, 1.0]])})
    array([34.])
    """

    def __init__(
        self, student: "Student", name: str, args: tuple, kwargs: dict[str, Any], without: list[str]
    ) -> None:
        self.student = student
        self.name = name
        self.args = list(args)
        self.kwargs = kwargs
        self.without = without

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter, under its name, in the module's own order.

        Raises
        ------
        CheckFailedError
            If it cannot be built or is no module; `NotWrittenError` if it is a stub or is not there.
        """
        shapes = self._ask("parameter shapes")
        if type(shapes) is not dict or not all(
            type(name) is str and type(shape) is tuple and all(type(n) is int and n >= 0 for n in shape)
            for name, shape in shapes.items()
        ):
            raise odd(self.name)
        return shapes

    def forward(
        self, x: Plain, weights: Mapping[str, np.ndarray] | None = None, training: bool = False
    ) -> Any:
        """What the module makes of x, as plain data.

        Parameters
        ----------
        x : Plain
            An array, which the module gets as a tensor.
        weights : mapping from str to ndarray, optional
            Values for some or all parameters.
        training : bool
            Whether the module is in training mode.

        Raises
        ------
        CheckFailedError
            As for functions, and if a parameter is missing or has another shape.
        """
        return self._ask("forward", x=x, weights=_plain_weights(weights), training=training)

    def gradients(
        self,
        x: Plain,
        cotangent: np.ndarray,
        weights: Mapping[str, np.ndarray] | None = None,
        training: bool = False,
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """The module's value, and gradients of the sum of value times cotangent.

        Parameters
        ----------
        x, weights, training
            As in `forward`; x is an array of floats.
        cotangent : ndarray
            In the shape that the value should have.

        Returns
        -------
        value : ndarray
        x_gradient : ndarray, in the shape of x
        parameter_gradients : dict from str to ndarray

        Raises
        ------
        CheckFailedError
            As in `forward`, and if the value has another shape, or no gradient reaches x or a parameter.
        """
        weights = _plain_weights(weights)
        reply = self._ask("module gradients", x=x, cotangent=cotangent, weights=weights, training=training)
        if type(reply) is not tuple or list(map(type, reply)) != [np.ndarray, np.ndarray, dict]:
            raise odd(self.name)
        if not all(type(k) is str and type(v) is np.ndarray for k, v in reply[2].items()):
            raise odd(self.name)
        return reply

    def _ask(self, kind: str, **fields: Any) -> Any:
        request = {"kind": kind, "args": self.args, "kwargs": self.kwargs, "without": self.without, **fields}
        return self.student.value(self.name, request, noun="class or function")


def _plain_weights(weights: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray] | None:
    return None if weights is None else {name: np.asarray(weight) for name, weight in weights.items()}
