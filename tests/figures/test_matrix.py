"""The matrix shows its shares as areas, and the simulations behind the entry that is chosen."""

import re

import numpy as np
import pytest

from mechfit.figures import informing
from mechfit.figures.encoding import ALPHABET
from mechfit.figures.matrix import BINS
from tests.figures.drawing import drawn

RNG = np.random.default_rng(1)
THETA = RNG.uniform(0, [1, 10], (3000, 2))
X = np.column_stack([THETA[:, 0], RNG.normal(size=3000), THETA[:, 1] ** 2])
SHARES = np.array([[0.99, 0.0, 0.01], [0.25, 0.5, 1.2]])
WORDS = {
    "labels": ["g_Na (mS/cm²)", "E_l (mV)"],
    "names": ["count", "noise", "square"],
    "limits": [[0, 1], [0, 10]],
    "title": "Some tell",
}


def spec_of(**change) -> dict:
    return informing(SHARES, THETA, X, **{**WORDS, **change}).to_dict()


def svg_of(page: float = 630, **change) -> str:
    return drawn(spec_of(**change), page)


def test_entries_hold_columns_of_bins_that_peak_at_one():
    entries = spec_of()["datasets"]["entries"]
    assert [(e["parameter"], e["statistic"]) for e in entries[2:4]] == [
        ("g_Na", "square"),
        ("E_l", "count"),
    ]
    assert [e["share"] for e in entries] == [0.99, 0.0, 0.01, 0.25, 0.5, 1.0]
    for entry in entries:
        cells = np.array([ALPHABET.index(c) for c in entry["c"]]).reshape(BINS, BINS)
        assert (cells.max(1) == 63).all()
    diagonal = np.array([ALPHABET.index(c) for c in entries[0]["c"]]).reshape(BINS, BINS)
    assert abs(diagonal.argmax(1) - np.arange(BINS)).max() <= 1


@pytest.mark.parametrize(
    ("start", "heading", "ends"),
    [
        ((0, 0), "g_Na in simulations with a given count: contraction 0.99", "1"),
        ((1, 2), "E_l in simulations with a given square: contraction 1.00", "10"),
    ],
)
def test_the_chosen_entry_stands_below(start, heading, ends):
    svg = svg_of(start=start)
    assert heading in svg
    assert f">{ends}<" in svg
    assert svg.count('stroke="#D9622B"') == 1
    assert "NaN" not in svg
    assert "undefined" not in svg


def test_areas_are_proportional_to_shares():
    svg = svg_of()
    sides = re.findall(r'd="M-([\d.]+),-\1h[\d.]+v[\d.]+h-[\d.]+Z"', svg)
    areas = sorted({float(s) ** 2 for s in sides})
    assert areas[0] == pytest.approx(0.01 * areas[-1], rel=0.05)


@pytest.mark.parametrize(("page", "least", "most"), [(630, 560, 640), (334, 280, 345)])
def test_it_fits_wide_and_narrow_pages(page, least, most):
    width = float(svg_of(page).split('width="')[1].split('"')[0])
    assert least < width <= most


def test_text_alternative_and_refusals():
    assert spec_of()["description"].endswith("g_Na 0.99 by count; E_l 1.00 by square.")
    constant = informing(SHARES, THETA, np.ones_like(X), **WORDS)
    assert "NaN" not in constant.to_json()
    with pytest.raises(ValueError, match=r"x has shape \(3000, 3\), expected \(3000, 2\)"):
        spec_of(names=["a", "b"])
    with pytest.raises(ValueError, match="non-finite"):
        informing(SHARES * np.nan, THETA, X, **WORDS)
