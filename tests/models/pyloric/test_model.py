"""The circuit as a model: prior, noise, statistics, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import Pyloric, PyloricActivity, Traces
from mechfit.simulation import simulate

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "pyloric.npz")
CHAOTIC = {2, 42, 45, 50, 63, 64, 108, 112, 127, 134, 144, 146}
SHORT = Pyloric(duration=400.0, burn_in=100.0)
DOUBLE = {"precision": "float64"}
SLOW_DOUBLE = pytest.param("float64", marks=pytest.mark.slow)


def test_the_prior_is_that_of_the_paper():
    limits = SHORT.prior.limits()
    np.testing.assert_allclose(limits[:, 0], GOLDEN["lower"], rtol=1e-6)
    np.testing.assert_allclose(limits[:, 1], GOLDEN["upper"], rtol=1e-6)
    assert SHORT.prior.names[:2] == ("Na_AB/PD", "CaT_AB/PD")
    assert [n.replace("Synapses|", "") for n in GOLDEN["param_names"][24:]] == list(
        SHORT.prior.names[24:]
    )


def test_statistics_stand_in_the_order_of_the_paper():
    assert len(SHORT.statistic_names) == len(SHORT.statistic_units) == 19
    model = Pyloric(noise_std=0.0, **DOUBLE)
    x = model.statistics(GOLDEN["theta"][0], seed=1)[0]
    np.testing.assert_allclose(x, GOLDEN["stats_paper19"][0], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "start", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (50, 100))]
)
def test_prior_draws_with_the_noise_of_the_authors(start):
    model = Pyloric()
    for row in sorted(set(range(start, start + 50)) - CHAOTIC):
        noise = np.random.RandomState(row).normal(size=(1, 3, model.samples))
        traces = model.simulate(GOLDEN["prior300_theta"][row], seed=0, noise=noise)
        expected = GOLDEN["prior300_stats_paper19"][row]
        np.testing.assert_allclose(model.summarize(traces)[0], expected, rtol=1e-3)


def test_noise_is_keyed_by_seed_and_number():
    theta = SHORT.prior.sample(3, 1)
    whole = SHORT.simulate(theta, 5).voltage
    assert whole.shape == (3, 3, 16_000)
    np.testing.assert_array_equal(SHORT.simulate(theta[1:], 5, first=1).voltage, whole[1:])
    assert (SHORT.simulate(theta, 6).voltage != whole).any()


def test_given_noise_is_used_and_scaled():
    theta, noise = SHORT.prior.sample(1, 1), np.ones((1, 3, 16_000))
    twice = Pyloric(noise_std=0.002, duration=400.0, burn_in=100.0)
    np.testing.assert_array_equal(
        SHORT.simulate(theta, 1, noise=2 * noise).voltage,
        twice.simulate(theta, 1, noise=noise).voltage,
    )
    with pytest.raises(ValueError, match=r"noise has shape \(2,\), expected \(1, 3, 16000\)"):
        SHORT.simulate(theta, 1, noise=np.ones(2))


def test_fused_statistics_are_those_of_the_traces():
    theta = GOLDEN["theta"][:2]
    model = Pyloric(duration=3000.0, burn_in=500.0, **DOUBLE)
    x = model.statistics(theta, 3, first=7)
    np.testing.assert_array_equal(x, model.summarize(model.simulate(theta, 3, first=7)))


def test_a_bank_of_circuits():
    bank = simulate(SHORT, 4, seed=1)
    assert bank.x.shape == (4, 19)
    assert not bank.valid.any()  # 300 ms hold no rhythm
    np.testing.assert_array_equal(bank.x, SHORT.statistics(bank.theta, 1))


def test_temperature_and_factors():
    theta = GOLDEN["theta"][0]
    warm = Pyloric(0.0, 289.0, 400.0, burn_in=100.0).simulate(theta, 1).voltage
    assert (
        abs(warm - Pyloric(0.0, 283.0, 400.0, burn_in=100.0).simulate(theta, 1).voltage).max() > 1
    )
    still = {name: (1.0,) * n for name, n in (("membrane", 8), ("synapses", 7), ("gates", 11))}
    same = Pyloric(0.0, 289.0, 400.0, burn_in=100.0, q10=still).simulate(theta, 1).voltage
    assert (same != warm).any()


@pytest.mark.parametrize("kelvin", [pytest.param(283.0, marks=pytest.mark.slow), 289.0])
def test_single_precision_agrees_on_the_golden_sets(kelvin):
    theta = GOLDEN["theta"] if kelvin == 283.0 else GOLDEN["theta"][[0, 2]]
    fast = Pyloric(0.0, kelvin).statistics(theta, 1)
    exact = Pyloric(0.0, kelvin, **DOUBLE).statistics(theta, 1)
    np.testing.assert_allclose(fast, exact, rtol=1e-3)


@pytest.mark.parametrize("precision", ["float32", SLOW_DOUBLE])
def test_the_order_of_the_package_with_counts_moments_and_energies(precision):
    model = PyloricActivity(0.0, precision=precision)
    assert len(model.statistic_names) == len(model.statistic_units) == 46
    rows = slice(5 if precision == "float32" else 6)  # the last one is still
    x = model.statistics(GOLDEN["theta"][rows], 1)
    np.testing.assert_allclose(x, GOLDEN["stats_pkg"][rows], rtol=1e-3, atol=1e-9)


def test_energies_are_not_told_by_voltages():
    model = PyloricActivity(duration=400.0, burn_in=100.0)
    with pytest.raises(TypeError, match=r"use statistics\(\)"):
        model.summarize(model.simulate(GOLDEN["theta"][0], 1))


@pytest.mark.parametrize("precision", ["float32", SLOW_DOUBLE])
def test_circuits_without_bursts_are_given_up(precision):
    settings = {"duration": 4000.0, "burn_in": 500.0, "precision": precision}
    theta = np.concatenate([GOLDEN["theta"][:3], SHORT.prior.sample(14, 1)])
    patient, hasty = Pyloric(**settings), Pyloric(**settings, patience=2000.0)
    whole, x = patient.statistics(theta, 3), hasty.statistics(theta, 3)
    kept = np.isfinite(x[:, 1])
    assert kept[:2].all()
    assert kept.mean() < 0.8
    np.testing.assert_array_equal(x[kept], whole[kept])
    assert np.isnan(x[~kept]).all()
    assert np.isfinite(whole[~kept]).any()


def test_a_circuit_does_not_feel_its_neighbors():
    theta = np.concatenate([GOLDEN["theta"], SHORT.prior.sample(30, 1)])
    model = Pyloric(duration=1500.0, burn_in=300.0)
    whole = model.statistics(theta, 5)
    np.testing.assert_array_equal(model.statistics(theta[3:20], 5, first=3), whole[3:20])
    assert np.isfinite(whole[:, 1]).any()


def test_both_precisions_have_the_same_noise():
    theta = GOLDEN["theta"][[0, 1, 4]]
    short = {"duration": 600.0, "burn_in": 100.0, "noise_std": 0.01}
    fast, exact = (
        Pyloric(**short, precision=p).statistics(theta, 9) for p in ("float32", "float64")
    )
    other = Pyloric(**short).statistics(theta, 10)
    np.testing.assert_allclose(fast, exact, rtol=0.02)
    assert not np.allclose(fast, other, rtol=0.002, equal_nan=True)


@pytest.mark.slow
def test_prior_draws_are_as_often_defined_in_single_precision():
    theta = GOLDEN["prior300_theta"]
    defined = np.isfinite(Pyloric().statistics(theta, 3))
    expected = np.isfinite(GOLDEN["prior300_stats_paper19"])
    valid = defined.all(1) == expected.all(1)
    assert valid.mean() >= 0.97
    share, n = expected.mean(0), len(theta)
    error = np.sqrt(np.maximum(share * (1 - share), 1 / n) / n)
    assert (abs(defined.mean(0) - share) <= 4 * error).all()


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="expected a burn-in shorter than the duration"):
        Pyloric(duration=500.0)
    with pytest.raises(ValueError, match="patience is 0.0 ms, expected None"):
        Pyloric(patience=0.0)
    with pytest.raises(ValueError, match="precision is 'half', expected"):
        Pyloric(precision="half")
    with pytest.raises(ValueError, match=r"q10 is .*gates.* expected factors as many as"):
        Pyloric(q10={"gates": (2.0,)})
    with pytest.raises(ValueError, match=r"traces have shape \(1, 3, 5\)"):
        SHORT.summarize(Traces(np.zeros((1, 3, 5)), np.arange(5.0)))
