"""A driven neuron is the neuron of `HodgkinHuxley`: same spikes, whatever the blocks are."""

import numpy as np
import pytest

from mechfit.models import DrivenNeuron, HodgkinHuxley
from mechfit.simulation import simulate
from mechfit.summaries import driven_statistics, spike_times

MODEL = DrivenNeuron(duration=2000.0)


def test_spikes_are_those_of_the_reference_in_double_precision():
    current = MODEL.current(1)
    [spikes] = MODEL.spikes(MODEL.truth, current, seed=3, first=5)
    plain = HodgkinHuxley(0.1, current, step=0.02, window=(1.0, 2000.0))
    expected = spike_times(plain.simulate(MODEL.truth, 3, first=5).voltage[0, 0], 0.1)
    np.testing.assert_allclose(spikes, expected, atol=0.1)


def test_statistics_are_those_of_the_step_and_of_the_spikes():
    theta = np.tile(MODEL.truth, (40, 1))
    x = MODEL.statistics(theta, seed=2)
    np.testing.assert_array_equal(x[:, :7], HodgkinHuxley().statistics(theta, seed=2))
    assert len(np.unique(x[:, -1])) == 2  # two groups, two currents
    for row, group in ((3, 0), (35, 1)):
        assert x[row, -1] == MODEL.current(2, group).std()
    assert np.isfinite(x).all()
    assert len(MODEL.statistic_names) == len(MODEL.statistic_units) == x.shape[1]


def test_results_do_not_depend_on_the_cut():
    theta = MODEL.prior.sample(70, seed=1)
    whole = MODEL.statistics(theta, seed=3)
    parts = [MODEL.statistics(theta[a:b], seed=3, first=a) for a, b in ((0, 5), (5, 40), (40, 70))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(
        simulate(MODEL, 40, seed=2).x[:33], simulate(MODEL, 33, seed=2).x
    )


def test_the_current_has_the_moments_that_were_asked_for():
    current = DrivenNeuron(60_000.0, mean=1.0, std=0.5, tau=10.0).current(4)
    assert current.mean() == pytest.approx(1.0, abs=0.05)
    assert current.std() == pytest.approx(0.5, rel=0.05)
    away = current - current.mean()
    assert (away[:-100] * away[100:]).mean() / away.var() == pytest.approx(np.exp(-1), abs=0.05)


def test_observation_is_made_of_both_recordings():
    current = MODEL.current(1)
    [spikes] = MODEL.spikes(MODEL.truth, current, seed=3)
    x_o = MODEL.observation(np.arange(7), spikes, current)
    np.testing.assert_array_equal(
        x_o, np.r_[np.arange(7), driven_statistics(spikes, current, 0.1)]
    )


def test_without_its_m_current_the_neuron_fires_twice_as_often():
    blocked = MODEL.truth * [1, 1, 1, 0, 1, 1, 1, 1]
    both = MODEL.spikes([MODEL.truth, blocked], MODEL.current(1), seed=3)
    assert 1.7 < len(both[1]) / len(both[0]) < 2.8


def test_refusals():
    with pytest.raises(ValueError, match="duration is 50"):
        DrivenNeuron(50.0)
    with pytest.raises(ValueError, match="g_M is -1.0 in row 0; expected conductances"):
        MODEL.spikes(MODEL.truth * [1, 1, 1, 0, 1, 1, 1, 1] - [0, 0, 0, 1, 0, 0, 0, 0], [0.0], 1)
    with pytest.raises(ValueError, match="step has shape"):
        MODEL.observation(np.zeros((1, 7)), [], MODEL.current(1))
