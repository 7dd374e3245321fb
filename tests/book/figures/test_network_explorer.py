"""A click or the sliders choose the network, its spikes and its spectrum."""

import numpy as np

from book.figures.network_explorer import coded, network_explorer, rasters, some
from mechfit.models.networks.network import Spikes
from tests.figures.drawing import drawn


def spikes(times, ids):
    return Spikes(np.array(times), np.array(ids), 64, 80, 1000.0, 0.1, 476.0)


def test_a_raster_keeps_every_second_of_80_neurons_in_its_window():
    times, rows = some(spikes([100.0, 950.0, 960.0, 970.0], [0, 0, 3, 78]))
    assert times.tolist() == [950, 970]
    assert rows.tolist() == [0, 39]
    assert coded((times, rows)) == {"t": "gAsy", "r": "An"}


def test_sliders_choose_a_network():
    g, eta, hz = np.array([3.0, 5.0, 7.0]), np.array([1.0, 2.0]), np.arange(5.0, 100.0)
    power = np.ones((6, len(hz))) * np.arange(1, 7)[:, None]
    networks = [([920.0] * k, [0] * k) for k in range(1, 7)]
    spec = network_explorer(
        g, eta, networks, (hz, power), np.arange(6.0), np.full(6, 0.5), {"AI": (5, 1.5)},
        start=(1, 1), title="It fires",
    ).to_dict()  # fmt: skip
    assert ">3 Hz, CV of the intervals 0.50<" in drawn(spec)
    assert ">4 Hz, CV of the intervals 0.50<" in drawn(spec, chosen={"x": 7, "y": 1})
    assert "the names AI" in spec["description"]


def test_a_menu_chooses_the_lower_raster():
    named = {"observed": ([910.0], [0]), "one": ([920.0], [1]), "two": ([930.0, 940.0], [2, 3])}
    spec = rasters(named, title="Spikes").to_dict()
    one = drawn(spec).count("rotate(90)")
    assert drawn(spec, shown="two").count("rotate(90)") == one + 1
