"""Ranks, coverage and tests: what the charts show is what they were given."""

import numpy as np
import pytest

from book.figures.miscalibration_explorer import miscalibration_explorer
from book.figures.sbc_ecdf_difference import sbc_ecdf_difference
from mechfit.figures import BROKEN, POSTERIOR
from tests.figures.drawing import drawn

Z = np.arange(1, 20) / 20
EDGES = Z - 0.06, Z + 0.06


def rows_of(view: dict) -> list[dict]:
    """All rows that travel in the layers of a view."""
    datas = [part["data"] for part in [view, *view["layer"]] if "data" in part]
    return [row for data in datas for row in data["values"]]


def test_what_leaves_the_band_is_broken_and_named():
    p = {"a": 0.3, "b given the others": 1e-12}
    spec = sbc_ecdf_difference(Z, {"a": Z, "b": Z**2}, EDGES, p, 1e-3, title="b is off").to_dict()
    svg = drawn(spec)
    assert svg.count(">b</text>") == 1
    curves, tests = map(rows_of, spec["vconcat"])
    lines = [row["y"] for row in curves if isinstance(row.get("y"), list) and len(row["y"]) == 19]
    np.testing.assert_allclose(lines[-1], Z**2 - Z, atol=1e-4)
    dots = {row["name"]: row for row in tests if "name" in row}
    assert dots["b given the others"]["bad"]
    assert dots["b given the others"]["p"] == 1e-10  # the end of the axis
    assert dots["b given the others"]["kind"] == "given others"
    assert not dots["a"]["bad"]
    assert "outside the band: b. Of 2 tests failed: b given the others." in spec["description"]


def test_a_usual_band_lies_inside():
    usual = Z - 0.02, Z + 0.02
    spec = sbc_ecdf_difference(Z, {"a": Z}, EDGES, {"a": 0.3}, 0.01, title="x", usual=usual)
    edges = [row["high"] for row in rows_of(spec.to_dict()["vconcat"][0]) if "high" in row]
    np.testing.assert_allclose(np.max(edges, 1), [0.06, 0.02], atol=1e-4)


def test_wrong_curves_are_refused():
    with pytest.raises(ValueError, match=r"a has shape \(3,\), expected \(19,\)"):
        sbc_ecdf_difference(Z, {"a": Z[:3]}, EDGES, {"a": 0.5}, 0.01, title="x")
    with pytest.raises(ValueError, match="expected at least one of each"):
        sbc_ecdf_difference(Z, {"a": Z}, EDGES, {}, 0.01, title="x")


def explorer(**changes):
    given = {
        "faults": {"noise": ["right", "half"], "prior": ["right", "wide"]},
        "ranks": {"noise": np.full((2, 5), 0.2), "prior": np.eye(5)[:2]},
        "coverage": {n: np.tile(np.linspace(0, 1, 11), (2, 1)) for n in ("noise", "prior")},
        "verdicts": {n: ["calibrated", "not calibrated: off"] for n in ("noise", "prior")},
        "band": (0.15, 0.25),
    } | changes
    return miscalibration_explorer(*given.values(), title="Break it", start=("noise", 1))


def test_every_step_of_every_fault_is_there():
    spec = explorer().to_dict()
    rows = {(r["fault"], r["k"]): r for r in spec["vconcat"][0]["data"]["values"]}
    assert len(rows) == 4
    assert rows["prior", 1]["y"] == [0, 1, 0, 0, 0]
    assert rows["noise", 0]["color"] == POSTERIOR
    assert rows["noise", 1]["color"] == BROKEN
    assert "not calibrated: off" in drawn(spec)


def test_wrong_steps_are_refused():
    with pytest.raises(ValueError, match="noise has 2 steps and 1 verdicts, expected 2"):
        explorer(verdicts={"noise": ["calibrated"], "prior": ["a", "b"]})
    with pytest.raises(ValueError, match="ranks of prior has shape"):
        explorer(ranks={"noise": np.full((2, 5), 0.2), "prior": np.eye(5)})
