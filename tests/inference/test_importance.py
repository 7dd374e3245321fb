"""Weighted draws have the exact posterior's moments and evidence, whatever the network's error."""

import numpy as np
import pytest
from scipy import stats

from mechfit.inference import importance_sample
from mechfit.inference.importance import smoothed
from tests.inference import linear_gaussian as exact
from tests.inference.test_posterior_exact import (
    SPACES,
    Gaussian,
    posterior_of,
    prior_of,
    random_posterior,
)


def wider(factor):
    """The linear Gaussian posterior, shifted, and with a covariance so many times as large."""
    density = Gaussian(1.05 * exact.C @ exact.A.T / exact.S**2, factor * exact.C)
    return posterior_of(density, exact.PRIOR, 5).at(exact.X_O)


def likelihood(theta):
    return stats.norm(theta @ exact.A.T, exact.S).logpdf(exact.X_O).sum(1)


def test_linear_gaussian_problem():
    evidence = stats.multivariate_normal(
        np.zeros(5), exact.A @ exact.A.T + exact.S**2 * np.eye(5)
    ).logpdf(exact.X_O)
    samples = [importance_sample(wider(1.5), likelihood, 2000, seed) for seed in range(20)]
    off = np.array([(s.log_evidence - evidence) / s.log_evidence_error for s in samples])
    assert 0.4 < (off**2).mean() < 2.0
    assert abs(off).max() < 4
    s = importance_sample(wider(1.5), likelihood, 20_000, seed=1)
    assert s.effective_sample_size > 10_000
    assert s.k < 0.5
    deviation, draws = np.sqrt(np.diag(exact.C)), s.sample(20_000, seed=2)
    for mean, covariance in (
        (s.weights @ s.theta, np.cov(s.theta.T, aweights=s.weights)),
        (draws.mean(0), np.cov(draws.T)),
    ):
        np.testing.assert_allclose(mean / deviation, exact.mean(exact.X_O) / deviation, atol=0.05)
        np.testing.assert_allclose(covariance / exact.C, np.ones((3, 3)), atol=0.1)


@pytest.mark.parametrize("space", SPACES)
def test_bounded_prior_and_impossible_data(space):
    """x = 1 is theta plus noise, and impossible where theta < 0."""
    prior, noise = prior_of("uniform"), stats.norm(1.0, 0.8)

    def log_likelihood(theta):
        return np.where(theta[:, 0] < 0, -np.inf, noise.logpdf(theta[:, 0]))

    posterior = random_posterior(space, prior).at([0.7, -0.4])
    s = importance_sample(posterior, log_likelihood, 20_000, seed=1)
    evidence = np.log((noise.cdf(5) - noise.cdf(0)) / 7)
    assert abs(s.log_evidence - evidence) < 4 * s.log_evidence_error < 0.2
    mean = stats.truncnorm.mean(-1 / 0.8, 4 / 0.8, loc=1.0, scale=0.8)
    assert s.weights @ s.theta[:, 0] == pytest.approx(mean, abs=0.05)


def test_a_posterior_that_is_too_narrow_is_told():
    with pytest.warns(UserWarning, match=r"effective sample size is \d+ of 5000 draws.* k = "):
        s = importance_sample(wider(0.2), likelihood, 5000, seed=1)
    assert s.k > 0.7


@pytest.mark.parametrize("k", [-0.3, 0.3, 0.8])
def test_tail_of_pareto_weights(k):
    weights = stats.genpareto.rvs(k, size=20_000, random_state=1)
    found, shape = smoothed(weights)
    assert shape == pytest.approx(k, abs=0.15)
    assert found.sum() == pytest.approx(weights.sum(), rel=0.02)
    np.testing.assert_array_equal(smoothed(np.ones(200))[0], np.ones(200))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, [0.0, 0.0]])
def test_refusals(value):
    with pytest.raises(ValueError, match=r"log_likelihood returned shape .* expected \(500,\)"):
        importance_sample(wider(1), lambda t: np.full((len(t), *np.shape(value)), value), 500, 1)
