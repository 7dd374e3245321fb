"""Samples of a circuit have a trace for each neuron."""

import numpy as np
import pytest

from mechfit.figures import samples_to_traces
from tests.figures.circuit import BURSTS, NEURONS, TIME
from tests.figures.drawing import drawn

TITLE = "What the reader should see"


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
