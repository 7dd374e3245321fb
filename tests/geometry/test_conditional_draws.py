"""Draws of conditionals: by slice sampling, from a grid, and as they must be."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from mechfit.geometry import mean_correlations, sample_conditional, sample_conditional_on_grid

POINT = np.array([0.1, -0.2, 0.3])
PRECISION = 30 * np.array([[1.0, -0.7, 0.2], [-0.7, 1.0, 0.0], [0.2, 0.0, 1.0]])


def normal(x):
    return -np.einsum("ni,ij,nj->n", x, PRECISION, x) / 2


def bent(x):
    return -30 * (x[:, 1] - x[:, 0] ** 2) ** 2 - 4 * x[:, 0] ** 2 - x[:, 2] ** 2


@pytest.mark.parametrize("free", [[0], [1, 0]])
@pytest.mark.parametrize("log_prob", [normal, bent])
def test_both_ways_agree(log_prob, free):
    arguments = log_prob, POINT, free, -1.0, 1.0
    walked = sample_conditional(*arguments, n=2000, seed=1)
    gridded = sample_conditional_on_grid(*arguments, n=2000, seed=2)
    fixed = [k for k in range(3) if k not in free]
    for draws in (walked, gridded):
        assert (draws[:, fixed] == POINT[fixed]).all()
        assert (abs(draws) <= 1).all()
    for k in free:
        assert ks_2samp(walked[:, k], gridded[:, k]).pvalue > 1e-3


def test_a_normal_conditional():
    draws = sample_conditional(normal, POINT, [0, 1], -2.0, 2.0, n=4000, seed=1)[:, :2]
    cov = np.linalg.inv(PRECISION[:2, :2])
    mean = -cov @ PRECISION[:2, 2] * POINT[2]
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), cov, rtol=0.1)


def test_the_same_seed_gives_the_same_draws():
    for sample in (sample_conditional, sample_conditional_on_grid):
        first, again = (sample(normal, POINT, [0], -1.0, 1.0, n=50, seed=3) for _ in range(2))
        np.testing.assert_array_equal(first, again)


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="log-density at the point is -inf"):
        sample_conditional(lambda x: np.full(len(x), -np.inf), POINT, [0], -1.0, 1.0, n=9, seed=1)
    with pytest.raises(ValueError, match="expected one or two parameters"):
        sample_conditional_on_grid(normal, POINT, [0, 1, 2], -1.0, 1.0, n=9, seed=1)
    with pytest.raises(ValueError, match="expected different ones below 3"):
        sample_conditional(normal, POINT, [0, 0], -1.0, 1.0, n=9, seed=1)


def test_means_and_errors_of_correlations():
    mean, error = mean_correlations(np.array([[0.2, 0.4, 0.0], [0.4, 0.4, 0.2]]), 3)
    np.testing.assert_allclose(mean, [[1, 0.3, 0.4], [0.3, 1, 0.1], [0.4, 0.1, 1]])
    np.testing.assert_allclose(error[0], [0, 0.1, 0])
    with pytest.raises(ValueError, match=r"expected \(n, 3\)"):
        mean_correlations(np.zeros((2, 4)), 3)
