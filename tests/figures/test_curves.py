"""Curves keep their values and their labels apart."""

import json

import numpy as np
import pytest

from mechfit.figures import curves
from mechfit.figures.curves import _spread

X = np.linspace(-100, 40, 1000)


def test_values_reach_the_chart():
    chart = curves(X, {"m": X**2, "h": -X}, title="Two", across="V (mV)", up="open").to_dict()
    text = json.dumps(chart)
    assert len(text) < 300_000
    assert chart["description"].startswith("open against V (mV), from −100 to 40: m from 10000 to")
    row = chart["layer"][0]["data"]["values"][0]
    assert len(row["x"]) == 200
    assert (row["x"][0], row["x"][-1]) == (-100, 40)
    assert row["y"][0] == 10_000


def test_labels_do_not_overlap():
    places = _spread([10.0, 11.0, 12.0, 100.0], 14)
    assert np.diff(sorted(places)).min() >= 14 - 1e-3
    assert places == sorted(places)


@pytest.mark.parametrize(
    "named", [{"m": X[:5]}, {"m": X * np.nan}, {}, {str(i): X for i in range(7)}]
)
def test_clear_errors(named):
    with pytest.raises(ValueError, match="expected"):
        curves(X, named, title="t", across="x", up="y")


def test_logarithmic_axes_show_the_numbers_themselves():
    chart = curves([1, 10, 100], {"m": [0.2, 3, 20]}, title="t", across="x", up="y", log="xy")
    place = chart.to_dict()["layer"][0]["encoding"]
    assert place["x"]["scale"]["domain"] == [0, 2]
    assert 10 ** np.array(place["y"]["axis"]["values"]) == pytest.approx(
        [0.2, 0.5, 1, 2, 5, 10, 20]
    )
    assert chart.description == "y against x, from 1 to 100: m from 0.2 to 20."
    with pytest.raises(ValueError, match="m is 0 somewhere, expected above 0"):
        curves([1, 10], {"m": [0, 3]}, title="t", across="x", up="y", log="y")
