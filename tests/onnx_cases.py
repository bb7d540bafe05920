"""ONNX's node tests, collected once: a second collection in the same process finds none."""

from functools import cache
from typing import Any

from onnx.backend.test.case.node import collect_testcases


@cache
def node_cases() -> list[Any]:
    """All of them, in the order of their collection."""
    return collect_testcases(None)
