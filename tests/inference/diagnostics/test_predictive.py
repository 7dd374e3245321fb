"""Predictive checks: conservative for a right posterior, plain where nothing fits."""

import numpy as np
import pytest

from mechfit.inference.diagnostics import predictive_check
from mechfit.models import HodgkinHuxley
from tests.inference.faulty import Exact, Simulator
from tests.inference.linear_gaussian import X_O


def test_p_values_of_a_right_posterior_are_seldom_small():
    model = Simulator()
    x = model.statistics(model.prior.sample(200, 1), 2)
    p = np.array([predictive_check(Exact(), model, row, draws=200, seed=3).p_values for row in x])
    assert (p < 0.05).mean() <= 0.05


def test_a_statistic_out_of_reach_is_found():
    found = predictive_check(Exact(), Simulator(), X_O + [5.0, 0, 0, 0, 0], seed=1)
    assert found.p_values.argmin() == 0
    assert found.p_values[0] == pytest.approx(1 / 501)
    assert found.misses[0] > 3
    assert found.x.shape == (500, 5)


def test_p_values_are_those_of_the_exact_predictive():
    from scipy.special import ndtr

    from tests.inference.linear_gaussian import A, C, S, mean

    found = predictive_check(Exact(), Simulator(), X_O, draws=4000, seed=1)
    std = np.sqrt(np.einsum("ki,ij,kj->k", A, C, A) + S**2)
    share = ndtr((X_O - A @ mean(X_O)) / std)
    np.testing.assert_allclose(found.p_values, 2 * np.minimum(share, 1 - share), atol=0.05)


def test_invalid_simulations_are_counted():
    class Failing(Simulator):
        def statistics(self, theta, seed, *, first=0):
            x = super().statistics(theta, seed, first=first)
            return np.where(first + np.arange(len(x))[:, None] < 100, np.nan, x)

    found = predictive_check(Exact(), Failing(), X_O, draws=300, seed=1)
    assert found.invalid == 100
    assert len(found.x) == len(found.theta) == 200
    with pytest.raises(ValueError, match="0 of 100 simulations of posterior draws are valid"):
        predictive_check(Exact(), Failing(), X_O, draws=100, seed=1)


def test_a_wrong_observation_is_named():
    with pytest.raises(ValueError, match=r"shape \(4,\), expected \(5,\) for the statistics v"):
        predictive_check(ExactAnyway(), Simulator(), X_O[:4], seed=1)


class ExactAnyway(Exact):
    def sample_batched(self, n, seed, *, x):
        return super().sample_batched(n, seed, x=np.zeros((len(x), 5)))


def test_draws_of_a_neuron_that_cannot_spike_do_not_reproduce_spikes():
    model = HodgkinHuxley()

    class Silent:
        prior = model.prior

        def sample_batched(self, n, seed, *, x):
            theta = model.prior.sample(n, seed)
            theta[:, 0] = 0.5
            return np.broadcast_to(theta, (len(x), n, 8))

    x_o = model.statistics(model.truth, 1)[0]
    found = predictive_check(Silent(), model, x_o, draws=100, seed=1)
    assert found.p_values[found.names.index("spike_count")] == pytest.approx(1 / 101)


def test_exploding_simulations_hide_no_miss():
    found = predictive_check(Exact(), Simulator(), X_O + [5.0, 0, 0, 0, 0], seed=1)
    misses = found.misses
    found.x[:3] = 1e200
    np.testing.assert_allclose(found.misses, misses, rtol=0.3, atol=0.1)
