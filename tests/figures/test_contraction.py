"""The matrix shows its shares as areas, and the simulations behind the entry that is chosen."""

import numpy as np
import pytest

from mechfit.figures import contraction_matrix
from mechfit.figures.contraction import BINS
from mechfit.figures.encoding import ALPHABET
from tests.figures.drawing import drawn

RNG = np.random.default_rng(1)
THETA = RNG.uniform(0, [1, 10], (3000, 2))
X = np.column_stack([THETA[:, 0], RNG.normal(size=3000), THETA[:, 1] ** 2])
SHARES = np.array([[0.99, 0.0, 0.01], [0.25, 0.5, 1.2]])
WORDS = {"labels": ["g_Na (mS/cm²)", "E_l (mV)"], "names": ["count", "noise", "square"]}


@pytest.fixture(scope="module")
def spec() -> dict:
    return contraction_matrix(
        SHARES, THETA, X, **WORDS, title="Some tell", start=(1, 2), measure="share"
    ).to_dict()


def test_entries_hold_columns_of_bins_that_peak_at_one(spec):
    entries = spec["datasets"]["entries"]
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


def test_the_chosen_entry_stands_below(spec):
    svg = drawn(spec)
    assert ">E_l (mV) against square<" in svg
    assert ">share 1.00<" in svg
    assert svg.count('stroke="#D9622B"') == 1
    [chosen] = [p for p in spec["params"] if p["name"] == "chosen"]
    assert set(chosen["bind"]) == {"parameter", "statistic"}


def test_text_alternative_and_refusals(spec):
    assert spec["description"].endswith("g_Na 0.99 by count; E_l 1.00 by square.")
    constant = contraction_matrix(SHARES, THETA, np.ones_like(X), **WORDS, title="T")
    assert "NaN" not in constant.to_json()
    with pytest.raises(ValueError, match=r"x has shape \(3000, 3\), expected \(3000, 2\)"):
        contraction_matrix(SHARES, THETA, X, WORDS["labels"], ["a", "b"], title="T")
    with pytest.raises(ValueError, match="non-finite"):
        contraction_matrix(SHARES * np.nan, THETA, X, **WORDS, title="T")
