"""The paper's density, rebuilt, gives the log-densities that its authors stored along a path."""

import numpy as np
import pytest
from paper_density import density_or_skip


@pytest.fixture(scope="module")
def density():
    return density_or_skip()


@pytest.mark.parametrize("path", ["high", "ortho"])
def test_log_density_along_the_stored_paths(density, path):
    stored = density.file[f"logp_path_{path}"]
    assert abs(density.log_prob(density.file[f"path_{path}"]) - stored).max() < 1e-6


def test_draws_lie_inside_the_prior_and_are_typical(density):
    z = density.sample(500, seed=1)
    assert (abs(z) < np.sqrt(3)).all()
    assert -25 < np.median(density.log_prob(z)) < -22
    np.testing.assert_allclose(density.to_z(density.to_theta(z)), z, atol=1e-12)


def test_gradient(density):
    z, rng = density.sample(3, seed=2), np.random.default_rng(1)
    value, slope = density.log_prob_grad(z)
    np.testing.assert_allclose(value, density.log_prob(z), rtol=1e-12)
    step = 1e-5 * rng.standard_normal(z.shape)
    change = density.log_prob(z + step) - density.log_prob(z - step)
    np.testing.assert_allclose((2 * slope * step).sum(1), change, rtol=1e-5, atol=1e-9)
