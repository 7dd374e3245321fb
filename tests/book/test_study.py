"""A study goes on where it stopped, and never under other settings."""

import importlib.util
import json
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "book" / "artefacts" / "study.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("study", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Study


def test_rows_are_kept(study, tmp_path):
    first = study(tmp_path / "s.json", {"seed": 1}, scale=2.0)
    assert not first.holds(cell="a")
    first.add({"cost": 3.0}, cell="a")
    first.add({"cost": 4.0}, cell="b")
    again = study(tmp_path / "s.json", {"seed": 1}, scale=9.0)
    assert again.holds(cell="a")
    assert again.made["scale"] == 2.0
    again.add({"cost": 5.0}, cell="a")
    rows = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["rows"]
    assert rows == [{"cell": "b", "cost": 4.0}, {"cell": "a", "cost": 5.0}]


def test_other_settings_begin_anew(study, tmp_path):
    study(tmp_path / "s.json", {"seed": 1}).add({"cost": 3.0}, cell="a")
    assert not study(tmp_path / "s.json", {"seed": 2}).holds(cell="a")
    assert not study(tmp_path / "s.json", {"seed": 1, "more": 0}).holds(cell="a")
