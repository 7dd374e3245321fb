"""The neuron agrees with the authors' own code, and with itself uncompiled."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechfit.models import HodgkinHuxley, gating, normals, step_current
from mechfit.models.hodgkin_huxley.model import voltage_rows
from mechfit.simulation import simulate
from mechfit.summaries import STATISTIC_NAMES, Extended, spike_times, voltage_statistics

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "hodgkin_huxley.npz")
MODEL = HodgkinHuxley(precision="float64")


@pytest.fixture(scope="module")
def quiet():
    """Voltages (4, time) of the golden parameter sets without noise."""
    still = np.zeros((4, MODEL.current.size))
    return MODEL.simulate(GOLDEN["theta"], seed=0, noise=still)


def test_current_and_prior_are_the_authors():
    np.testing.assert_array_equal(MODEL.current, GOLDEN["I"])
    limits = MODEL.prior.limits()
    np.testing.assert_array_equal(limits.T, [GOLDEN["prior_lower"], GOLDEN["prior_upper"]])


def test_voltage_without_noise(quiet):
    assert abs(quiet.voltage[0, 0] - GOLDEN["V_full_gt"]).max() <= 1e-6
    assert abs(quiet.voltage[:, 0, ::10] - GOLDEN["V_sub"]).max() <= 5e-6
    np.testing.assert_allclose(quiet.time[::10], GOLDEN["t_sub"], atol=1e-9)


def test_voltage_with_the_authors_noise():
    traces = MODEL.simulate(MODEL.truth, seed=0, noise=GOLDEN["noisy_gt_r"])
    assert abs(traces.voltage[0, 0] - GOLDEN["noisy_gt_V"]).max() <= 1e-6
    np.testing.assert_allclose(MODEL.summarize(traces)[0], GOLDEN["noisy_gt_stats"], rtol=1e-9)


def test_spike_times_are_exact(quiet):
    for voltage, expected in zip(quiet.voltage[:, 0], GOLDEN["spike_times"], strict=True):
        found = spike_times(voltage, MODEL.dt, MODEL.window)
        np.testing.assert_array_equal(found, expected[~np.isnan(expected)])


def test_statistics(quiet):
    np.testing.assert_allclose(MODEL.summarize(quiet), GOLDEN["stats"], rtol=1e-9)


def test_500_prior_draws():
    theta = GOLDEN["prior_theta"].copy()
    noisy = MODEL.statistics(theta, seed=1)
    theta[:, 6] = 0
    np.testing.assert_allclose(
        MODEL.statistics(theta, seed=1), GOLDEN["prior_stats_noisefree"], rtol=1e-9, atol=1e-11
    )
    for ours, authors in zip(noisy.T, GOLDEN["prior_stats"].T, strict=True):
        assert stats.ks_2samp(ours, authors).pvalue > 1e-3


def test_noise_spreads_the_statistics_as_the_authors_does():
    ours = MODEL.statistics(np.tile(MODEL.truth, (100, 1)), seed=5)
    for column, authors in zip(ours.T, GOLDEN["gt_repeat_stats"].T, strict=True):
        assert stats.ks_2samp(column, authors).pvalue > 1e-3


def test_plain_python_is_the_oracle():
    model = HodgkinHuxley(duration=15.0, window=(2.0, 14.0))
    theta = np.vstack([MODEL.truth, MODEL.prior.sample(2, seed=2)])
    compiled = model.simulate(theta, seed=4, first=9)
    noise = np.array([normals(4, 9 + i, model.current.size) for i in range(3)])
    out = np.empty_like(noise)
    voltage_rows.py_func(theta, model.current, model.step, model.every, -70.0, noise, out)
    np.testing.assert_allclose(compiled.voltage[:, 0], out, atol=1e-8)


def test_statistics_equal_those_of_the_traces():
    theta = MODEL.prior.sample(20, seed=6)
    direct = MODEL.statistics(theta, seed=7, first=100)
    np.testing.assert_array_equal(
        direct, MODEL.summarize(MODEL.simulate(theta, seed=7, first=100))
    )
    np.testing.assert_array_equal(direct[5:9], MODEL.statistics(theta[5:9], seed=7, first=105))


def test_extended_statistics_equal_those_of_the_traces():
    model = HodgkinHuxley(precision="float64", extended=Extended(roughness=True))
    assert model.statistic_names == (*Extended().names, "roughness")
    assert len(model.statistic_units) == len(model.statistic_names)
    theta = MODEL.prior.sample(70, seed=6)
    x = model.statistics(theta, seed=7, first=100)
    traces = model.simulate(theta[40:], seed=7, first=140)
    np.testing.assert_array_equal(x[40:], model.summarize(traces))
    np.testing.assert_array_equal(x[:, :7], MODEL.statistics(theta, seed=7, first=100))


@pytest.mark.slow
def test_a_bank_is_not_continued_with_other_statistics(tmp_path):
    brief = {"duration": 30.0, "window": (5.0, 25.0)}
    seven, one, two = (
        HodgkinHuxley(**brief, extended=extended)
        for extended in (None, Extended(lags=(1.0,)), Extended(lags=(2.0,)))
    )
    bank = simulate(one, 40, seed=1, store=tmp_path / "bank")
    assert bank.statistic_names == one.statistic_names
    assert bank.valid.all()
    for other in (seven, two):
        with pytest.raises(ValueError, match=r"extended(\.lags)? was"):
            simulate(other, 50, seed=1, store=tmp_path / "bank")
    again = simulate(one, 50, seed=1, store=tmp_path / "bank")
    np.testing.assert_array_equal(again.x[:40], bank.x)


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_voltage_stays_between_the_reversal_potentials_without_input(seed):
    model = HodgkinHuxley(current=np.zeros(2001), window=(5.0, 15.0))
    theta = MODEL.prior.sample(3, seed)
    voltage = model.simulate(theta, 0, noise=np.zeros((3, 2001))).voltage
    assert (voltage >= -107.0).all()
    assert (voltage <= 53.0).all()


def test_any_current_duration_and_step():
    current = step_current(2.0, 300.0, 0.025, (50.0, 250.0)) + np.sin(np.arange(12001) / 100)
    model = HodgkinHuxley(dt=0.025, current=current, window=(50.0, 250.0), v_init=-80.0)
    traces = model.simulate(MODEL.prior.sample(3, seed=1), seed=1)
    assert traces.voltage.shape == (3, 1, 12001)
    assert traces.time[-1] == pytest.approx(300.0)
    assert (traces.voltage[:, 0, 0] == -80.0).all()


def test_parameters_outside_the_prior_but_possible():
    theta = np.array([200.0, 40.0, 0.0, 0.0, 1.0, -10.0, 1.0, -20.0])
    assert np.isfinite(MODEL.simulate(theta, seed=1).voltage).all()


def wrong(column, value):
    theta = MODEL.truth.copy()
    theta[column] = value
    return theta


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MODEL.simulate(np.zeros(7), seed=1), r"expected \(n, 8\)"),
        (lambda: MODEL.simulate(wrong(0, -1.0), seed=1), "g_Na is -1.0 in row 0"),
        (lambda: MODEL.simulate(wrong(4, 0.0), seed=1), "tau_max is 0.0"),
        (lambda: MODEL.statistics(wrong(7, np.nan), seed=1), "-E_leak is nan"),
        (lambda: MODEL.statistics(wrong(slice(0, 4), 0.0), seed=1), "all conductances are 0"),
        (lambda: MODEL.simulate(MODEL.truth, seed=1, noise=np.zeros(5)), "noise has shape"),
        (lambda: MODEL.simulate(MODEL.truth, seed=-1), "seed is -1"),
        (lambda: HodgkinHuxley(dt=0.0), "positive dt"),
        (lambda: HodgkinHuxley(precision="half"), "expected 'float32' or 'float64'"),
        (lambda: HodgkinHuxley(current=np.zeros((2, 500))), "current has shape"),
        (lambda: HodgkinHuxley(duration=20.0), "window is"),
        (lambda: HodgkinHuxley(window=(0.0, 100.0)), "window is"),
        (lambda: HodgkinHuxley(extended=Extended(lags=(200.0,))), "lags are"),
        (lambda: HodgkinHuxley(extended=Extended(), device="cuda"), "need the traces"),
        (lambda: voltage_statistics(np.zeros((2, 2, 9)), 0.1, (1, 2)), "expected"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_truth_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        MODEL.truth[0] = 1.0
    assert MODEL.statistic_names == STATISTIC_NAMES


def test_gating_is_where_a_voltage_clamp_settles():
    gates = gating(np.array([-70.0, -20.0]), MODEL.truth)
    for name, column in zip("mnhp", GOLDEN["gates_gt_sub"], strict=True):
        assert gates[name][0][0] == pytest.approx(column[0], rel=1e-5)
    m_inf, tau_m = gates["m"]
    assert m_inf[1] > 0.5 > m_inf[0]
    assert (tau_m < gates["p"][1] / 100).all()
