"""The sliders choose the voltage, the words and the curve of theory."""

import numpy as np

from book.figures.firing_explorer import firing_explorer
from tests.figures.drawing import drawn


def test_sliders_choose_a_neuron():
    mu, sigma, time = np.array([10.0, 20.0, 30.0]), np.array([0.0, 5.0]), np.arange(0, 50, 0.5)
    voltage = np.linspace(0, 20, 6).reshape(3, 2, 1) + 0 * time
    rate, cv = np.arange(6.0).reshape(3, 2), np.full((3, 2), 0.5)
    cv[0, 0] = np.nan
    theory = np.linspace(10, 30, 5), np.array([[0, 0, 0, 5, 9], [1, 2, 4, 6, 9.0]])
    spec = firing_explorer(
        mu, sigma, time, voltage, rate, theory, cv, threshold=20, start=(1, 1), title="It fires"
    ).to_dict()
    assert "3.0 spikes a second, CV of its intervals 0.50" in drawn(spec)
    assert ">0.0 spikes a second<" in drawn(spec, slider_0=10, slider_1=0)
    assert "4.0 spikes a second" in drawn(spec, slider_0=30)
    assert "from 10 to 30 mV" in spec["description"]
