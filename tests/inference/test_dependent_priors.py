"""Posteriors with priors that depend: correlated normals, and the posterior of an experiment."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mechfit.inference import NPE, Training, c2st, fit
from mechfit.models import Prior
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as exact

X = exact.observe(np.array([[0.5, -1.0, 0.3]]).repeat(2, 0), seed=8)
SECOND = np.linalg.inv(np.eye(3) + 2 * exact.A.T @ exact.A / exact.S**2)
"""Covariance of the parameters given both observations."""


def given_first():
    """The posterior of the first observation."""
    return multivariate_normal(exact.mean(X[0]), exact.C)


def given_both(n):
    """Draws (n, 3) given both observations."""
    mean = SECOND @ exact.A.T @ X.sum(0) / exact.S**2
    return multivariate_normal(mean, SECOND).rvs(n, random_state=1)


def bank_of(theta, seed):
    x = exact.observe(theta, seed)
    return Bank(theta, x, np.ones(len(x), bool), seed, exact.MODEL.statistic_names)


PRIORS = {
    "its mean and covariance": lambda: Prior.normal(exact.PRIOR.names, exact.mean(X[0]), exact.C),
    "its draws": lambda: Prior.from_samples(exact.PRIOR, given_first().rvs(5000, random_state=2)),
}


@pytest.mark.slow
@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_a_posterior_as_prior_of_the_next_experiment(prior):
    """Two experiments one after the other tell what both tell at once."""
    prior = prior()
    bank = bank_of(prior.sample(10_000, seed=3), seed=4)
    posterior = fit(bank, prior, training=Training(epochs=20), seed=1).at(X[1])
    draws = posterior.sample(10_000, seed=2)
    assert c2st(given_both(10_000), draws) <= 0.55
    best = posterior.map()
    assert (abs(best - given_both(10_000).mean(0)) < 0.3 * np.sqrt(np.diag(SECOND))).all()


@pytest.mark.slow
def test_truncated_rounds_and_walks_in_a_prior_of_samples():
    prior = PRIORS["its draws"]()
    npe = NPE(prior, X[1], seed=1, training=Training(epochs=20))
    for r in range(2):
        theta = npe.propose(3000)
        npe.append(theta, exact.observe(theta, seed=r))
    assert npe.proposals[1].acceptance_rate < 1
    assert c2st(given_both(10_000), npe.fit().sample(10_000, seed=2)) <= 0.55
