"""A posterior is a density inside the prior, and says so when it cannot be."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from mechfit.inference import MAF, NSF, Training, fit
from mechfit.models import Model, Prior
from mechfit.simulation import simulate

PRIOR = Prior.uniform(["a", "b"], [0.0, -1.0], [1.0, 1.0])
MODEL = Model.from_function(lambda theta, rng: theta + 0.3 * rng.normal(size=2), PRIOR, ["x", "y"])
X_O = np.array([0.05, 0.9])


@pytest.fixture(scope="module", params=[True, False], ids=["unbounded", "standardized"])
def posterior(request):
    bank = simulate(MODEL, 3000, seed=1)
    training = Training(epochs=10)
    return fit(
        bank, PRIOR, flow=NSF(3, 30), training=training, leak_free=request.param, seed=1
    ).at(X_O)


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
    bank = simulate(MODEL, 500, seed=1)
    posterior = fit(
        bank, PRIOR, flow=MAF(2, 20), training=Training(epochs=5), leak_free=False, seed=1
    )
    object.__setattr__(posterior.space.scale, "mean", np.array([0.5, 1e6]))
    with pytest.raises(RuntimeError, match=r"inside the prior; b leaves it most often"):
        posterior.at(X_O).sample(100, seed=1)


@pytest.mark.parametrize("x_o", [[0.0], [0.0, np.nan], [[0.0, 1.0], [2.0, 3.0]]])
def test_wrong_observation(posterior, x_o):
    with pytest.raises(ValueError, match="expected 2 finite statistics: x, y"):
        posterior.at(x_o)


def test_missing_observation_and_empty_draw(posterior):
    free = fit(simulate(MODEL, 100, seed=1), PRIOR, training=Training(epochs=1), seed=1)
    with pytest.raises(ValueError, match="no observation"):
        free.sample(3)
    with pytest.raises(ValueError, match="expected at least 1"):
        posterior.sample(0)
