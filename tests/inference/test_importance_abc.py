"""Weighted brute force is the posterior, even where the network that proposes is wrong."""

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import DefensiveProposal, KernelProposal, Training, fit, importance_abc
from mechfit.simulation import Bank, simulate
from tests.inference.sequential.test_infer import NOISE, PRIOR, X_O, Noisy


class Quick(Noisy):
    """The same, with noise that is drawn at once for many rows."""

    def statistics(self, theta, seed, *, first=0):
        return theta + NOISE * np.random.default_rng([seed, first]).normal(size=theta.shape)


@pytest.fixture(scope="module")
def proposal():
    """A network that was hardly trained: too wide, and off the mark."""
    posterior = fit(simulate(Quick(), 400, 1), PRIOR, training=Training(epochs=8), seed=1)
    return DefensiveProposal.around(posterior, X_O, 2 * NOISE, count=16, share=0.2, seed=1)


@pytest.fixture(scope="module")
def bank(proposal):
    return simulate(Quick(), 300_000, 3, proposal=proposal)


@pytest.fixture(scope="module")
def few(proposal):
    return simulate(Quick(), 20_000, 3, proposal=proposal)


@pytest.fixture(scope="module")
def smoothed(few, proposal):
    """What the first draws say, smoothed."""
    rows, weights = importance_abc(few, proposal, X_O, 0.4 * NOISE)
    return KernelProposal(PRIOR, few.theta[rows], weights, share=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["broadened", "smoothed"])
def test_weighted_draws_are_the_posterior(kind, bank, proposal, smoothed):
    if kind == "smoothed":
        proposal, bank = smoothed, simulate(Quick(), 100_000, 4, proposal=smoothed)
    rows, weights = importance_abc(bank, proposal, X_O, 0.4 * NOISE)
    theta, size = bank.theta[rows], 1 / (weights**2).sum()
    assert size > 1000
    assert (abs(bank.x[rows] - X_O) <= 0.4 * NOISE).all()
    low, high = (norm.cdf((bound - X_O) / NOISE) for bound in (-1, 1))
    for j in range(2):
        order = np.argsort(theta[:, j])
        exact = (norm.cdf((theta[order, j] - X_O[j]) / NOISE[j]) - low[j]) / (high[j] - low[j])
        assert abs(np.cumsum(weights[order]) - exact).max() < 0.03 + 1.5 / np.sqrt(size)
    plain = abs(theta[:, 0].mean() - (weights * theta[:, 0]).sum())
    assert plain > 1e-4  # the weights do something


@pytest.mark.parametrize(("kind", "steps"), [("broadened", 20), ("smoothed", 60)])
def test_density_is_that_of_the_draws(kind, steps, proposal, smoothed):
    proposal = smoothed if kind == "smoothed" else proposal
    theta = proposal.sample(40_000, seed=5)
    assert theta.shape == (40_000, 2)
    counts, *edges = np.histogram2d(*theta.T, bins=4, range=[[-1, 1], [-1, 1]])
    fine = (np.arange(4 * steps) + 0.5) / (2 * steps) - 1
    points = np.stack(np.meshgrid(fine, fine, indexing="ij"), -1).reshape(-1, 2)
    mass = np.exp(proposal.log_prob(points)).reshape(4, steps, 4, steps).sum((1, 3))
    mass /= (2 * steps) ** 2
    np.testing.assert_allclose(counts / 40_000, mass, atol=0.03)
    assert mass.sum() == pytest.approx(1.0, abs=0.04)
    np.testing.assert_array_equal(theta, proposal.sample(40_000, seed=5))


def test_refusals(few, proposal):
    with pytest.raises(RuntimeError, match=r"none of 20000 simulations is within \[1e-09"):
        importance_abc(few, proposal, X_O, [1e-9, 1e-9])
    with pytest.raises(ValueError, match=r"expected \(2,\) of each"):
        importance_abc(few, proposal, X_O, [0.1])
    with pytest.raises(ValueError, match="share is 0, expected above 0"):
        DefensiveProposal(proposal.posterior, proposal.x, 0)
    with pytest.raises(ValueError, match=r"shapes \(2, 2\) and \(2,\), expected more rows"):
        KernelProposal(PRIOR, np.zeros((2, 2)), np.full(2, 0.5))


def test_invalid_simulations_are_not_kept(proposal):
    theta = proposal.sample(3, seed=1)
    x = np.array([X_O, [np.nan, 0.2], X_O + 1])
    bank = Bank(theta, x, np.isfinite(x).all(1), 1, ("x", "y"))
    rows, weights = importance_abc(bank, proposal, X_O, NOISE)
    np.testing.assert_array_equal(rows, [0])
    np.testing.assert_array_equal(weights, [1.0])
