"""Conditional densities and correlations of densities with known answers."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from mechfit.geometry import conditional_density, pair_correlations, partners

LOW, HIGH = np.full(3, -1.0), np.full(3, 1.0)
ALL = np.stack(np.triu_indices(3, 1), 1)


def normal(precision, mean=0.0):
    return lambda x: -np.einsum("ni,ij,nj->n", x - mean, precision, x - mean) / 2


def answer(precision):
    s = np.sqrt(np.diag(precision))
    return -precision / s / s[:, None]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
@example(1975341)  # interpolation rises to exp(-10) of the peak far away, where weights are large
def test_a_narrow_normal_has_the_correlations_of_its_precision(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(3, 3))
    precision = 400 * (root @ root.T + 0.3 * np.eye(3))
    samples = rng.multivariate_normal(np.zeros(3), np.linalg.inv(precision), 3)
    found = pair_correlations(normal(precision), samples, 4 * LOW, 4 * HIGH).mean(0)
    assert abs(found - answer(precision)[*ALL.T]).max() < 0.02


def test_a_conditional_thinner_than_the_published_grid():
    precision = 1e7 * np.array([[1.0, -0.8, 0], [-0.8, 1.0, 0], [0, 0, 1.0]])
    samples = np.full((1, 3), 0.0101)
    log_prob = normal(precision, 0.0101)
    assert pair_correlations(log_prob, samples, LOW, HIGH, ALL[:1])[0, 0] == pytest.approx(
        0.8, abs=0.01
    )
    coarse = pair_correlations(log_prob, samples, LOW, HIGH, ALL[:1], grid=50)[0, 0]
    assert not abs(coarse - 0.8) < 0.1


def test_the_box_cuts():
    precision = np.array([[2.0, -1.5, 0], [-1.5, 2.0, 0], [0, 0, 1.0]])
    samples = np.array([[0.9, 0.8, 0.0], [-0.2, 0.4, 0.9]])
    fine = pair_correlations(normal(precision), samples, LOW, HIGH, ALL, grid=400)
    ours = pair_correlations(normal(precision), samples, LOW, HIGH, ALL)
    np.testing.assert_allclose(ours, fine, atol=0.01)


def test_two_peaks_far_apart():
    def peaks(x):
        away = [(((x - c) / 0.12) ** 2).sum(1) for c in ([-0.6, -0.6, 0], [0.6, 0.6, 0])]
        return logsumexp([-a / 2 for a in away], axis=0)

    samples = np.array([[0.6, 0.6, 0.0]])
    fine = pair_correlations(peaks, samples, LOW, HIGH, ALL[:1], grid=200)[0, 0]
    assert fine > 0.9
    ours = pair_correlations(peaks, samples, LOW, HIGH, ALL[:1])[0, 0]
    assert ours == pytest.approx(fine, abs=0.02)


def test_conditional_densities():
    precision = 50 * np.array([[1.0, -0.6, 0.3], [-0.6, 1.0, 0], [0.3, 0, 1.0]])
    theta = np.array([0.1, 0.2, -0.1])
    a, b, q = conditional_density(normal(precision), theta, [0, 1], LOW, HIGH, 201)
    assert np.trapezoid(np.trapezoid(q, b), a) == pytest.approx(1)
    mean = np.linalg.solve(precision[:2, :2], -precision[:2, 2] * theta[2])
    assert np.trapezoid(np.trapezoid(q, b) * a, a) == pytest.approx(mean[0], abs=1e-3)
    at, q = conditional_density(normal(precision), theta, [2], LOW, HIGH, 201)
    assert np.trapezoid(q * at, at) == pytest.approx(-0.3 * 0.1, abs=1e-3)
    with pytest.raises(ValueError, match="expected one or two different ones"):
        conditional_density(normal(precision), theta, [1, 1], LOW, HIGH)


def test_samples_outside_the_bounds_are_refused():
    with pytest.raises(ValueError, match=r"leave the bounds in columns \[1\]"):
        pair_correlations(normal(np.eye(3)), np.array([[0, 2.0, 0]]), LOW, HIGH)


def test_partners_are_not_oneself():
    matrix = np.array([[1, 0.3, -0.5], [0.3, 1, 0.1], [-0.5, 0.1, 1]])
    assert partners(matrix, 1, ["a", "b", "c"]) == [("a", 0.3), ("c", 0.1)]
    assert partners(matrix, 0, ["a", "b", "c"], 1) == [("c", -0.5)]
