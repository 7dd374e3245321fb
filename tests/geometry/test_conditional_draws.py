"""Draws of conditionals have the distribution that they must have."""

import numpy as np
import pytest
from scipy.stats import kstest

from mechfit.geometry import sample_conditional_on_grid

POINT = np.array([0.1, -0.2, 0.3])
PRECISION = 30 * np.array([[1.0, -0.7, 0.2], [-0.7, 1.0, 0.0], [0.2, 0.0, 1.0]])


def normal(x):
    return -np.einsum("ni,ij,nj->n", x, PRECISION, x) / 2


def bent(x):
    return -30 * (x[:, 1] - x[:, 0] ** 2) ** 2 - 4 * x[:, 0] ** 2 - x[:, 2] ** 2


@pytest.mark.parametrize("free", [[0], [1, 0]])
@pytest.mark.parametrize("log_prob", [normal, bent])
def test_marginals_are_those_of_a_sum_over_a_fine_grid(log_prob, free):
    draws = sample_conditional_on_grid(log_prob, POINT, free, -1.0, 1.0, n=2000, seed=2)
    fixed = [k for k in range(3) if k not in free]
    assert (draws[:, fixed] == POINT[fixed]).all()
    assert (abs(draws) <= 1).all()
    axis = np.linspace(-1, 1, 801)
    mesh = np.meshgrid(*[axis] * len(free), indexing="ij")
    points = np.tile(POINT, (mesh[0].size, 1))
    points[:, free] = np.stack([m.ravel() for m in mesh], 1)
    q = np.exp(log_prob(points)).reshape(mesh[0].shape)
    for m, k in enumerate(free):
        total = np.cumsum(q.sum(tuple(a for a in range(len(free)) if a != m)))
        share = (total - total[0] / 2) / total[-1]
        assert kstest(draws[:, k], lambda x, s=share: np.interp(x, axis, s)).pvalue > 1e-3


def test_a_normal_conditional():
    draws = sample_conditional_on_grid(normal, POINT, [0, 1], -2.0, 2.0, n=4000, seed=1)[:, :2]
    cov = np.linalg.inv(PRECISION[:2, :2])
    mean = -cov @ PRECISION[:2, 2] * POINT[2]
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), cov, rtol=0.1)


def test_the_same_seed_gives_the_same_draws():
    first, again = (
        sample_conditional_on_grid(normal, POINT, [0], -1.0, 1.0, n=50, seed=3) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("free", [[0, 1, 2], [0, 0]])
def test_what_cannot_be_drawn(free):
    with pytest.raises(ValueError, match="expected one or two different ones below 3"):
        sample_conditional_on_grid(normal, POINT, free, -1.0, 1.0, n=9, seed=1)
