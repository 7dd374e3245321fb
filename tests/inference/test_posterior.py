"""A posterior is a density inside the prior, and says so when it cannot be."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import trapezoid

from mechfit.inference import MAF, Coupling, Training, fit
from mechfit.models import Prior
from mechfit.simulation import Bank

PRIOR = Prior.uniform(["a", "b"], [0.0, -1.0], [1.0, 1.0])
X_O = np.array([0.05, 0.9])


def bank(n):
    """Parameters, seen with noise."""
    theta = PRIOR.sample(n, seed=1)
    x = theta + 0.3 * np.random.default_rng(1).normal(size=theta.shape)
    return Bank(theta, x, np.ones(n, bool), 1, ("x", "y"))


@pytest.fixture(scope="module", params=[True, False], ids=["unbounded", "standardized"])
def posterior(request):
    settings = {"flow": Coupling(2, 16), "training": Training(epochs=10)}
    return fit(bank(2000), PRIOR, **settings, leak_free=request.param, seed=1).at(X_O)


def test_integrates_to_one_inside_the_prior(posterior):
    a, b = np.linspace(0, 1, 301), np.linspace(-1, 1, 301)
    a[[0, -1]], b[[0, -1]] = [1e-9, 1 - 1e-9], [-1 + 1e-9, 1 - 1e-9]
    grid = np.stack(np.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(posterior.log_prob(grid)).reshape(301, 301)
    assert trapezoid(trapezoid(density, b), a) == pytest.approx(1.0, abs=0.03)


def test_samples_stay_inside_and_follow_the_density(posterior):
    samples = posterior.sample(20_000, seed=1)
    assert np.isfinite(PRIOR.log_prob(samples)).all()
    near_edge = samples[:, 0] < 0.2
    a, b = np.linspace(1e-9, 0.2, 101), np.linspace(-1 + 1e-9, 1 - 1e-9, 201)
    grid = np.stack(np.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(posterior.log_prob(grid)).reshape(101, 201)
    assert near_edge.mean() == pytest.approx(trapezoid(trapezoid(density, b), a), abs=0.03)


def test_acceptance_rate(posterior):
    rate = posterior.acceptance_rate()
    if not posterior.space.leaks:
        assert rate == 1.0
    else:
        assert 0.3 < rate < 0.99


def test_density_is_zero_outside_the_prior(posterior):
    outside = np.array([[1.5, 0.0], [0.5, 0.0], [0.5, -1.5]])
    np.testing.assert_array_equal(np.isinf(posterior.log_prob(outside)), [True, False, True])


def test_amortized_and_fixed_observation_agree(posterior):
    other = np.array([0.5, 0.0])
    np.testing.assert_array_equal(
        posterior.sample(100, seed=1, x=other), posterior.at(other).sample((100,), seed=1)
    )
    theta = PRIOR.sample(10, seed=1)
    np.testing.assert_array_equal(
        posterior.log_prob(theta, x=other), posterior.at(other[None]).log_prob(theta)
    )
    assert posterior.sample(5).shape == (5, 2)


def test_leaking_sampler_stops_and_explains():
    settings = {"flow": MAF(2, 20), "training": Training(epochs=2)}
    posterior = fit(bank(500), PRIOR, **settings, leak_free=False, seed=1)
    object.__setattr__(posterior.space.scale, "mean", np.array([0.5, 1e6]))
    with pytest.raises(RuntimeError, match=r"inside the prior; b leaves it most often"):
        posterior.at(X_O).sample(100, seed=1)


@pytest.mark.parametrize("x_o", [[0.0], [0.0, np.nan], [[0.0, 1.0], [2.0, 3.0]]])
def test_wrong_observation(posterior, x_o):
    with pytest.raises(ValueError, match="expected 2 finite statistics: x, y"):
        posterior.at(x_o)


def test_missing_observation_and_empty_draw(posterior):
    with pytest.raises(ValueError, match="no observation"):
        replace(posterior, x_o=None).sample(3)
    with pytest.raises(ValueError, match="expected at least 1"):
        posterior.sample(0)
