"""Bounds on the expected information enclose what is known exactly."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import (
    expected_information,
    linear_gaussian_information,
    posterior_information,
    response_information,
)
from mechfit.models import PsychometricGrid, psychometric_log_probs
from tests.inference import linear_gaussian as exact
from tests.inference.test_posterior_exact import Gaussian, posterior_of

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "behavior.npz")
VALUE, BEST = GOLDEN["eig_value"], int(GOLDEN["eig_nmc_design"])
NOISE = np.sqrt(GOLDEN["eig_noise_var"])


def linear(theta, a, rng):
    return theta @ a.T + NOISE * rng.normal(size=(len(theta), 2))


def linear_log_likelihood(y, theta, a):
    squares = (y - theta @ a.T) ** 2
    return -squares.sum(-1) / (2 * NOISE**2) - 2 * np.log(NOISE) - np.log(2 * np.pi)


def bounds(n, m, designs, seed=1):
    draws = np.random.default_rng(seed).multivariate_normal([0, 0], GOLDEN["eig_prior_cov"], n + m)
    return expected_information(
        linear, linear_log_likelihood, draws[:n], draws[n:], GOLDEN["eig_A"][designs], seed
    )


def test_closed_form():
    found = linear_gaussian_information(
        GOLDEN["eig_A"], GOLDEN["eig_prior_cov"], GOLDEN["eig_noise_var"]
    )
    np.testing.assert_allclose(found, VALUE, rtol=1e-12)
    assert found.max() == pytest.approx(1.610158, abs=5e-7)
    assert found.argmax() == BEST


@pytest.mark.parametrize("m", [10, 30, 100])
def test_bounds_enclose_the_value_with_the_published_bias(m):
    found = bounds(20_000, m, [BEST])
    assert found.lower[0] < VALUE[BEST] < found.upper[0]
    _, _, nested, nested_error, contrastive, contrastive_error = next(
        row for row in GOLDEN["eig_nmc"] if row[1] == m
    )
    off = 4 * np.hypot(nested_error, found.upper_error[0])
    assert found.upper[0] == pytest.approx(nested, abs=off)
    off = 4 * np.hypot(contrastive_error, found.lower_error[0])
    assert found.lower[0] == pytest.approx(contrastive, abs=off)


@pytest.mark.parametrize(("n", "m"), [(1000, 100), (200, 200)])
def test_errors_are_those_of_draws_and_contrasts(n, m):
    several = [bounds(n, m, [10, BEST], seed) for seed in range(40)]
    for name in ("lower", "upper"):
        spread = np.std([getattr(found, name) for found in several], axis=0, ddof=1)
        told = np.mean([getattr(found, f"{name}_error") for found in several], axis=0)
        np.testing.assert_allclose(told / spread, 1, atol=0.35)
    spread = np.std([found.lower[1] - found.lower[0] for found in several], ddof=1)
    told = np.mean([found.lead[1][0] for found in several])
    assert told / spread == pytest.approx(1, abs=0.35)


def test_bounds_find_the_best_design():
    found = bounds(2000, 300, [0, 4, 6, 10, BEST])
    assert found.best == 4
    lead, error = found.lead
    assert lead[4] == error[4] == 0
    known = VALUE[BEST] - VALUE[[0, 4, 6, 10]]
    assert (abs(lead[:4] - known) < 4 * error[:4] + 0.03).all()
    assert (error[:4] < np.hypot(found.lower_error[4], found.lower_error[:4])).all()
    assert (found.lower < found.upper).all()
    again = bounds(2000, 300, [0, 4, 6, 10, BEST])
    np.testing.assert_array_equal(again.gains, found.gains)


@pytest.mark.slow
def test_value_within_one_percent():
    found = bounds(60_000, 2000, [BEST])
    for bound in (found.lower, found.upper):
        assert bound[0] == pytest.approx(VALUE[BEST], rel=0.01)


def test_lower_bound_never_exceeds_the_contrasts():
    a = 1000 * GOLDEN["eig_A"][[BEST]]
    draws = np.random.default_rng(1).normal(size=(520, 2))
    found = expected_information(
        linear, linear_log_likelihood, draws[:500], draws[500:], a, seed=1
    )
    assert found.lower[0] == pytest.approx(np.log(21))
    assert found.upper[0] > 100


def test_responses_of_an_observer():
    """Bounds for binary outcomes, beside the sum over outcomes on a grid."""
    alpha, x = np.linspace(-6, 6, 241), GOLDEN["eig_bern_x"]
    grid = PsychometricGrid(
        x, alpha, [1.0], [0.02], log_prior=norm.logpdf(alpha, 0, 1.5)[:, None, None]
    )
    weights = grid.posterior([], [])
    np.testing.assert_allclose(grid.information(weights)[0], GOLDEN["eig_bern"], atol=1e-4)

    theta = np.column_stack(
        [1.5 * np.random.default_rng(2).normal(size=3500), np.full((3500, 2), [1, 0.02])]
    )
    found = expected_information(
        lambda theta, x, rng: (
            rng.random((len(theta), 1)) < np.exp(psychometric_log_probs([x], theta)[1])
        ),
        lambda y, theta, x: np.where(
            y[..., 0] == 1, *psychometric_log_probs([x], theta)[::-1, :, 0]
        ),
        theta[:3000],
        theta[3000:],
        x[::4],
        seed=1,
    )
    assert (abs(found.lower - GOLDEN["eig_bern"][::4]) < 4 * found.lower_error + 1e-3).all()
    assert x[::4][found.best] == 0


def test_information_of_a_response_is_exact():
    """Draws in the place of the points of a grid, each as often as its weight says."""
    alpha, x = np.linspace(-2, 2, 9), np.linspace(-4, 4, 5)
    weights = np.arange(1.0, 10.0)
    grid = PsychometricGrid(x, alpha, [0.5], [0.0], log_prior=np.log(weights)[:, None, None])
    p = np.exp(psychometric_log_probs(x, grid.theta)[1])
    found = response_information(p.repeat(weights.astype(int), 0))
    np.testing.assert_allclose(found, grid.information(grid.posterior([], []))[0], atol=1e-12)
    np.testing.assert_allclose(response_information([[0, 1], [0, 0]]), [0, np.log(2)])
    several = response_information(np.stack([p, p[::-1], p[:, ::-1]]))
    assert several.shape == (3, 5)
    np.testing.assert_allclose(several[0], several[1])


def test_amortized_posterior():
    """The exact posterior attains the information; a wider one stays below by its divergence."""
    theta = exact.PRIOR.sample(4000, 1)
    x = exact.observe(theta, seed=2)
    known = linear_gaussian_information(exact.A, np.eye(3), exact.S**2)
    right = posterior_of(Gaussian(exact.C @ exact.A.T / exact.S**2, exact.C), exact.PRIOR, 5)
    wide = posterior_of(Gaussian(exact.C @ exact.A.T / exact.S**2, 4 * exact.C), exact.PRIOR, 5)
    found = posterior_information(right, theta, [x, np.roll(x, 1, axis=0)])
    assert abs(found.lower[0] - known) < 4 * found.lower_error[0]
    assert found.lower[1] < 0
    assert found.best == 0
    assert np.isinf(found.upper).all()
    below = known - posterior_information(wide, theta, x[None]).lower[0]
    assert below == pytest.approx(1.5 * (np.log(4) + 1 / 4 - 1), abs=0.1)


def test_outcomes_that_no_contrast_makes_possible():
    theta = np.array([[0.1], [0.2], [0.9]])
    found = expected_information(
        lambda theta, x, rng: theta,
        lambda y, theta, x: np.where(abs(y - theta) < x, -np.log(2 * x), -np.inf)[..., 0],
        theta,
        theta[:2] + 0.01,
        [0.05, 2.0],
        seed=1,
    )
    np.testing.assert_allclose(found.lower, [(2 * np.log(3 / 2) + np.log(3)) / 3, 0], atol=1e-12)
    assert found.upper.tolist() == [np.inf, pytest.approx(0)]
    assert found.best == 0


def test_refusals():
    theta, a = np.zeros((5, 2)), GOLDEN["eig_A"][:1]
    with pytest.raises(ValueError, match="contrasts have 2 and 1 columns, expected the same"):
        expected_information(linear, linear_log_likelihood, theta, theta[:, :1], a, 1)
    with pytest.raises(ValueError, match="there are no designs, expected at least one"):
        expected_information(linear, linear_log_likelihood, theta, theta, [], 1)
    with pytest.raises(ValueError, match=r"outcomes have shape \(5,\), expected \(5, k\)"):
        expected_information(lambda t, a, rng: t[:, 0], linear_log_likelihood, theta, theta, a, 1)
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=r"log_likelihood returned shape \(5,\) with"):
            expected_information(
                linear, lambda y, t, a, v=value: np.full(len(t), v), theta, theta, a, 1
            )
    for p in ([[1.1], [0.5]], [[np.nan], [0.5]], [0.5, 0.5]):
        with pytest.raises(ValueError, match=r"expected probabilities \(..., n, designs\)"):
            response_information(p)
    with pytest.raises(ValueError, match=r"returned shape \(5,\).*expected \(5, 5\)"):
        expected_information(linear, lambda y, t, a: np.zeros(5), theta, theta, a, 1)
