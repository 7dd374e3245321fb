"""Rhythms: the intervals of a cycle are those of the bursts that were given."""

import json

import numpy as np
import pytest

from mechfit.figures import rhythms
from tests.figures.circuit import BURSTS, NEURONS, TIME
from tests.figures.drawing import drawn

TITLE = "What the reader should see"
LATER = [b + 100.0 for b in BURSTS]
STILL = np.full((3, len(TIME)), -60.0)
LABELS, LIMITS = ["g (mS)", "E (mV)"], [[0, 4], [0, 10]]
SETS = {"first": [1.0, 5.0], "second": [3.0, 10.0], "still": [0.0, 0.0]}


def rows_in(spec: dict, field: str) -> list[dict]:
    views = [part for view in spec["vconcat"] for part in (view, *view.get("layer", []))]
    return [
        row for view in views for row in view.get("data", {}).get("values", []) if field in row
    ]


@pytest.fixture(scope="module")
def spec() -> dict:
    bursts = {"first": BURSTS, "second": LATER, "still": [np.empty((0, 2))] * 3}
    return rhythms(
        TIME,
        dict.fromkeys(bursts, STILL),
        NEURONS,
        bursts,
        title=TITLE,
        verdicts={"first": "a rhythm", "second": "late", "still": "none"},
        parameters=(SETS, LABELS, LIMITS),
    ).to_dict()


def test_the_intervals_of_the_first_cycle(spec):
    rows = rows_in(spec, "kind")
    spans = {(r["kind"], r["t"], r["t2"]) for r in rows if r["k"] == 1}
    assert spans == {
        ("period", 200.0, 600.0), ("duration", 200.0, 280.0), ("delay", 200.0, 300.0),
        ("gap", 280.0, 300.0), ("delay", 200.0, 400.0), ("gap", 360.0, 400.0),
    }  # fmt: skip
    assert not [r for r in rows if r["k"] == 2]
    assert spec["description"].startswith(
        "Voltages of AB/PD, LP, PY. first: period 400 ms, bursts of 80, 60, 120 ms."
    )
    assert "still: no period, bursts of no, no, no ms." in spec["description"]


def test_the_menu_chooses_a_circuit_and_its_verdict(spec):
    [menu] = [p for p in spec["params"] if p["name"] == "chosen"]
    assert menu["bind"]["labels"] == ["first", "second", "still"]
    svg = drawn(spec, chosen=1)
    assert ">late<" in svg
    assert ">none<" not in svg
    assert len(json.dumps(spec)) < 100_000


def test_parameters_are_shares_of_the_prior(spec):
    [row] = {json.dumps(row) for row in rows_in(spec, "s")}
    assert json.loads(row)["s"] == [0.25, 0.5, 0.75, 1.0, 0.0, 0.0]
    assert "the 2 parameters of each" in spec["description"]


def test_wrong_rhythms_are_refused():
    with pytest.raises(ValueError, match="expected 3 neurons and bursts of every circuit"):
        rhythms(TIME, {"a": STILL}, NEURONS, {"b": BURSTS}, title=TITLE)
    with pytest.raises(ValueError, match=r"'a' has shape \(2, 2000\), expected \(3, 2000\)"):
        rhythms(TIME, {"a": STILL[:2]}, NEURONS, {"a": BURSTS}, title=TITLE)
