"""The two moons agree with the benchmark, and their posterior with the simulator."""

import numpy as np
import pytest
from sbibm_tasks import two_moons

from mechfit.models import TwoMoons
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
