"""Squares are as large as their correlations, and the partners listed are the strongest ones."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import correlations
from tests.figures.drawing import drawn

NAMES = ["AB Na", "LP A", "LP CaS", "PY H", "AB–LP", "PD–LP", "PY–LP"]
DRAWS = np.random.default_rng(2).normal(size=(60, 7))
ABOVE = np.corrcoef(DRAWS.T)
PRECISION = np.linalg.inv(ABOVE)
BELOW = -PRECISION / np.sqrt(np.outer(np.diag(PRECISION), np.diag(PRECISION)))


def spec_of(**change) -> dict:
    given = {"above": ABOVE, "below": BELOW, "names": NAMES, "title": "Some make up for others"}
    return correlations(**{**given, **change}).to_dict()


def signed(value: float) -> str:
    return f"{round(float(value), 3):+.2f}".replace("-", "−")


@pytest.mark.parametrize("chosen", range(7))
def test_the_partners_are_those_of_the_chosen_parameter(chosen):
    svg = drawn(spec_of(), of=chosen)
    assert f">Partners of {NAMES[chosen]}<" in svg
    order = [k for k in np.argsort(-abs(BELOW[chosen])) if k != chosen][:5]
    for rank, k in enumerate(order, 1):
        assert f">{rank}.  {NAMES[k]}<" in svg or f">{rank}. {NAMES[k]}<" in svg
        assert f">{signed(BELOW[chosen, k])}<" in svg
        assert f">{signed(ABOVE[chosen, k])}<" in svg


def test_every_pair_has_two_squares_of_its_size_filled_or_hollow():
    rows = spec_of()["datasets"]["pairs"]
    assert len(rows) == 21
    for row in rows:
        assert row["i"] < row["j"]
        assert row["a"] == pytest.approx(ABOVE[row["i"], row["j"]], abs=6e-4)
        assert row["b"] == pytest.approx(BELOW[row["j"], row["i"]], abs=6e-4)
        assert row["pair"] == f"{NAMES[row['i']]}, {NAMES[row['j']]}"
    svg = drawn(spec_of())
    both = np.array([[row["a"], row["b"]] for row in rows])
    full = re.findall(r'aria-roledescription="[^"]*"|fill="#2F80C9"', svg)
    assert sum(found.startswith("fill") for found in full) == (both >= 0).sum()
    assert svg.count('stroke="#2F80C9"') == (both < 0).sum()


def test_it_tells_what_it_shows_and_is_small():
    text = spec_of(description="In my words.")
    assert text["description"] == "In my words."
    told = spec_of(kinds=("together", "alone"))["description"]
    i, j = np.triu_indices(7, 1)
    k, m = (int(abs(r[i, j]).argmax()) for r in (ABOVE, BELOW))
    assert f"Largest together: {NAMES[i[k]]}, {NAMES[j[k]]}" in told
    assert f"alone: {NAMES[i[m]]}, {NAMES[j[m]]}" in told
    many = np.eye(31)
    chart = correlations(many, many, [f"parameter {k}" for k in range(31)], title="Many")
    assert len(json.dumps(chart.to_dict())) < 100_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"above": ABOVE[:6]}, r"above has shape \(6, 7\), expected \(7, 7\)"),
        ({"below": BELOW * np.nan}, "below has non-finite values"),
        ({"names": NAMES[:2]}, "got 2 names and start 0, expected at least 3"),
        ({"start": 7}, "got 7 names and start 7"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)
