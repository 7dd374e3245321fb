"""The text of each set holds its densities; the menu chooses one."""

import re

import numpy as np
import pytest

from mechfit.figures import choice_explorer
from mechfit.figures.encoding import ALPHABET
from mechfit.figures.marginals import BINS, FILLED, encoded, panels
from mechfit.summaries.density import density
from tests.figures.drawing import drawn

LABELS, LIMITS = ["a_1 (mV)", "σ"], np.array([[0.0, 1.0], [10.0, 20.0]])
DRAWS = 0.5 * np.random.default_rng(1).random((2, 400, 2)) * np.diff(LIMITS).T + LIMITS[:, 0]
NAMED = {"first": DRAWS[0], "second": DRAWS[1] + 0.4 * np.diff(LIMITS).T}


@pytest.fixture(scope="module")
def spec() -> dict:
    points = {name: draws[:3] for name, draws in NAMED.items()}
    return choice_explorer(
        NAMED, LABELS, LIMITS, title="They differ", menu="cell", points=points, point="fit"
    ).to_dict()


def test_the_text_holds_the_densities():
    rows = encoded(np.array(list(NAMED.values())), LIMITS)
    for k, draws in enumerate(NAMED.values()):
        for j in range(2):
            row, true = rows[j][k], density(draws[:, [j]], LIMITS[[j]], BINS)
            assert row["k"] == k
            assert row["p"] * max(true.max(), 1) == pytest.approx(FILLED, rel=1e-3)
            read = np.array([ALPHABET.index(c) for c in row["c"]]) / 63
            assert read / row["p"] == pytest.approx(true, abs=0.6 / 63 / row["p"])
            width = 100 * draws[:, j].std() / (np.ptp(LIMITS[j]) / np.sqrt(12))
            assert abs(float(row["w"].removesuffix(" %")) - width) <= 0.5


def test_the_menu_chooses_a_posterior(spec):
    [chosen] = spec["params"]
    assert chosen["bind"]["labels"] == ["first", "second"]
    first, second = (drawn(spec, chosen=k) for k in (0, 1))
    assert first != second
    assert all(name in first for name in ("posterior", "prior", "fit", "They differ"))
    assert "first: a_1 49 %, σ 51 %" in spec["description"]


def test_axes_end_where_the_prior_does():
    draws = np.random.default_rng(1).uniform(0.53, 79.7, (100, 1))
    svg = drawn(choice_explorer({"A": draws}, ["a"], [[0.53, 79.7]], title="T", menu="m"))
    ends = re.findall(r"translate\((\d+),\d+\)[^>]*>(0\.53|79\.7)<", svg)
    assert ends == [("0", "0.53"), ("150", "79.7")]


def test_four_panels_stand_in_a_row():
    views = choice_explorer(
        {"A": np.random.default_rng(1).random((9, 5))},
        list("abcde"),
        np.tile([[0, 1]], (5, 1)),
        title="T",
        menu="m",
    ).to_dict()["vconcat"]
    assert [len(row["hconcat"]) for row in views] == [2, 2]  # the last is filled up
    assert panels([]).to_dict()["vconcat"] == []


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"'first' has shape \(400, 2\), expected \(n, 1\)"):
        choice_explorer(NAMED, LABELS[:1], LIMITS[:1], title="x", menu="cell")
    with pytest.raises(ValueError, match="with low < high"):
        choice_explorer(NAMED, LABELS, LIMITS[:, ::-1], title="x", menu="cell")
