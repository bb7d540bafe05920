"""The examples in the docstrings give what they say, and importing data sets stays light."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import course_pkg.data

MODULES = [module.name for module in pkgutil.walk_packages(course_pkg.data.__path__, "course_pkg.data.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_no_network_library_is_imported():
    program = f"import sys\nfor name in {MODULES}: __import__(name)\nprint(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    heavy = {"torch", "matplotlib", "sklearn", "skimage", "scipy", "mlxtend", "pandas"}
    assert heavy.isdisjoint(imported.stdout.split())
