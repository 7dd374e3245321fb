"""Ridge regression is that of its formulas, its residuals those of rows left out."""

import numpy as np
import pytest

from mechfit.inference.densities import ridge as module
from mechfit.inference.densities.ridge import PENALTIES, Ridge


def ridge(z, x):
    return Ridge(*(part.numpy() for part in module.ridge(z, x)))


def problem(n, k, noise, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k))
    slope = rng.normal(size=(2, k)) / k**0.5
    return x @ slope.T + [1.0, -3.0] + noise * rng.normal(size=(n, 2)), x, slope


def left_out(z, x, i, penalty):
    """Residual of row i for a ridge regression of the others, about the mean of all x."""
    n = len(x)
    centered, rows = np.c_[np.ones(n), x - x.mean(0)], np.arange(n) != i
    cost = np.diag(np.r_[0.0, np.full(x.shape[1], penalty)])
    a = np.linalg.solve(centered[rows].T @ centered[rows] + cost, centered[rows].T @ z[rows])
    return z[i] - centered[i] @ a


def test_residuals_are_of_rows_left_out():
    z, x, _ = problem(40, 5, noise=0.5)
    found = ridge(z, x)
    table = np.array([[left_out(z, x, i, 40 * p) for i in range(40)] for p in PENALTIES])
    best = (table**2).mean(1).argmin(0)
    for j in range(2):
        np.testing.assert_allclose(found.residuals[:, j], table[best[j], :, j], atol=1e-5)


@pytest.mark.parametrize(("n", "noise"), [(200, 1e-4), (30_000, 0.3)])
def test_it_finds_what_is_linear(n, noise):
    z, x, slope = problem(n, 20, noise)
    found = ridge(z, x)
    error = 5 * noise / min(n, 10_000) ** 0.5 + 1e-5
    np.testing.assert_allclose(found.slope, slope, atol=error)
    np.testing.assert_allclose(found.constant, [1.0, -3.0], atol=error)
    np.testing.assert_allclose(found.residuals.std(0), [noise, noise], rtol=0.15)


def test_noise_is_not_learned():
    rng = np.random.default_rng(2)
    z, x = rng.normal(size=(200, 3)), rng.normal(size=(200, 100))
    x[:, 7] = 0.0
    found = ridge(z, x)
    fresh = rng.normal(size=(500, 100))
    assert (fresh @ found.slope.T).std() < 0.4
    assert np.isfinite(found.residuals).all()
    assert (found.residuals.std(0) > 0.8).all()


def test_one_far_statistic_counts_as_near():
    z, x, slope = problem(500, 4, noise=0.1)
    x[3, 0] = 1e3
    np.testing.assert_allclose(ridge(z, x).slope, slope, atol=0.1)
