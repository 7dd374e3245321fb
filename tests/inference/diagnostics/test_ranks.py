"""Ranks of an exact posterior are uniform; those of a wrong one say what is wrong."""

import numpy as np
import pytest
from scipy.stats import kstest

from mechfit.inference.diagnostics import calibrate
from mechfit.models import TwoMoons
from mechfit.simulation import Bank, simulate
from tests.inference.faulty import Exact, Simulator
from tests.inference.linear_gaussian import C

BANK = simulate(Simulator(), 2000, seed=1)


def test_places_of_an_exact_posterior_are_uniform():
    c = calibrate(Exact(), BANK, draws=50, seed=1)
    assert len(c) == 2000
    for u in (*c.ranks.T, *c.residuals.T, c.levels, c.distances):
        assert kstest(u, "uniform").pvalue > 1e-3


def test_a_seed_repeats_and_the_seed_of_the_bank_does_no_harm():
    a, b, other = (calibrate(Exact(), BANK, draws=20, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(a.ranks, b.ranks)
    np.testing.assert_array_equal(a.levels, b.levels)
    assert (a.ranks != other.ranks).any()


def test_places_are_the_shares_of_draws_below():
    c = calibrate(Exact(), BANK.first(50), draws=40, seed=3)
    below = (c.draws < c.theta[:, None]).sum(1)
    np.testing.assert_array_equal(np.floor(c.ranks * 41), below)
    u, away = (c.prior.to_unit(rows)[0] for rows in (c.theta, c.references)), []
    truth, point = u
    for i in range(50):
        draws = c.prior.to_unit(c.draws[i])[0]
        away.append(
            (np.linalg.norm(draws - point[i], axis=1) < np.linalg.norm(truth[i] - point[i])).sum()
        )
    np.testing.assert_array_equal(np.floor(c.distances * 41), away)


def test_numbers_tell_shift_and_width():
    assert calibrate(Exact(shift=0.5), BANK, seed=1).shift == pytest.approx([-0.5] * 3, abs=0.08)
    for stretch in (0.7, 1.4):
        c = calibrate(Exact(stretch=stretch), BANK, seed=1)
        assert c.stretch == pytest.approx([1 / stretch] * 3, abs=0.1)
        # an exact formula: the truths' squared distance is chi-squared, that of draws is scaled
        assert (c.coverage(0.9) > 0.9) == (stretch > 1)


def test_coverage_is_the_share_of_truths_in_regions():
    c = calibrate(Exact(), BANK, seed=1)
    levels = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(c.coverage(levels), levels, atol=0.04)
    assert c.coverage(1.0) == 1


def test_contraction_is_that_of_the_exact_posterior():
    c = calibrate(Exact(), BANK, seed=1)
    np.testing.assert_allclose(c.contraction, 1 - np.diag(C), atol=0.05)


def test_ties_are_broken_at_random():
    class Flat(Exact):
        """A posterior that is the prior on two values, flat everywhere."""

        def sample_batched(self, n, seed, *, x):
            return np.random.default_rng(seed).integers(2, size=(len(x), n, 3)).astype(float)

        def log_prob_batched(self, theta, *, x):
            return np.zeros(theta.shape[:2])

    theta = np.random.default_rng(0).integers(2, size=(2000, 3)).astype(float)
    bank = Bank(theta, BANK.x, BANK.valid, 1, BANK.statistic_names)
    c = calibrate(Flat(), bank, draws=30, seed=1)
    for u in (*c.ranks.T, c.levels):
        assert kstest(u, "uniform").pvalue > 1e-3


def test_invalid_simulations_are_left_out_without_bias():
    x = np.where(BANK.x[:, :1] > 0.5, np.nan, BANK.x)  # which are invalid depends on x alone
    bank = Bank(BANK.theta, x, np.isfinite(x).all(1), 1, BANK.statistic_names)
    c = calibrate(Exact(), bank, draws=50, seed=1)
    assert c.invalid == (~bank.valid).sum() > 100
    for u in (*c.ranks.T, c.levels, c.distances):
        assert kstest(u, "uniform").pvalue > 1e-3


@pytest.mark.slow
def test_two_moons_is_calibrated():
    model = TwoMoons()

    class Moons:
        prior = model.prior

        def sample_batched(self, n, seed, *, x):
            return np.stack([model.posterior_sample(r, n, seed + i) for i, r in enumerate(x)])

        def log_prob_batched(self, theta, *, x):
            rows = zip(theta, x, strict=True)
            return np.stack([model.posterior_log_prob(t, r) for t, r in rows])

    c = calibrate(Moons(), simulate(model, 300, seed=4), draws=60, seed=1)
    for u in (*c.ranks.T, *c.residuals.T, c.levels, c.distances):
        assert kstest(u, "uniform").pvalue > 1e-3


def test_too_few_simulations_are_refused():
    bank = Bank(BANK.theta, BANK.x, np.arange(2000) < 5, 1, BANK.statistic_names)
    with pytest.raises(ValueError, match="5 of 2000 simulations are valid"):
        calibrate(Exact(), bank, seed=1)
