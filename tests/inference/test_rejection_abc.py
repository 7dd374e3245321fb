"""Rejection ABC against posteriors that are known, exactly and at a finite tolerance."""

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from mechfit.inference import rejection_abc
from mechfit.simulation import Bank

N, NOISE = 200_000, 0.5
RNG = np.random.default_rng(1)


def bank_of(d: int, n: int = N) -> Bank:
    """theta ~ N(0, I), x = theta + NOISE r: the posterior is N(x / (1 + NOISE²), ...)."""
    theta = RNG.normal(size=(n, d))
    x = theta + NOISE * RNG.normal(size=(n, d))
    return Bank(theta, x, np.ones(n, bool), 1, tuple(f"x{j}" for j in range(d)))


@pytest.mark.parametrize("d", [1, 2])
def test_a_small_tolerance_gives_the_exact_posterior(d):
    x_o = np.array([0.8, -0.4])[:d]
    theta, distance = rejection_abc(bank_of(d), x_o, 1000)
    assert distance[-1] < 0.1
    std = NOISE / np.sqrt(1 + NOISE**2)
    for j in range(d):
        assert kstest((theta[:, j] - x_o[j] / (1 + NOISE**2)) / std, "norm").pvalue > 0.01


def test_a_finite_tolerance_widens_it_as_the_formula_says():
    """x is then N(0, 1 + NOISE²) cut to the tolerance, and theta | x is exact."""
    x_o, spread = 0.5, np.sqrt(1 + NOISE**2)
    theta, distance = rejection_abc(bank_of(1), [x_o], 80_000)
    a, b = ((x_o + s * distance[-1] * spread) / spread for s in (-1, 1))
    cut = truncnorm(a, b, scale=spread)
    mean, var = cut.mean() / spread**2, cut.var() / spread**4 + NOISE**2 / spread**2
    assert theta.mean() == pytest.approx(mean, abs=0.01)
    assert theta.var() == pytest.approx(var, rel=0.02)


def test_keeping_all_gives_the_prior():
    bank = bank_of(2, 1000)
    theta, distance = rejection_abc(bank, [3.0, 3.0], 1000)
    assert (np.diff(distance) >= 0).all()
    np.testing.assert_array_equal(np.sort(theta, 0), np.sort(bank.theta, 0))


def test_units_and_constant_statistics_do_not_matter():
    bank = bank_of(2, 1000)
    x = np.c_[1e6 * bank.x, np.full(1000, 3.0)]
    scaled = Bank(bank.theta, x, bank.valid, 1, ("a", "b", "c"))
    near, far = rejection_abc(bank, [0.5, 0.5], 50), rejection_abc(scaled, [5e5, 5e5, 3.0], 50)
    np.testing.assert_array_equal(near[0], far[0])
    np.testing.assert_allclose(near[1] * np.sqrt(2 / 3), far[1])


def test_invalid_simulations_are_left_out():
    bank = bank_of(1, 100)
    x = bank.x.copy()
    x[::2] = np.nan
    holes = Bank(bank.theta, x, np.isfinite(x).all(1), 1, bank.statistic_names)
    theta, _ = rejection_abc(holes, [0.0], 50)
    assert np.isin(theta, bank.theta[1::2]).all()
    with pytest.raises(ValueError, match="keep is 51, expected 1 to 50"):
        rejection_abc(holes, [0.0], 51)


def test_clear_errors():
    bank = bank_of(2, 10)
    with pytest.raises(ValueError, match=r"expected 2 finite statistics: x0, x1"):
        rejection_abc(bank, [0.0], 5)
    with pytest.raises(ValueError, match="expected 2 finite"):
        rejection_abc(bank, [0.0, np.nan], 5)
    with pytest.raises(ValueError, match="keep is 0"):
        rejection_abc(bank, [0.0, 0.0], 0)


@pytest.mark.parametrize("huge", [1e2, 1e4, -1e30, 1e308])
def test_a_few_exploding_runs_switch_no_statistic_off(huge):
    bank = bank_of(2, 20_000)
    x = bank.x.copy()
    x[:20, 0] = huge
    theta, _ = rejection_abc(Bank(bank.theta, x, bank.valid, 1, ("x", "y")), [1.0, 1.0], 200)
    np.testing.assert_allclose(theta.mean(0), 1 / (1 + NOISE**2), atol=0.1)
    np.testing.assert_allclose(theta.std(0), NOISE / np.sqrt(1 + NOISE**2), rtol=0.2)


def test_a_count_that_is_mostly_zero_still_counts():
    bank = bank_of(1, 20_000)
    spikes = np.where(bank.theta[:, 0] > 1.9, 3.0, 0.0)  # 3 % of the simulations
    spikes[:20] = 1e6
    both = Bank(bank.theta, np.c_[bank.x, spikes], bank.valid, 1, ("x", "spikes"))
    assert (rejection_abc(both, [1.5, 3.0], 100)[0] > 1.9).all()


def test_a_statistic_that_never_varied_is_told_and_left_out():
    bank = bank_of(1, 500)
    x = np.c_[bank.x, np.full(500, 3.0)]
    flat = Bank(bank.theta, x, bank.valid, 1, ("x", "rest"))
    with pytest.warns(UserWarning, match="unlike every simulation in rest = 1e.06, always 3"):
        theta, distance = rejection_abc(flat, [0.5, 1e6], 20)
    near = rejection_abc(bank, [0.5], 20)
    np.testing.assert_array_equal(theta, near[0])
    np.testing.assert_allclose(distance, near[1] / np.sqrt(2))
