"""Samples of a circuit have a trace for each neuron."""

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
    named = dict(zip(NEURONS, few.swapaxes(0, 1), strict=True))
    chart = samples_to_traces(theta, labels, named, TIME, title=TITLE)
    svg = drawn(chart)
    assert all(f">{name}<" in svg for name in NEURONS)
    assert ">p1<" in svg  # only the two of the scatter have a strip
    assert ">p5<" not in svg
    assert "voltages of AB/PD, LP, PY between" in chart.description
    with pytest.raises(ValueError, match=r"voltage has shape \(4, 3, 2000\)"):
        samples_to_traces(theta, labels, few, TIME, title=TITLE)
