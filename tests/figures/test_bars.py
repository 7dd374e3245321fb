"""Bars stand for means as distances from the prior's, thin lines for 90 % of the repeats."""

import numpy as np
import pytest

from mechfit.figures import statistic_bars
from tests.figures.drawing import drawn

NAMES = ["spike count", "rest mean"]


def test_bars_are_means_in_prior_standard_deviations():
    rng = np.random.default_rng(1)
    prior = rng.normal(size=(500, 2)) * [4, 10]
    repeats = rng.normal(size=(100, 2)) + [8, -70]
    named = {"observed": repeats, "low probability": 0 * repeats}
    chart = statistic_bars(named, prior, NAMES, units=["", "mV"], title="They differ")
    spec = chart.to_dict()
    rows = [row for layer in spec["layer"] for row in layer["data"].get("values", [])]
    bars = {(row["who"], row["name"]): row for row in rows if "who" in row}
    assert len(bars) == 4
    for j, name in enumerate(NAMES):
        bar = bars["observed", name]
        z = (repeats[:, j] - prior[:, j].mean()) / prior[:, j].std()
        assert bar["x"] == pytest.approx(z.mean(), abs=1e-3)
        assert [bar["low"], bar["high"]] == pytest.approx(np.quantile(z, [0.05, 0.95]), abs=1e-3)
    drawn(spec)
    assert "rest mean: observed −70.2 mV, low probability 0 mV" in chart.description


def test_wrong_arguments_are_refused():
    x = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"'a' has shape \(3, 1\), expected \(n, 2\)"):
        statistic_bars({"a": x[:, :1]}, x, NAMES, title="x")
    with pytest.raises(ValueError, match="units has 1 entries, expected 2"):
        statistic_bars({"a": x}, x, NAMES, units=["mV"], title="x")
