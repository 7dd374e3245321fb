"""A walk in a region keeps the prior on it, and leaves where it began."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from mechfit.inference.region import Region
from mechfit.inference.sequential.truncated import truncate
from mechfit.inference.sequential.walk import walk
from mechfit.models import Prior

PRIOR = Prior.uniform(["a", "b"], [-1.0, 0.0], [3.0, 1.0])


@dataclass(frozen=True)
class Crescent(Region):
    """Points of the unit square between two circles, right of their middle: not convex."""

    def score(self, theta):
        u = PRIOR.to_unit(theta)[0]
        r = np.hypot(u[:, 0] - 0.5, u[:, 1] - 0.5)
        return np.where((r > 0.25) & (r < 0.45) & (u[:, 0] > 0.4), 1.0, 0.0)


@pytest.fixture(scope="module")
def region():
    return Crescent(prior=PRIOR, threshold=0.5).measured(1)


def test_draws_are_those_of_the_prior_on_the_region(region):
    exact, start = region.sample(4000, seed=1), region.sample(500, seed=2)
    theta = walk(region, start, 4000, seed=3)
    assert region.inside(theta).all()
    for k in range(2):
        assert stats.ks_2samp(theta[:, k], exact[:, k]).pvalue > 0.01
    angle = [np.arctan2(t[:, 1] - 0.5, (t[:, 0] + 1) / 4 - 0.5) for t in (theta, exact)]
    assert stats.ks_2samp(*angle).pvalue > 0.01


def test_it_finds_its_way_around_from_one_end(region):
    start = region.sample(2000, seed=2)
    corner = start[start[:, 1] > 0.85]
    exact = region.sample(2000, seed=1)
    far = walk(region, corner, 1000, seed=3, steps=300)
    assert abs(far[:, 1].mean() - exact[:, 1].mean()) < 0.05
    near = walk(region, corner, 1000, seed=3, steps=1)
    assert near[:, 1].mean() > 0.7


def test_steps_carry_draws_away(region):
    start = region.sample(300, seed=2)
    theta = walk(region, start, 300, seed=3)
    order = np.random.default_rng(3).permutation(300)
    same = np.corrcoef(theta[:, 0], start[order][:, 0])[0, 1]
    assert abs(same) < 0.2
    np.testing.assert_array_equal(theta, walk(region, start, 300, seed=3))


class Narrow:
    """A normal estimate, narrow beside its prior."""

    prior = Prior.uniform([f"p{k}" for k in range(6)], [-1.0] * 6, [1.0] * 6)

    def sample(self, n, seed):
        return np.random.default_rng(seed).normal(0.0, 0.1, (n, 6))

    def log_prob(self, theta):
        return stats.norm(0.0, 0.1).logpdf(theta).sum(1)


@dataclass(frozen=True)
class Ball(Region):
    """Points near the middle."""

    def score(self, theta):
        return -np.linalg.norm(theta, axis=1)


def test_a_small_region_is_drawn_from_by_walks():
    rng, estimate = np.random.default_rng(1), Narrow()
    radius = 0.1 * np.sqrt(stats.chi2(6).ppf(0.99))
    volume = np.pi**3 / 6 * (1.1 * radius) ** 6 / 2**6
    ball = Ball(prior=estimate.prior, threshold=-1.1 * radius, acceptance_rate=volume)
    direction = rng.standard_normal((3000, 6))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    known = 1.1 * radius * direction * rng.random((3000, 1)) ** (1 / 6)
    region = truncate(estimate, within=ball, epsilon=0.01, known=known, seed=1)
    assert region.acceptance_rate < 1e-3
    assert region.acceptance_rate == pytest.approx(volume / 1.1**6, rel=0.1)
    theta = region.sample(4000, seed=2)
    distance = np.linalg.norm(theta, axis=1) / np.linalg.norm(region.start, axis=1).max()
    assert stats.kstest(distance**6, "uniform").pvalue > 0.01
