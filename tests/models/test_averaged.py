"""Averaged traces are means of the wrapped model's traces, in the order of its simulations."""

import numpy as np
import pytest

from mechfit.models import Averaged, HodgkinHuxley, Traces
from mechfit.simulation import simulate
from mechfit.simulation.fingerprint import fingerprint

NEURON = HodgkinHuxley(duration=20.0, window=(5.0, 15.0))


def test_columns_are_means_of_the_trace():
    model = Averaged(NEURON, every=7)
    theta = NEURON.prior.sample(3, seed=1)
    voltage = NEURON.simulate(theta, 5, first=2).voltage[:, 0]
    x = model.statistics(theta, 5, first=2)
    assert x.shape == (3, 2001 // 7) == (3, len(model.statistic_names))
    np.testing.assert_allclose(x[1, 4], voltage[1, 28:35].mean())
    np.testing.assert_allclose(x[2, -1], voltage[2, 7 * 284 : 7 * 285].mean())
    assert model.middles[4] == pytest.approx(0.31)
    assert set(model.statistic_units) == {"mV"}


def test_every_1_is_the_trace():
    theta = NEURON.prior.sample(2, seed=1)
    expected = NEURON.simulate(theta, 1).voltage[:, 0]
    np.testing.assert_array_equal(Averaged(NEURON, 1).statistics(theta, 1), expected)


def test_a_bank_does_not_depend_on_how_it_is_cut():
    model = Averaged(NEURON, 25)
    theta = NEURON.prior.sample(130, seed=2)
    whole = model.statistics(theta, 3)
    parts = [model.statistics(theta[:70], 3), model.statistics(theta[70:], 3, first=70)]
    np.testing.assert_array_equal(whole, np.vstack(parts))
    bank = simulate(model, 130, seed=3)
    np.testing.assert_array_equal(bank.x, model.statistics(bank.theta, 3))


def test_a_store_knows_the_wrapped_model(tmp_path):
    simulate(Averaged(NEURON, 25), 4, seed=1, store=tmp_path / "bank")
    other = HodgkinHuxley(duration=20.0, window=(5.0, 15.0), v_init=-71.0)
    with pytest.raises(ValueError, match="v_init"):
        simulate(Averaged(other, 25), 8, seed=1, store=tmp_path / "bank")
    with pytest.raises(ValueError, match="every was 25, is 24"):
        simulate(Averaged(NEURON, 24), 8, seed=1, store=tmp_path / "bank")
    assert "package" not in fingerprint(Averaged(NEURON, 25))["model"]


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="every is 0, expected 1 to 2001"):
        Averaged(NEURON, 0)
    with pytest.raises(ValueError, match="every is 3000"):
        Averaged(NEURON, 3000)
    with pytest.raises(ValueError, match="traces have 2 channels, expected 1"):
        Averaged(NEURON, 25).summarize(Traces(np.zeros((1, 2, 2001)), NEURON.time))
