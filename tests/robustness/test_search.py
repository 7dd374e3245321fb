"""The search comes near the smallest perturbation of toys where it is known."""

import numpy as np
import pytest

from mechfit.robustness import breakdown_radii, smallest_perturbation

HALF_AXES = np.array([2.0, 1.5, 1.0, 0.8, 0.5, 0.1])
M = np.diag(1 / HALF_AXES**2)
HOME = np.zeros(6)


def ellipsoid(theta, seed, first=0):
    return ((theta / HALF_AXES) ** 2).sum(1) < 1


def noisy(theta, seed, first=0):
    away = (np.sqrt(((theta / HALF_AXES) ** 2).sum(1)) - 1) / 0.02
    return np.random.default_rng([seed, first]).random(len(theta)) < 1 / (1 + np.exp(away))


def start(works):
    """All half-axes alike."""
    return np.ones(6), breakdown_radii(works, HOME, np.ones((1, 6)), seed=1).radius[0, 0]


@pytest.mark.parametrize("works", [ellipsoid, noisy])
def test_the_smallest_axis_is_found(works):
    direction, radius = start(works)
    assert radius > 0.2
    found = smallest_perturbation(works, HOME, direction, radius, stiffness=M, seed=3)
    assert found.radius == pytest.approx(0.1, rel=0.1)
    assert abs(found.direction[5]) > 0.95
    assert found.share < 0.5
    assert found.found == radius
    np.testing.assert_allclose(found.theta, found.direction * found.radius)


def test_the_posterior_guides_it():
    direction, radius = start(ellipsoid)
    how = {"rounds": 1, "guesses": 12, "repeats": 1, "checks": 1}

    def mean_radius(stiffness):
        begin = ellipsoid, HOME, direction, radius
        found = [
            smallest_perturbation(*begin, stiffness=stiffness, seed=seed, **how)
            for seed in range(20)
        ]
        return np.mean([each.radius for each in found])

    assert mean_radius(M) < mean_radius(None) <= radius


def test_bounds_hold():
    """Only the long half-axes are left free."""
    low = np.array([-9.0, -9.0, 0.0, 0.0, 0.0, 0.0])
    high = np.array([9.0, 9.0, 0.0, 0.0, 0.0, 0.0])
    found = smallest_perturbation(
        ellipsoid, HOME, [0.8, 0.6, 0, 0, 0, 0], 1.77, low=low, high=high, seed=1
    )
    assert found.radius == pytest.approx(1.5, rel=0.1)
    assert not found.theta[2:].any()


def test_a_radius_that_does_not_break_is_pushed_or_refused():
    found = smallest_perturbation(ellipsoid, HOME, np.eye(6)[5], 0.09, rounds=0, seed=1)
    assert 0.1 < found.radius < 0.11
    with pytest.raises(RuntimeError, match="with more repeats"):
        smallest_perturbation(lambda t, s, f: t[:, 0] < 99, HOME, np.eye(6)[5], 0.1, seed=1)
    for wrong in ((np.zeros(6), 1.0), (np.eye(6)[0], np.inf), (np.eye(5)[0], 1.0)):
        with pytest.raises(ValueError, match="expected"):
            smallest_perturbation(ellipsoid, HOME, *wrong, seed=1)
