"""The measurement of grading, tried on two submissions; and what is stored has all that is read from it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[2] / "book" / "results" / "grading_speed.json"


def check(found: dict) -> None:
    """All fields are there, and make sense."""
    assert {"processor", "cores", "memory_gb", "load_at_start", "python", "nbgrader"} <= set(found["machine"])
    for row in found["notebooks"].values():
        assert row["same_scores"] is True
        assert row["cells"] > 50
        assert 0 < row["student_share"] < 1
        assert set(row["stages"]) == {
            *("repair", "kernel", "student", "tests", "shutdown", "gradebook", "feedback"),
        }
        assert "stock nbgrader autograde" in row["ways"]
        for way in row["ways"].values():
            assert way["submissions"] > 0
            assert way["processor_seconds"] is None or way["processor_seconds"] > 0
            assert len(way["per_minute_of_each_round"]) == found["rounds"]
            assert min(way["per_minute_of_each_round"]) <= way["per_minute"]
            assert way["per_minute"] <= max(way["per_minute_of_each_round"])


@pytest.mark.parametrize("notebook", ["a1_convolution_1d", "conv_layers"])
def test_two_submissions(tmp_path, notebook):
    out = tmp_path / "speed.json"
    command = [sys.executable, str(HERE / "measure_grading.py"), str(out)]
    options = ["--stock", "2", "--ours", "2", "--rounds", "1", "--workers", "1", "--notebook", notebook]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    check(found)
    assert list(found["notebooks"]) == [notebook]
    assert "times stock" in done.stdout


def test_what_is_stored():
    found = json.loads(STORED.read_text(encoding="utf-8"))
    check(found)
    assert set(found["notebooks"]) == {"a1_convolution_1d", "conv_layers"}
    assert all(len(row["ways"]) == 5 for row in found["notebooks"].values())
