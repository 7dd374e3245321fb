"""Figures of the chapters on features and on wrong models: rows, choices, descriptions."""

import numpy as np
import pytest

from book.figures.error_table import error_table
from book.figures.misspecification_explorer import misspecification_explorer
from book.figures.overlaid import overlaid
from book.figures.subset_explorer import subset_explorer
from mechfit.figures import BROKEN
from tests.figures.drawing import drawn

LABELS, LIMITS = ["a (mV)", "−V_T (ms)"], np.array([[0.0, 1.0], [10.0, 20.0]])
RNG = np.random.default_rng(1)
SHARES = 0.5 + (RNG.random((2, 2, 400, 2)) - 0.5) / np.array([[1, 4], [2, 8]])[..., None, None]
SAMPLES = LIMITS[:, 0] + SHARES * np.diff(LIMITS).T


@pytest.fixture(scope="module")
def subsets() -> dict:
    return subset_explorer(
        SAMPLES, ["it's rest", "mean"], LABELS, LIMITS, title="T", start=["mean"], truth=[0.5, 15]
    ).to_dict()


@pytest.mark.parametrize(("known", "width"), [((0, 0), 100), ((0, 1), 25), ((1, 1), 12)])
def test_the_checkboxes_choose_the_set(subsets, known, width):
    svg = drawn(subsets, **{f"known_{i}": bool(b) for i, b in enumerate(known)})
    assert any(f">{w} %<" in svg for w in range(width - 4, width + 5))


def test_words_tell_the_widths_at_first_and_with_all_known(subsets):
    assert "chosen by checkboxes: it's rest, mean." in subsets["description"]
    assert "; −V_T 2" in subsets["description"]


def test_posteriors_over_each_other_are_scaled_to_their_peaks():
    named = {"few": SAMPLES[0, 0], "many": SAMPLES[1, 1]}
    chart = overlaid(named, LABELS, LIMITS, title="T", truth=np.array([0.5, 15]))
    spec = chart.to_dict()
    layers = spec["vconcat"][0]["hconcat"][0]["concat"][0]["layer"]
    few, many = (layers[k]["data"]["values"][0] for k in (1, 2))
    assert max(few["y"]) == max(many["y"]) == 0.98
    assert np.trapezoid(few["y"], few["x"]) > 3 * np.trapezoid(many["y"], many["x"])
    assert spec["description"].startswith("Densities of parameters, 90 % intervals. few: a 0.0")
    assert all(f">{name}<" in drawn(spec) for name in ("few", "many", "truth"))


def test_errors_are_shaded_and_written():
    chart = error_table(
        np.array([[0.1, 0.4], [0.2, 0.6]]), ["A", "B"], ["x", "y"], title="T", unit="s", limit=1
    )
    assert ">0.60<" in drawn(chart)
    assert chart.description.endswith("Largest in each row: A 0.4 (y); B 0.6 (y).")


def test_the_farthest_statistic_is_named_only_where_the_p_value_is_small():
    far = np.array([[0.5, 0.2], [20, 0.3]])
    given = {
        "distances": {"a": far, "b": far[:, ::-1]},
        "p_values": {"a": [0.5, 0.001], "b": [0.5, 0.2]},
    }
    spec = misspecification_explorer(
        np.array([0.0, 1.0]), **given, across="s.d.", start=("a", 1), title="T"
    ).to_dict()
    assert spec["data"]["values"][1]["d"] == [10, 0.3]  # bars end there
    alarm = drawn(spec)
    assert "p = 0.001: unlike the simulations" in alarm
    assert BROKEN in alarm
    quiet = drawn(spec, moved="b")
    assert "p = 0.2: nothing unusual" in quiet
    assert BROKEN not in quiet
