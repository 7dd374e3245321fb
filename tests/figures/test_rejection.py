"""The sliders keep what lies within the tolerance, and the words count it."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import rejection
from tests.figures.drawing import drawn

RNG = np.random.default_rng(1)
THETA = RNG.uniform(0, [1, 10], (2000, 2))
X = THETA + RNG.normal(size=(2000, 2)) * [0.1, 1]
DISTANCE = np.abs(X - [0.5, 5]).sum(1)
GRID = np.exp(
    -50 * (np.linspace(0, 1, 41)[1::2, None] - 0.5) ** 2 - (np.linspace(0, 10, 41)[1::2] - 5) ** 2
)
WORDS = {
    "labels": ["E_l (mV)", "g_l (nS)"],
    "limits": [[0, 1], [0, 10]],
    "statistics": ["V_rest (mV)", "V_step (mV)"],
    "title": "Keep what resembles",
}


def spec_of(*, x_o=(0.5, 5.0), **change) -> dict:
    return rejection(THETA, X, DISTANCE, x_o, GRID, **{**WORDS, **change}).to_dict()


def svg_at(power: float, n: int, page: float | None = None) -> str:
    return drawn(spec_of(), page, power=power, n=n)


@pytest.mark.parametrize(("power", "n"), [(0.0, 2000), (-1.6, 100), (0.6, 1000)])
def test_it_keeps_and_counts_what_is_within_the_tolerance(power, n):
    svg = svg_at(power, n)
    near = DISTANCE[:n] <= 10**power
    assert f"kept {near.sum()} of {n}; spread of g_l: " in svg
    if near.sum() > 1:
        told = float(re.search(r"spread of g_l: ([\d.]+) nS", svg)[1])
        assert told == pytest.approx(THETA[:n][near, 1].std(ddof=1), rel=0.06)
    assert "(exact 0.71)" in svg
    assert svg.count('fill="#2F80C9"') == 2 * near.sum()
    assert svg.count('fill="#8A8F98"') == 2 * n
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize(("page", "least", "most"), [(630, 560, 640), (334, 280, 350)])
def test_it_fits_wide_and_narrow_pages(page, least, most):
    width = float(svg_at(0.0, 500, page).split('width="')[1].split('"')[0])
    assert least < width <= most


def test_it_is_small_and_says_what_it_shows():
    spec = spec_of()
    assert len(json.dumps(spec)) < 150_000
    assert spec["description"].startswith("Two planes with 2000 simulations: V_rest (mV) and")
    names = [p["bind"]["name"] for p in spec["params"] if "bind" in p]
    assert names == ["tolerance", "simulations"]
    assert spec_of(description="In my words.")["description"] == "In my words."


def test_clear_errors():
    with pytest.raises(ValueError, match=r"x_o has shape \(3,\), expected \(2,\)"):
        spec_of(x_o=(1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match=r"limits have shape"):
        spec_of(limits=[[0, 1]])
    with pytest.raises(ValueError, match="title is empty"):
        spec_of(title="")
