"""Simulated decisions have the exact distribution, and a network learns from them."""

import numpy as np
import pytest
from scipy.stats import kstest, multivariate_t

from mechfit.inference import Coupling, Training, Trials, fit, importance_sample
from mechfit.models import (
    DriftDiffusion,
    decision_density,
    decision_log_likelihood,
    decision_moments,
)
from mechfit.simulation import simulate

THETA = np.array(
    [
        [1.0, 1.4, 0.45, 0.3],
        [0.0, 1.5, 0.5, 0.2],
        [-3.0, 3.0, 0.8, 0.1],
        [0.3, 0.5, 0.3, 0.6],
        [10.0, 1.0, 0.2, 0.1],
    ]
)
MANY = DriftDiffusion(100_000)


def distribution(theta, choice):
    """Times, and the probability of a choice until then, by quadrature of the exact density."""
    t = theta[3] + np.append(0, np.geomspace(1e-4, 40, 20_000))
    density = decision_density(np.stack([np.full(t.size - 1, choice), t[1:]], 1), theta)[0]
    density = np.append(0, density)
    return t, np.append(0, np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(t)))


@pytest.mark.parametrize("theta", THETA)
def test_reaction_times_have_the_exact_distribution(theta):
    """Jointly with the choice: lower ones counted backwards, as one number on a line."""
    choice, rt = MANY.statistics(theta, seed=5)[0].reshape(-1, 2).T
    (t, lower), (_, upper) = (distribution(theta, c) for c in (0.0, 1.0))
    assert lower[-1] + upper[-1] == pytest.approx(1, abs=1e-5)

    def cdf(y):
        return np.where(
            y < 0, lower[-1] - np.interp(-y, t, lower), lower[-1] + np.interp(y, t, upper)
        )

    assert kstest(np.where(choice == 1, rt, -rt), cdf).pvalue > 1e-3
    p, mean = decision_moments(theta)
    assert choice.mean() == pytest.approx(p[0], abs=4 * np.sqrt(p[0] * (1 - p[0]) / 1e5) + 1e-5)
    assert rt.mean() == pytest.approx(mean[0], abs=4 * rt.std() / np.sqrt(1e5))


def test_noise_depends_on_nothing_but_its_key():
    model, few = DriftDiffusion(20), DriftDiffusion(5)
    theta = model.prior.sample(30, seed=1)
    x = model.statistics(theta, seed=2)
    np.testing.assert_array_equal(model.statistics(theta[10:], seed=2, first=10), x[10:])
    np.testing.assert_array_equal(few.statistics(theta, seed=2), x[:, :10])
    assert (model.statistics(theta, seed=3) != x).any(1).all()
    bank = simulate(model, 30, seed=4)
    assert bank.statistic_names[:3] == ("choice_1", "rt_1", "choice_2")
    assert bank.valid.all()


def test_impossible_parameters():
    with pytest.raises(ValueError, match="w is 1.0 in row 1; expected a start in"):
        MANY.statistics([[0, 1, 0.5, 0.1], [0, 1, 1, 0.1]], seed=1)
    with pytest.raises(ValueError, match="trials is 0, expected at least 1"):
        DriftDiffusion(0)


@pytest.mark.slow
def test_network_refined_by_the_likelihood_is_exact():
    """Weighted draws of a deep set have the moments of other draws, around the maximum."""
    model = DriftDiffusion(40)
    posterior = fit(
        simulate(model, 3000, seed=1),
        model.prior,
        flow=Coupling(2, 32, embedding=Trials(2, 32, 8)),
        training=Training(epochs=40),
        seed=1,
    )
    x = model.statistics(THETA[0], seed=6)[0]
    for trials in (40, 10):
        x_o = np.where(np.arange(x.size) < 2 * trials, x, np.nan)
        sample = importance_sample(
            posterior.at(x_o), lambda theta, x=x_o: decision_log_likelihood(x, theta), 20_000, 1
        )
        assert sample.k < 0.7
        assert sample.effective_sample_size > 300
        mean, covariance = moments(sample.theta, sample.weights)
        wide = multivariate_t(mean, 2 * covariance, df=5, seed=2)
        theta = wide.rvs(100_000)
        theta = theta[np.isfinite(model.prior.log_prob(theta))]
        log_w = decision_log_likelihood(x_o, theta) - wide.logpdf(theta)
        exact, spread = moments(theta, np.exp(log_w - log_w.max()))
        deviation = np.sqrt(np.diag(spread))
        off = 4 / np.sqrt(sample.effective_sample_size)
        np.testing.assert_allclose((mean - exact) / deviation, 0, atol=off)
        ratio = (covariance - spread) / np.outer(deviation, deviation)
        np.testing.assert_allclose(ratio, 0, atol=1.5 * off)


def moments(theta, weights):
    """Mean and covariance of a weighted sample."""
    return weights @ theta / weights.sum(), np.cov(theta.T, aweights=weights)
