"""The likelihood of decisions is that of longer series, and its posterior that of a chain."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_t

from mechfit.models import (
    DriftDiffusion,
    decision_density,
    decision_log_likelihood,
    decision_moments,
)
from mechfit.models.behavior.first_passage import SWITCH, log_passage

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "behavior.npz")
TRIALS = np.stack([GOLDEN["ddm_data_choice"], GOLDEN["ddm_data_rt"]], axis=1)


def at_bound(choice, times):
    return np.stack([np.full(len(times), float(choice)), times], axis=1)


@pytest.mark.parametrize("choice", [0, 1])
def test_golden_density(choice):
    found = decision_density(at_bound(choice, GOLDEN["ddm_t"]), GOLDEN["ddm_theta"])
    np.testing.assert_allclose(found, GOLDEN["ddm_density"][:, choice], atol=1e-13)


def test_golden_likelihood():
    theta = np.stack([GOLDEN["ddm_mle"], GOLDEN["ddm_data_truth"]])
    known = [GOLDEN["ddm_mle_loglik"], GOLDEN["ddm_truth_loglik"]]
    np.testing.assert_allclose(decision_log_likelihood(TRIALS, theta), known, atol=1e-11)
    np.testing.assert_array_equal(
        decision_log_likelihood(TRIALS.ravel(), theta), decision_log_likelihood(TRIALS, theta)
    )


def test_golden_moments():
    p, mean = decision_moments(GOLDEN["ddm_theta"])
    np.testing.assert_allclose(p, GOLDEN["ddm_moments"][:, 0], atol=1e-8)
    np.testing.assert_allclose(mean, GOLDEN["ddm_moments"][:, -1], atol=1e-8)


def test_moments_of_any_drift():
    v = np.array([0.0, 1e-7, 1e-4, -1e-4, 300.0, -300.0])
    theta = np.stack([v, np.full(6, 2.0), np.full(6, 0.3), np.zeros(6)], axis=1)
    p, mean = decision_moments(theta)
    np.testing.assert_allclose(p[:4], 0.3 + v[:4] * 2 * 0.21, atol=1e-8)
    np.testing.assert_allclose(mean[:4], 4 * 0.21 * (1 + v[:4] * 2 * 0.4 / 3), rtol=1e-7)
    np.testing.assert_allclose(p[4:], [1, 0], atol=1e-12)
    np.testing.assert_allclose(mean[4:], [1.4 / 300, 0.6 / 300], rtol=1e-12)


@pytest.mark.parametrize("w", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("u", [0.01, 0.1, SWITCH, 0.301, 1.0, 8.0])
def test_both_series_of_many_terms(u, w):
    k = np.arange(-60, 61)
    images = ((w + 2 * k) * np.exp(-((w + 2 * k) ** 2) / (2 * u))).sum() / np.sqrt(
        2 * np.pi * u**3
    )
    k = np.arange(1, 200)
    waves = np.pi * (k * np.exp(-((k * np.pi) ** 2) * u / 2) * np.sin(k * np.pi * w)).sum()
    known = images if u < 1 else waves
    assert np.exp(log_passage(u, w)) == pytest.approx(known, rel=1e-11)


def test_densities_that_underflow_have_logarithms():
    theta = [0.0, 3.0, 0.9, 0.1]
    early, late = (decision_log_likelihood([[0, t]], theta)[0] for t in (0.1001, 2000.0))
    assert early == pytest.approx(-(2.7**2) / 2e-4 + np.log(2.7) - 1.5 * np.log(2e-4 / 2), abs=1)
    assert late == pytest.approx(-(np.pi**2) * 1999.9 / 18, abs=3)


def test_reactions_faster_than_the_non_decision_time_are_impossible():
    fastest = TRIALS[:, 1].min()
    theta = GOLDEN["ddm_mle"] + [[0, 0, 0, t - GOLDEN["ddm_mle"][3]] for t in (0.99, 1.0, 1.01)]
    theta[:, 3] *= fastest
    possible = np.isfinite(decision_log_likelihood(TRIALS, theta))
    np.testing.assert_array_equal(possible, [True, False, False])
    assert decision_density(TRIALS, theta[2]).min() == 0


def test_missing_trials_are_left_out():
    x = np.insert(TRIALS, [3, 70], np.nan, axis=0)
    theta = GOLDEN["ddm_theta"] * [1, 1, 1, 0.5]
    expected = decision_log_likelihood(TRIALS, theta)
    np.testing.assert_array_equal(decision_log_likelihood(x.ravel(), theta), expected)


def test_golden_posterior():
    """Draws around the maximum, weighted, have the moments that another's Markov chain found."""
    proposal = multivariate_t(GOLDEN["ddm_mle"], 1.3 * GOLDEN["ddm_post_cov"], df=8, seed=1)
    theta = proposal.rvs(4000)
    log_w = decision_log_likelihood(TRIALS, theta) - proposal.logpdf(theta)
    log_w += DriftDiffusion.prior.log_prob(theta)
    w = np.exp(log_w - log_w.max())
    mean, covariance = w @ theta / w.sum(), np.cov(theta.T, aweights=w)
    deviation = np.sqrt(np.diag(GOLDEN["ddm_post_cov"]))
    assert w.sum() ** 2 / (w**2).sum() > 2000
    np.testing.assert_allclose((mean - GOLDEN["ddm_post_mean"]) / deviation, 0, atol=0.08)
    ratio = (covariance - GOLDEN["ddm_post_cov"]) / np.outer(deviation, deviation)
    np.testing.assert_allclose(ratio, 0, atol=0.12)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[2, 0.5]], "choice is 2.0 in row 0; expected 0 or 1"),
        ([[1, 0.5], [1, -0.5]], "reaction time is -0.5 in row 1; expected seconds above 0"),
        ([[1, np.inf]], "reaction time is inf"),
        ([1, 0.5, 1], r"x has shape \(3,\)"),
        ([[1, 0.5, 1]], r"x has shape \(1, 3\)"),
    ],
)
def test_impossible_trials(x, message):
    with pytest.raises(ValueError, match=message):
        decision_log_likelihood(x, GOLDEN["ddm_mle"])


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ([1, 0, 0.5, 0.3], "a is 0.0 in row 0; expected a separation above 0"),
        ([[1, 1, 0.5, 0.3], [1, 1, 1, 0.3]], "w is 1.0 in row 1; expected a start in"),
        ([1, 1, 0.5, -0.1], "t_0 is -0.1"),
        ([np.nan, 1, 0.5, 0.1], "v is nan in row 0; expected a finite drift"),
        ([1, 1, 0.5], r"theta has shape \(1, 3\), expected \(m, 4\)"),
    ],
)
def test_impossible_parameters(theta, message):
    with pytest.raises(ValueError, match=message):
        decision_density(TRIALS, theta)
