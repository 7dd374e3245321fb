"""Tests given the data are exact, and find what is right on average alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import kstest

from mechfit.inference.diagnostics import dependence, p_value
from mechfit.inference.diagnostics.dependence import features, normal_scores


def test_p_values_are_uniform_whatever_the_data():
    rng = np.random.default_rng(1)
    x = rng.standard_cauchy((200, 6)) * [1, 1, 1e9, 1, 0, 1]
    x[:, 1] = x[:, 0]
    p = np.array([np.ravel(dependence(rng.random((200, 2)), x)) for _ in range(500)])
    for column in p.T:
        assert kstest(column, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("kind", ["place", "spread"])
def test_errors_that_cancel_on_average_are_found(kind):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(500, 3))
    z = rng.normal(size=500)
    z = 0.8 * x[:, 1] + 0.6 * z if kind == "place" else z * np.where(x[:, 1] > 0, 1.32, 0.55)
    u = ndtr(z)[:, None]
    place, spread = dependence(u, x)
    assert (place if kind == "place" else spread)[0] < 1e-8
    assert p_value(u[:, 0]) > 1e-3  # not by the ranks alone


@given(st.integers(30, 80), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_features_are_orthonormal_and_few(n, k, seed):
    q = features(np.random.default_rng(seed).normal(size=(n, k)))
    assert q.shape[1] <= 1 + n // 10
    np.testing.assert_allclose(q.T @ q, np.eye(q.shape[1]), atol=1e-9)


def test_scores_of_nan_and_constants_are_average():
    x = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, 5.0], [9.0, 3.0, 5.0]])
    np.testing.assert_allclose(
        normal_scores(x), [[-0.967, 0, 0], [0, 0, 0], [0.967, 0, 0]], atol=1e-3
    )
    assert features(x[:, 1:2]).shape == (3, 1)
