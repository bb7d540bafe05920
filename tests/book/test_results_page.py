"""The page of results shows what is stored, whatever that is, and says what there is none of."""

import ast
import contextlib
import io
import json
import re
from pathlib import Path

import nbformat
import pytest

from course_pkg.plots import Figure, speed
from course_pkg.plots.full import Notice
from course_pkg.training.speed.command import heading, table

BOOK = Path(__file__).parents[2] / "book"
STORED = json.loads((BOOK / "results" / "training_speed.json").read_text(encoding="utf-8"))
CARD = {
    "network": "vgg", "set": "cifar10", "seed": 3, "metric": "test_error", "measured": {"test_error": 0.0625},
    "profile": "full", "hardware": "some GPU", "torch": "2.13.0", "wall_seconds": 301.0,
    "images_per_second": 12_345.6, "peak_memory_bytes": 4_200_000_000,
}  # fmt: skip


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Runs the page on other results: gives what its cells show, and what they print."""
    (tmp_path / "gpu").mkdir()
    (tmp_path / "results" / "gpu").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "gpu")

    def run(measured, cards=()):
        (tmp_path / "results" / "training_speed.json").write_text(json.dumps(measured))
        for card in cards:
            (tmp_path / "results" / "gpu" / f"{card['network']}.json").write_text(json.dumps(card))
        names, shown, printed = {}, [], io.StringIO()
        for cell in nbformat.read(BOOK / "gpu" / "results.ipynb", as_version=4).cells:
            if cell.cell_type == "code":
                with contextlib.redirect_stdout(printed):
                    shown.append(_last_value(cell.source, names))
        return [value for value in shown if value is not None], printed.getvalue()

    return run


def _last_value(source, names):
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_without_full_runs_and_without_a_gpu_the_page_says_so_twice(page):
    shown, printed = page(STORED | {"profile": "smoke"})
    assert [each.title for each in shown if isinstance(each, Notice)] == [
        "No full run has been made here",
        "Measured without a GPU",
    ]
    assert "full runs: 0" in printed


def test_a_full_run_and_a_measurement_on_a_gpu_are_shown_without_a_warning(page):
    networks = {name: STORED["networks"][name] for name in ("AlexNet", "VGG-16")}
    climbed = {"ways": next(iter(STORED["networks"].values()))["ways"]}
    full = {name: each | climbed for name, each in networks.items()}
    shown, printed = page(STORED | {"profile": "full", "networks": full}, [CARD])
    assert not any(isinstance(each, Notice) for each in shown)
    assert "full runs: 1" in printed
    assert (
        "vgg on cifar10, seed 3, some GPU\n  test_error 0.0625\n  5 min 1 s, 12,346 images a second"
        in printed
    )


def test_every_stored_rate_and_part_is_said_by_a_figure(page):
    figures = [each for each in page(STORED)[0] if isinstance(each, Figure)]
    assert len(figures) == 4
    said = " ".join(each.alt for each in figures)
    for name, network in STORED["networks"].items():
        for way, each in network["ways"].items():
            rate = f"{float(format(each['images_per_second'], '.3g')):,g}"
            assert re.search(rf"{name}: [^:]*\b{re.escape(way)} {re.escape(rate)}[,.]", said), (name, way)
        for way in ("plain loop", "ours"):
            assert f"{name}, {way}: data" in said


def test_the_page_is_stored_with_the_measurement_that_is_stored():
    notebook = nbformat.read(BOOK / "gpu" / "results.ipynb", as_version=4)
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    printed = "".join(out.get("text", "") for out in outputs)
    assert heading(STORED) in printed
    for name, network in STORED["networks"].items():
        assert table(name, network) in printed


def test_the_stored_measurement_holds_no_path_and_hangs_together():
    text = (BOOK / "results" / "training_speed.json").read_text(encoding="utf-8")
    assert "/work" not in text
    assert "/home" not in text
    for network in STORED["networks"].values():
        for way in network["ways"].values():
            rate, low_high = way["images_per_second"], way["lowest_and_highest"]
            assert low_high[0] <= rate <= low_high[1]
            share = network["flops_an_image"] * rate / STORED["ceiling_flops"][way["precision"]]
            assert share == pytest.approx(way["share_of_ceiling"], rel=2e-3)


def test_bars_are_as_long_as_the_rates_and_parts_lie_end_to_end():
    rates = {"a net": {"plain loop": 400.0, "ours": 900.0}}
    [axes] = speed.rate_bars(rates, ours=["ours"], unit="images a second").drawing.axes
    assert [bar.get_width() for bar in axes.patches] == [400.0, 900.0]
    assert [text.get_text() for text in axes.texts] == ["plain loop: 400", "ours: 900"]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()
    steps = {"a net": {"ours": {"backward": 9.0, "data": 1.0, "forward": 5.0}}}
    [axes] = speed.part_bars(steps).drawing.axes
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches if bar.get_width()]
    assert bars == [(0.0, 1.0), (1.0, 5.0), (6.0, 9.0)]


@pytest.mark.parametrize("draw", [lambda panels: speed.rate_bars(panels, unit="images"), speed.part_bars])
@pytest.mark.parametrize("panels", [{}, {"a net": {}}])
def test_nothing_to_draw_is_named(draw, panels):
    with pytest.raises(ValueError, match="panels: got"):
        draw(panels)


def test_a_part_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"panels\['a net'\]: got 'lunch', expected .*'data'"):
        speed.part_bars({"a net": {"ours": {"lunch": 1.0}}})
