"""What the currents spend sums to what the circuit spends."""

import numpy as np

from mechfit.models import Pyloric, PyloricActivity
from mechfit.robustness import SPENDERS, energy_by_current

HOW = {"duration": 1500.0, "burn_in": 500.0}


def test_currents_sum_to_the_energy_of_the_circuit():
    model = PyloricActivity(precision="float64", **HOW)
    theta = model.prior.sample(3, seed=4)
    first = model.statistic_names.index("energy_AB/PD")
    whole = model.statistics(theta, 9)[:, first : first + 3]  # nJ/cm² in a second
    np.testing.assert_allclose(energy_by_current(model, theta, 9).sum(2) * 1000, whole, rtol=1e-9)


def test_a_current_that_is_not_there_spends_nothing():
    model = Pyloric(noise_std=0.0, **HOW)
    theta = model.prior.sample(1, seed=4)[0]
    theta[:8] = 0.0
    theta[8 + SPENDERS.index("Kd")] = 0.0
    spent = energy_by_current(model, theta, 1)[0]
    assert not spent[0, :8].any()
    assert spent[1, SPENDERS.index("Kd")] == 0
    assert (spent[1:, SPENDERS.index("Na")] > 0).all()
    assert spent[0, 8] > 0


def test_a_passive_neuron_spends_what_ohm_says():
    """Leak alone: V stays at -50 mV, where nothing flows; H pulls it away."""
    model = Pyloric(noise_std=0.0, **HOW)
    theta = np.r_[np.zeros(24), np.full(7, -40.0)]
    theta[7] = 0.01
    assert energy_by_current(model, theta, 1)[0].sum() < 1e-9
    theta[6] = 0.02
    spent = energy_by_current(model, theta, 1)[0, 0]
    # at rest both carry the same current I, and spend I |V - E|: 30 mV apart, summing to I * 30 mV
    h, leak = spent[SPENDERS.index("H")], spent[7]
    assert h > 0
    assert leak > 0
    np.testing.assert_allclose(spent.sum(), h + leak)
