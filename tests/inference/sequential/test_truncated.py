"""Truncated proposals draw the prior where the estimate is dense, and only there."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mechfit.inference.sequential import truncated
from mechfit.inference.sequential.truncated import Truncated, truncate
from mechfit.models import Prior


class Normals:
    """An estimate: independent normals, cut by the prior's box."""

    def __init__(self, std, d=2):
        self.prior = Prior.uniform([f"p{i}" for i in range(d)], [-1.0] * d, [1.0] * d)
        self.std, self.d = std, d

    def sample(self, n, seed):
        rng = np.random.default_rng(seed)
        bound = 1 / self.std
        return self.std * stats.truncnorm(-bound, bound).rvs((n, self.d), random_state=rng)

    def log_prob(self, theta):
        inside = (abs(theta) <= 1).all(1)
        density = stats.norm(0, self.std).logpdf(theta).sum(1)
        return np.where(inside, density, -np.inf)


def everywhere(estimate):
    return Truncated(estimate, prior=estimate.prior, threshold=-np.inf)


def nowhere(**options):
    return replace(everywhere(Normals(0.15)), threshold=np.inf, **options)


@pytest.mark.parametrize("std", [0.15, 0.002])
def test_draws_are_uniform_on_the_region(std):
    proposal = truncate(Normals(std), epsilon=1e-3, seed=1)
    assert (proposal.acceptance_rate < truncated.LOWEST) == (std < 0.01)
    theta = proposal.sample(2000, seed=2)
    radius = np.hypot(*theta.T) / std
    assert proposal.inside(theta).all()
    # the region is a disk that holds 99.9 % of the estimate
    edge = np.sqrt(-2 * np.log(1e-3))
    assert radius.max() < 1.1 * edge
    share = np.minimum((radius / radius.max()) ** 2, 1)
    assert stats.kstest(share, "uniform").pvalue > 1e-3 or std < 0.01
    assert abs(share.mean() - 0.5) < 0.03


def test_without_a_threshold_it_is_the_prior():
    proposal = everywhere(Normals(0.1, 1))
    theta = proposal.sample(5000, seed=1)
    assert stats.kstest(theta[:, 0], stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_same_seed_same_draws():
    for std in (0.15, 0.002):
        proposal = truncate(Normals(std), seed=1)
        np.testing.assert_array_equal(proposal.sample(50, 3), proposal.sample(50, 3))
        assert not np.array_equal(proposal.sample(50, 3), proposal.sample(50, 4))


def test_it_stops_when_nothing_is_accepted():
    proposal = nowhere(acceptance_rate=0.5)
    with pytest.raises(RuntimeError, match="only 0 of 10 draws"):
        proposal.sample(10, seed=1)


def test_it_stops_when_an_earlier_region_excludes_the_estimate():
    proposal = truncate(Normals(0.15), within=nowhere().measured(1), seed=1)
    with pytest.raises(RuntimeError, match="disagrees with the estimate of an earlier round"):
        proposal.sample(10, seed=1)


def test_epsilon_is_a_share():
    with pytest.raises(ValueError, match="expected 0 to 1"):
        truncate(Normals(0.1), epsilon=1.5, seed=1)
