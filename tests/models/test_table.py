import doctest
import importlib
import pkgutil

import pytest

from course_pkg import __main__ as command
from course_pkg import arithmetic, models
from course_pkg.models import table
from course_pkg.models.table import Entry, Published

CONTRACT = {
    "MNIST1DConvNet()": 2_050,
    "MNIST1DFullyConnected()": 59_065,
    'LeNet5("published")': 61_706,
    'LeNet5("modern")': 61_706,
    "AlexNet()": 62_378_344,
    "AlexNet(towers=2)": 60_965_224,
    "VGG(11)": 132_863_336,
    "VGG(13)": 133_047_848,
    "VGG(16)": 138_357_544,
    "VGG(19)": 143_667_240,
    "YOLO()": 271_703_550,
}


def test_every_network_is_in_the_table_and_meets_its_published_figure(capsys):
    assert command.main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    printed = {line[: lines[0].index("convs")].strip(): line for line in lines[1:] if line}
    for name in models.__all__:
        assert any(line.startswith(f"{name}(") for line in printed)
    for name, parameters in CONTRACT.items():
        assert f" {parameters:,} " in next(line for start, line in printed.items() if start == name)
    assert lines[-1] == "17 of 17 published figures met exactly, or as rounded."


def test_a_difference_is_shown_and_fails_the_command(capsys, monkeypatch):
    off = Entry("NiN()", models.NiN, (3, 32, 32), Published(966_980, 1, "somebody"))
    monkeypatch.setattr(table, "ENTRIES", [off])
    assert table.show() == 1
    out = capsys.readouterr().out
    assert "966,980           6  somebody" in out
    assert "0 of 1 published figures met" in out


@pytest.mark.parametrize(
    ("figure", "unit", "difference"),
    [(967_000, 1_000, 0), (1_000_000, 1_000_000, 0), (966_000, 1_000, 1_000), (966_987, 1, -1)],
)
def test_differences_are_taken_as_the_figure_is_rounded(figure, unit, difference):
    entry = Entry("NiN()", models.NiN, (3, 32, 32), Published(figure, unit, ""))
    assert table.row(entry).difference == difference


def test_rows_count_layers_and_multiply_adds():
    row = table.row(Entry("AlexNet", models.AlexNet, (3, 227, 227), None))
    assert (row.convolutions, row.fully_connected, row.multiply_adds) == (5, 3, 1_135_256_096)
    assert (row.published, row.difference, row.source) == (None, None, "")


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(models.__path__)])
def test_examples_of_the_docstrings(name):
    module = importlib.import_module(f"course_pkg.models.{name}")
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_example_of_the_layer_table():
    from course_pkg import _layer_table

    assert doctest.testmod(_layer_table).failed == 0
    assert arithmetic.layer_table is _layer_table.layer_table
