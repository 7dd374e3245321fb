"""Learned statistics are the posterior means, and a density learned from them is as good."""

import numpy as np
import pytest

from mechfit.inference import Coupling, Training, fit, learn_statistics, load, save
from mechfit.inference.densities.embedding import Convolution
from mechfit.inference.learned import LearnedStatistics
from mechfit.simulation import Bank, simulate
from tests.inference import linear_gaussian as exact
from tests.inference.faulty import Simulator
from tests.inference.test_embedded_fit import PRIOR, of_traces, traces


@pytest.fixture(scope="module")
def learned(gaussian_bank):
    return learn_statistics(
        gaussian_bank, exact.PRIOR, training=Training(epochs=30, batch=100), seed=1
    )


def means(x):
    return np.stack([exact.mean(row) for row in x])


def test_posterior_means(learned):
    x = exact.bank(1000, seed=2).x
    truth, found = means(x), learned(x)
    for a, b in zip(
        truth.T, np.linalg.lstsq(np.c_[found, np.ones(1000)], truth)[0].T, strict=True
    ):
        off = a - np.c_[found, np.ones(1000)] @ b
        assert off.std() < 0.08 * a.std()


@pytest.mark.slow
def test_density_of_learned_statistics(gaussian_bank, learned):
    posterior = fit(
        learned.bank(gaussian_bank),
        exact.PRIOR,
        flow=Coupling(2, 64),
        training=Training(epochs=25, batch=100),
        members=3,
        seed=1,
    )
    draws = posterior.sample(4000, 1, x=learned(exact.X_O[None])[0])
    np.testing.assert_allclose(draws.mean(0), exact.mean(exact.X_O), atol=0.12)
    np.testing.assert_allclose(np.cov(draws.T), exact.C, atol=0.06)


@pytest.mark.slow
def test_traces():
    theta, x = traces(3000, np.random.default_rng(1))
    names = tuple(f"x{i}" for i in range(64))
    bank = Bank(theta, x, np.isfinite(x).all(1), 1, names)
    learned = learn_statistics(
        bank,
        PRIOR,
        embedding=Convolution(1, (8, 8), 9, 8),
        training=Training(epochs=15, batch=100),
        seed=1,
    )
    x = traces(500, np.random.default_rng(2))[1]
    assert np.corrcoef(learned(x)[:, 0], of_traces(x)[0])[0, 1] > 0.97


def test_invalid_simulations_stay_invalid(gaussian_bank, learned):
    bank = gaussian_bank
    x = bank.x.copy()
    x[::3, 2] = np.nan
    holed = Bank(bank.theta, x, np.isfinite(x).all(1), 1, bank.statistic_names)
    short = learned.bank(holed)
    assert short.statistic_names == ("mean of a", "mean of b", "mean of c")
    np.testing.assert_array_equal(short.valid, holed.valid)
    np.testing.assert_array_equal(np.isfinite(short.x).all(1), holed.valid)


def test_storage(learned, tmp_path):
    save(learned.regression, tmp_path / "r")
    again = LearnedStatistics(load(tmp_path / "r"))
    np.testing.assert_array_equal(again(exact.X_O[None]), learned(exact.X_O[None]))


def test_refusal(learned):
    with pytest.raises(ValueError, match="expected 5 finite statistics"):
        learned(np.zeros((2, 4)))


def test_a_stored_bank(learned, tmp_path):
    stored = simulate(Simulator(), 100, seed=4, store=tmp_path / "bank")
    known = learned.bank(stored)
    np.testing.assert_array_equal(known.theta, stored.theta)
    np.testing.assert_array_equal(known.x, learned(stored.x))
