"""Stages start at the noise, end at the draws, and deform the space without turning it over."""

import numpy as np
import pytest
import torch

from mechfit.inference import MAF, Coupling, Training, fit
from mechfit.inference.stages import stages
from mechfit.models import Prior
from mechfit.simulation import Bank

PRIOR = Prior.uniform(["a", "b", "c"], [0.0] * 3, [1.0] * 3)


def trained(flow, **options):
    """A posterior of parameters seen with noise, after a few steps."""
    theta = PRIOR.sample(300, seed=1)
    x = theta + 0.1 * np.random.default_rng(2).normal(size=theta.shape)
    bank = Bank(theta, x, np.ones(300, bool), 1, ("x", "y", "z"))
    return fit(bank, PRIOR, flow=flow, training=Training(epochs=5, batch=50), seed=1, **options)


@pytest.fixture(scope="module")
def posterior():
    return trained(Coupling(layers=4, box=False)).at([0.3, 0.5, 0.6])


def test_ends_are_noise_and_draws(posterior):
    noise = np.random.default_rng(1).normal(size=(50, 3))
    states = stages(posterior, noise)
    assert states.shape == (6, 50, 3)
    np.testing.assert_allclose(np.sort(states[0], 1), np.sort(noise, 1), rtol=1e-6)
    noise = torch.as_tensor(noise, dtype=torch.float32)
    with torch.no_grad():
        z = posterior.flow.push(noise[None], posterior.context(posterior.x_o[None]))[0]
    theta = PRIOR.from_unbounded(z.double().numpy())[0]
    np.testing.assert_allclose(states[-1], theta, rtol=1e-4, atol=1e-6)


def test_no_stage_turns_the_space_over(posterior):
    center = np.random.default_rng(3).normal(size=(20, 3))
    step = 1e-2
    moved = center[:, None] + step * np.concatenate([np.eye(3), -np.eye(3)])
    states = stages(posterior, moved.reshape(-1, 3)).reshape(6, 20, 2, 3, 3)
    jacobians = (states[:, :, 0] - states[:, :, 1]) / (2 * step)
    volumes = np.linalg.det(jacobians)
    assert (volumes * volumes[0] > 0).all()


def test_clear_errors(posterior):
    with pytest.raises(ValueError, match=r"expected a posterior fitted with flow=Coupling"):
        stages(trained(MAF(1, 8)).at(posterior.x_o), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"flow=Coupling"):
        stages(trained(Coupling(2, 8), leak_free=False).at(posterior.x_o), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="no observation"):
        stages(trained(Coupling(2, 8, box=False)), np.zeros((1, 3)))
