"""Neurons side by side in single precision give what the reference gives, whoever sits beside."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechfit.models import HodgkinHuxley, step_current
from mechfit.models.hodgkin_huxley.lanes import LANES
from mechfit.summaries import Extended

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "hodgkin_huxley.npz")
FAST = HodgkinHuxley()
REFERENCE = HodgkinHuxley(precision="float64")
SPREAD = GOLDEN["prior_stats_std"]
THETA = FAST.prior.sample(3 * LANES, seed=1)
X = FAST.statistics(THETA, seed=2)


def test_golden_draws_without_noise():
    theta = GOLDEN["prior_theta"].copy()
    theta[:, 6] = 0
    error = abs(FAST.statistics(theta, seed=1) - GOLDEN["prior_stats_noisefree"])
    assert (error[:, 0] == 0).mean() >= 0.995
    assert ((error / SPREAD < 1e-3).mean(0) >= 0.99).all()


def test_golden_draws_with_noise():
    x = FAST.statistics(GOLDEN["prior_theta"], seed=1)
    for ours, authors in zip(x.T, GOLDEN["prior_stats"].T, strict=True):
        assert stats.ks_2samp(ours, authors).pvalue > 1e-3


def test_same_noise_as_the_reference():
    error = abs(X - REFERENCE.statistics(THETA, seed=2))
    assert (error[:, 0] == 0).mean() >= 0.98
    assert ((error / SPREAD < 1e-3).mean(0) >= 0.97).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(THETA) - 1), st.integers(1, len(THETA)))
def test_neighbors_cannot_be_seen(first, count):
    rows = slice(first, first + count)
    np.testing.assert_array_equal(FAST.statistics(THETA[rows], seed=2, first=first), X[rows])


def test_extended_statistics_of_the_reference():
    fast, slow = (HodgkinHuxley(precision=p, extended=Extended()) for p in ("float32", "float64"))
    x = fast.statistics(THETA, seed=2)
    np.testing.assert_array_equal(x[:, :7], X)
    reference = slow.statistics(THETA, seed=2)
    error = abs(x - reference)
    # spikes come at the same samples, all else within the rounding of single precision
    assert (error[:, 7:11] == 0).mean() >= 0.98
    assert ((error / reference.std(0) < 1e-3).mean(0) >= 0.98).all()
    rows = slice(5, 5 + LANES + 3)
    np.testing.assert_array_equal(fast.statistics(THETA[rows], seed=2, first=5), x[rows])


def test_extended_statistics_up_to_the_last_sample():
    brief = {"dt": 0.025, "duration": 50.0, "window": (10.0, 50.0), "extended": Extended((2.0,))}
    fast, slow = (HodgkinHuxley(precision=p, **brief) for p in ("float32", "float64"))
    theta = THETA[:LANES]
    reference = slow.statistics(theta, seed=3)
    error = abs(fast.statistics(theta, seed=3) - reference)
    assert ((error / reference.std(0) < 1e-3).mean(0) >= 0.9).all()


def test_roughness_is_rounded_as_single_voltages_are():
    extended = Extended(roughness=True)
    fast, slow = (HodgkinHuxley(precision=p, extended=extended) for p in ("float32", "float64"))
    error = abs(fast.statistics(THETA, seed=2) - slow.statistics(THETA, seed=2))[:, -1]
    assert error.max() < 3e-5


@pytest.mark.parametrize(
    ("dt", "duration", "window"),
    [(0.025, 100.0, (10.0, 100.0)), (0.02, 61.3, (0.7, 60.01)), (0.1, 300.0, (50.0, 250.0))],
)
def test_any_window_and_step(dt, duration, window):
    current = step_current(3.0, duration, dt, window)
    pair = [HodgkinHuxley(dt, current, precision=p, window=window) for p in ("float32", "float64")]
    fast, slow = (model.statistics(THETA, seed=3) for model in pair)
    error = abs(fast - slow)
    assert (error[:, 0] == 0).mean() >= 0.97
    # long runs at coarse steps: neurons near threshold amplify the rounding
    assert ((error / slow.std(0) < 2e-3).mean(0) >= 0.9).all()


def test_a_silent_membrane_has_no_skewness():
    theta = FAST.truth.copy()
    theta[[0, 1, 3, 6]] = 0
    theta[7] = 70.0
    x = HodgkinHuxley(current=np.zeros(12001)).statistics(theta, seed=1)[0]
    np.testing.assert_array_equal(x[:5], [0.0, -70.0, 0.0, -70.0, 0.0])
    assert np.isnan(x[5:]).all()
