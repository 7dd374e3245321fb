"""Observations that the model can make pass, those it cannot are found and the statistic named."""

import numpy as np
import pytest
from scipy.stats import kstest

from mechfit.inference.diagnostics import misspecification
from mechfit.simulation import Bank, simulate
from tests.inference.faulty import Simulator

BANK = simulate(Simulator(), 400, seed=1)
FRESH = simulate(Simulator(), 150, seed=2).x


@pytest.mark.slow
def test_p_values_of_possible_observations_are_uniform():
    found = [misspecification(BANK, x_o) for x_o in FRESH]
    assert kstest([f.p_value for f in found], "uniform").pvalue > 1e-3
    for p in np.concatenate([[f.alone for f in found], [f.given_others for f in found]], 1).T:
        assert kstest(p, "uniform").pvalue > 1e-4


def test_several_observations_of_one_cloud_pass():
    found = [misspecification(BANK, FRESH[i : i + 10], seed=1).p_value for i in range(0, 150, 10)]
    assert kstest(found, "uniform").pvalue > 1e-3


def test_a_shift_of_several_observations_is_found():
    shifted = FRESH[:20] + np.where(np.arange(5) == 3, 3.0, 0.0)
    found = misspecification(BANK, shifted)
    assert found.p_value < 0.01
    assert found.worst == "y"


@pytest.mark.parametrize("j", range(5))
def test_a_statistic_beyond_all_is_named(j):
    x_o = np.median(BANK.x, 0)
    x_o[j] += 8 * BANK.x[:, j].std()
    found = misspecification(BANK, x_o)
    assert found.p_value < 0.01
    assert found.alone.argmin() == j
    assert found.alone[j] == pytest.approx(1 / 401)


def test_a_statistic_that_is_odd_given_the_others_is_named():
    x = np.random.default_rng(1).normal(size=(1000, 3))
    x[:, 2] = x[:, 0] + x[:, 1] + 0.05 * x[:, 2]
    bank = Bank(x, x, np.ones(1000, bool), 1, ("a", "b", "sum"))
    found = misspecification(bank, np.array([0.5, 0.5, 0.0]))
    assert found.alone.min() > 0.1
    assert found.p_value < 0.01
    assert found.worst == "sum"


def test_a_constant_statistic_must_not_differ():
    x = np.column_stack([BANK.x, np.zeros(400)])
    bank = Bank(BANK.theta, x, BANK.valid, 1, (*BANK.statistic_names, "zero"))
    assert misspecification(bank, np.append(FRESH[0], 0.0)).alone[5] == 1
    odd = misspecification(bank, np.append(FRESH[0], 1e-3))
    assert odd.worst == "zero"
    assert odd.p_value == pytest.approx(1 / 401)
    x[:, 5] = 5.0 * (1 + 1e-14 * BANK.x[:, 0])  # rounding errors are no variation
    bank = Bank(BANK.theta, x, BANK.valid, 1, bank.statistic_names)
    assert misspecification(bank, np.append(FRESH[0], 5.0)).distances[5] == 0
    assert misspecification(bank, np.append(FRESH[0], 5.1)).worst == "zero"


def test_exploding_simulations_hide_nothing():
    x = BANK.x.copy()
    x[::200] = 1.7e308
    bank = Bank(BANK.theta, x, BANK.valid, 1, BANK.statistic_names)
    found = misspecification(bank, FRESH[0] + 9)
    assert found.p_value < 0.01
    assert np.isfinite(found.distances).all()


def test_invalid_simulations_are_left_out():
    x = np.where(np.arange(400)[:, None] < 250, np.nan, BANK.x)
    bank = Bank(BANK.theta, x, np.isfinite(x).all(1), 1, BANK.statistic_names)
    assert len(misspecification(bank, FRESH[0]).null) == 150
    with pytest.raises(ValueError, match="50 simulations are valid, expected at least 100"):
        misspecification(bank.rows(slice(300)), FRESH[0])


def test_what_is_no_observation_is_refused():
    with pytest.raises(ValueError, match=r"shape \(1, 4\), expected \(m, 5\) finite numbers"):
        misspecification(BANK, FRESH[0, :4])
