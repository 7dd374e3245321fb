"""Samples of a circuit have a trace for each neuron."""

import re

import numpy as np
import pytest

from mechfit.figures import samples_to_traces
from tests.figures.drawing import drawn

TITLE = "What the reader should see"
TIME = np.arange(0.0, 1000.0, 0.5)
NEURONS = ["AB/PD", "LP", "PY"]
BURSTS = [
    np.array([[100.0, 180.0], [500.0, 580.0], [900.0, 980.0]]),
    np.array([[200.0, 260.0], [600.0, 660.0]]),
    np.array([[300.0, 420.0], [700.0, 820.0]]),
]


def voltage(bursts):
    inside = [((b[:, :1] < TIME) & (b[:, 1:] > TIME)).any(0) for b in bursts]
    return np.where(inside, 30 * np.sin(TIME) - 20, -60.0)


def test_a_sample_may_have_several_traces():
    theta = np.random.default_rng(1).uniform(size=(4, 12))
    labels = [f"p{k}" for k in range(12)]
    few = np.stack([voltage(BURSTS) + k for k in range(4)])
    chart = samples_to_traces(theta, labels, few, TIME, title=TITLE, channels=NEURONS)
    svg = drawn(chart)
    assert all(f">{name}<" in svg for name in NEURONS)
    assert ">p0 = " not in svg  # twelve numbers would be too many
    assert "voltages of AB/PD, LP, PY between" in chart.description
    with pytest.raises(ValueError, match=r"voltage has shape \(4, 3, 2000\)"):
        samples_to_traces(theta, labels, few, TIME, title=TITLE, channels=NEURONS[:2])


def test_the_numbers_of_a_sample_stand_below_its_last_trace():
    labels, few = ["a (mV)", "b", "c"], np.stack([voltage(BURSTS), voltage(BURSTS) + 1])
    theta = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for channels in (NEURONS[:1], NEURONS):
        chart = samples_to_traces(
            theta, labels, few[:, : len(channels)], TIME, title=TITLE, channels=channels
        )
        said = re.findall(r'translate\(([-\d.]+),([-\d.]+)\)"[^>]*>([^<]+)<', drawn(chart, 630))
        places = {text: float(y) for _, y, text in said}
        bar = max(y for text, y in places.items() if text.endswith((" ms", " s")))
        assert min(places["a = 1 mV"], places["c = 3"]) > bar, channels
