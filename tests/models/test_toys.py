"""The toys agree with their posteriors, and the two moons with the benchmark."""

import numpy as np
import pytest
from sbibm_tasks import two_moons
from scipy.stats import multivariate_normal

from mechfit.models import Sums, SumsPosterior, TwoMoons
from mechfit.models.numerics.noise import normals

X_O = [np.array([0.0, 0.0]), np.array([0.2, 0.1]), np.array([-0.6, 0.0])]
WIDE = TwoMoons(radius=0.5, width=0.07)


def grid(bins=500):
    """Centers of equal bins of the prior's box (bins^2, 2), and the area of a bin."""
    edge = 2 * (np.arange(bins) + 0.5) / bins - 1
    return np.stack(np.meshgrid(edge, edge, indexing="ij"), -1).reshape(-1, 2), 4 / bins**2


def test_defaults_are_the_task_of_the_benchmark():
    model = TwoMoons()
    theta = model.prior.sample(50, seed=1)
    noise = np.stack([normals(3, 7 + i, 2) for i in range(50)])
    x = model.statistics(theta, 3, first=7)
    np.testing.assert_allclose(x, two_moons(theta, noise), atol=1e-12)


@pytest.mark.parametrize("x_o", X_O)
def test_the_density_integrates_to_one_and_describes_the_draws(x_o):
    theta, area = grid()
    p = np.exp(WIDE.posterior_log_prob(theta, x_o)) * area
    assert p.sum() == pytest.approx(1, abs=0.01)
    draws = WIDE.posterior_sample(x_o, 20_000, seed=1)
    assert np.isfinite(WIDE.prior.log_prob(draws)).all()
    for f in (lambda t: t[:, 0], lambda t: t[:, 0] * t[:, 1], lambda t: np.abs(t.sum(1))):
        assert f(draws).mean() == pytest.approx((p * f(theta)).sum() / p.sum(), abs=0.015)


def test_the_posterior_is_that_of_the_simulator():
    """Parameters whose simulation comes close to x_o are distributed like posterior draws."""
    x_o = X_O[1]
    theta = WIDE.prior.sample(200_000, seed=2)
    rng = np.random.default_rng(1)
    angle, radius = np.pi * (rng.random(len(theta)) - 0.5), rng.normal(0.5, 0.07, len(theta))
    x = np.stack(
        [
            radius * np.cos(angle) + 0.25 - np.abs(theta.sum(1)) / 2**0.5,
            radius * np.sin(angle) + (theta[:, 1] - theta[:, 0]) / 2**0.5,
        ],
        axis=1,
    )
    close = theta[np.hypot(*(x - x_o).T) < 0.05]
    draws = WIDE.posterior_sample(x_o, 20_000, seed=3)
    assert len(close) > 200
    for f in (lambda t: t[:, 0], lambda t: t[:, 1] ** 2, lambda t: np.abs(t.sum(1))):
        error = f(close).std() / len(close) ** 0.5
        assert f(close).mean() == pytest.approx(f(draws).mean(), abs=4 * error)


def test_draws_are_the_same_for_a_seed():
    model, x_o = TwoMoons(), X_O[0]
    same = model.posterior_sample(x_o, 10, seed=5)
    np.testing.assert_array_equal(same, model.posterior_sample(x_o, 10, seed=5))
    assert (same.sum(1) > 0).any()
    assert (same.sum(1) < 0).any()


def test_clear_errors():
    with pytest.raises(ValueError, match="no parameters in the prior"):
        TwoMoons().posterior_sample(np.array([9.0, 0.0]), 5, seed=1)
    with pytest.raises(ValueError, match=r"at most 0\.1 / 5"):
        TwoMoons(width=0.05)
    with pytest.raises(TypeError, match="no traces"):
        TwoMoons().simulate(np.zeros(2), 1)
    with pytest.raises(TypeError, match="no traces"):
        TwoMoons().summarize(None)


def test_two_sums_have_the_posterior_of_their_joint_normal():
    mix, noise = Sums.mix, Sums.noise
    x = np.array([[0.7, -1.2]])
    wide = mix @ mix.T + np.diag(noise**2)  # covariance of x; that of theta and x is mix
    mean = mix.T @ np.linalg.solve(wide, x[0])
    covariance = np.eye(2) - mix.T @ np.linalg.solve(wide, mix)
    theta = SumsPosterior().sample_batched(20_000, 1, x=x)
    np.testing.assert_allclose(theta[0].mean(0), mean, atol=0.01)
    np.testing.assert_allclose(np.cov(theta[0].T), covariance, atol=0.01)
    exact = multivariate_normal(mean, covariance).logpdf(theta[0, :50])
    np.testing.assert_allclose(SumsPosterior().log_prob_batched(theta[:, :50], x=x)[0], exact)


def test_two_sums_are_simulated_with_their_noise():
    theta = np.tile([0.5, -1.0], (4000, 1))
    x = Sums().statistics(theta, 1)
    np.testing.assert_allclose(x.mean(0), [-0.5, 1.5], atol=0.06)
    np.testing.assert_allclose(x.std(0), Sums.noise, rtol=0.05)
    np.testing.assert_array_equal(Sums().statistics(theta[:5], 1, first=7), x[7:12])
