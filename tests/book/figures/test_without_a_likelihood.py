"""Figures of the chapter inference/without-a-likelihood: rows, sliders, descriptions."""

import json

import numpy as np
import pytest

from book.figures.rejection import rejection
from book.figures.sliding_curves import sliding_curves
from tests.figures.drawing import drawn

THETA = np.random.default_rng(1).uniform(size=(300, 2))
NAMES = (["a (mV)", "b (nS)"], ["v (mV)", "w (mV)"])
WORDS = {"names": NAMES, "limits": [[0, 1], [0, 1]], "title": "Near is kept"}


@pytest.fixture(scope="module")
def planes():
    distance = np.linspace(0, 2, 300)
    field = np.exp(-(((np.indices((20, 20)) - 10) / 3) ** 2).sum(0))
    return rejection(THETA, 2 * THETA, distance, [1.0, 1.0], field, **WORDS).to_dict()


@pytest.mark.parametrize(("power", "n"), [(-1.0, 300), (0.0, 100)])
def test_the_report_counts_what_is_kept(planes, power, n):
    svg = drawn(json.loads(json.dumps(planes)), power=power, n=n)
    kept = int((np.linspace(0, 2, 300)[:n] <= 10**power).sum())
    assert f"kept {kept} of {n}" in svg
    spread = THETA[:kept, 1].std(ddof=1)
    assert f"of b: {spread:.2f} nS" in svg or f"of b: {spread:.2g} nS" in svg


def test_dots_and_outlines_reach_both_planes(planes):
    [rows] = planes["datasets"]["simulations"]
    assert rows["a"] == THETA[:, 0].round(3).tolist()
    assert rows["w"] == (2 * THETA[:, 1]).round(3).tolist()
    assert planes["description"].startswith("Two planes with 300 simulations: v (mV) and w (mV)")
    with pytest.raises(ValueError, match=r"x has shape \(300, 1\)"):
        rejection(THETA, THETA[:, :1], np.zeros(300), [0, 0], np.ones((5, 5)), **WORDS)


def test_the_slider_chooses_the_curves():
    x, steps = np.linspace(0, 1, 50), [1.0, 2.0, 3.0]
    curves = {"prior": np.ones(50), "exact": np.stack([k * x for k in steps])}
    spec = sliding_curves(
        ("θ (mV)", x), ("reading", steps), curves, up="density", title="It moves", description="d"
    ).to_dict()
    places = [float(drawn(spec, slider_0=k).count("M")) for k in steps]
    assert len(set(places)) == 1
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, pytest.approx(3.12)]
    with pytest.raises(ValueError, match=r"exact has shape \(2, 50\), expected \(3, 50\)"):
        sliding_curves(
            ("θ", x), ("r", steps), {"exact": np.ones((2, 50))}, up="d", title="t", description="d"
        )
