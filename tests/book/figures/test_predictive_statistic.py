"""Posterior predictive checks: histograms, observed value and p-value of one statistic."""

import numpy as np
import pytest

from book.figures.predictive_statistic import BINS, predictive_statistic
from tests.figures.drawing import drawn


def test_histograms_line_and_p_value():
    rng = np.random.default_rng(1)
    x, prior = rng.normal(size=(500, 2)), rng.normal(size=(900, 2)) * 3
    units, p = ["mV", ""], [0.002, 0.9]
    chart = predictive_statistic(
        x, prior, [9.0, 0.0], p, ["rest", "rate"], units=units, title="Far"
    )
    spec = chart.to_dict()
    rows = {row["name"]: row for row in spec["data"]["values"]}
    rest = rows["rest"]
    assert max(rest["posterior"]) == max(rest["prior"]) == 1
    assert rest["x"][0] < np.quantile(x[:, 0], 0.002) < 9 < rest["x"][0] + BINS * rest["step"]
    svg = drawn(spec)
    assert "rest: observed 9 mV" in svg  # the least p-value is shown first
    assert "0 of 500 draws beyond, p = 0.002" in svg
    assert "rate 0.9" in chart.description


def test_wrong_arguments_are_refused():
    x = np.ones((5, 2))
    with pytest.raises(ValueError, match="units has 1 entries, expected 2"):
        predictive_statistic(x, x, x[0], [0.1, 0.1], ["a", "b"], units=["mV"], title="x")
    with pytest.raises(ValueError, match=r"p_values has shape \(1,\), expected \(2,\)"):
        predictive_statistic(x, x, x[0], [0.1], ["a", "b"], units=["", ""], title="x")
