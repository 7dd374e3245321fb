"""Every current is what its name says inside its window, and zero outside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechfit.models import (
    HodgkinHuxley,
    ornstein_uhlenbeck_current,
    ramp_current,
    recorded_current,
    step_current,
    step_series,
)

DT = st.sampled_from([0.01, 0.02, 0.025, 0.1])
WINDOW = (10.0, 110.0)


@given(st.integers(0, 50), st.integers(51, 100), DT)
def test_on_for_whole_samples(on, off, dt):
    current = step_current(1.5, 100 * dt, dt, (on * dt, off * dt))
    expected = np.zeros(101)
    expected[on:off] = 1.5
    np.testing.assert_array_equal(current, expected)


@given(
    st.lists(st.sampled_from([-2.0, 1.0, 3.5]), min_size=1, max_size=8),
    st.integers(0, 40),
    st.integers(1, 30),
    st.integers(0, 20),
    DT,
)
def test_series_of_whole_samples(amplitudes, before, length, pause, dt):
    """Steps and pauses of so many samples each lie where they lie when put together by hand."""
    parts = [np.zeros(before)]
    for a in amplitudes:
        parts += [np.full(length, a), np.zeros(pause)]
    expected = np.concatenate([*parts, np.zeros(10)])
    off = before + len(amplitudes) * (length + pause) - pause
    window = (before * dt, off * dt)
    current = step_series(amplitudes, (expected.size - 1) * dt, dt, window, pause * dt)
    np.testing.assert_array_equal(current, expected)


@given(st.integers(1, 12), st.floats(0.3, 8.0), st.floats(20.0, 60.0))
def test_touching_steps_leave_no_gap(steps, on, off):
    current = step_series(np.arange(1.0, steps + 1), 70.0, 0.1, (on, off))
    np.testing.assert_array_equal(current > 0, step_current(1.0, 70.0, 0.1, (on, off)) > 0)
    inside = current[current > 0]
    assert (np.diff(inside) >= 0).all()
    assert np.ptp(np.bincount(inside.astype(int))[1:]) <= 1


@pytest.mark.parametrize(("start", "end"), [(0.0, 5.0), (3.0, -1.0)])
def test_ramp_is_a_line(start, end):
    current = ramp_current(start, end, 120.0, 0.01, WINDOW)
    assert current.shape == (12001,)
    assert not current[:1000].any()
    assert not current[11000:].any()
    expected = np.linspace(start, end, 10_000, endpoint=False)
    np.testing.assert_allclose(current[1000:11000], expected, atol=1e-12)


def test_ornstein_uhlenbeck_moments_and_memory():
    """Over many currents, so that the standard errors are those of independent numbers."""
    mean, std, tau, dt, n = 1.2, 0.4, 2.0, 0.1, 4000
    onset, later = 10, 110
    lag = round(tau / dt)
    currents = np.array(
        [
            ornstein_uhlenbeck_current(mean, std, tau, 14.0, dt, (1.0, 14.0), seed=seed)
            for seed in range(n)
        ]
    )
    assert not currents[:, :onset].any()
    for i in (onset, later):  # stationary: the first sample as much as a late one
        assert abs(currents[:, i].mean() - mean) < 4 * std / np.sqrt(n)
        assert abs(currents[:, i].std() / std - 1) < 4 / np.sqrt(2 * n)
    for first, steps in ((onset, lag), (later, 1), (later, lag)):
        rho = np.exp(-steps * dt / tau)
        found = np.corrcoef(currents[:, first], currents[:, first + steps])[0, 1]
        assert abs(found - rho) < 4 * (1 - rho**2) / np.sqrt(n)


def test_ornstein_uhlenbeck_does_not_depend_on_the_step():
    """Exact discretization: every fifth sample at a step of tau/10 has the memory of tau/2."""
    coarse, fine = (
        ornstein_uhlenbeck_current(0.0, 1.0, 2.0, 40_000.0, dt, (0.0, 40_000.0), seed=1)[::every]
        for dt, every in ((1.0, 1), (0.2, 5))
    )
    for x in (coarse, fine):
        rho = np.exp(-0.5)
        # standard errors of variance and correlation of n samples of a chain with this memory
        n, memory = x.size, (1 + rho**2) / (1 - rho**2)
        assert abs(x.var() - 1) < 4 * np.sqrt(2 * memory / n)
        assert abs(np.corrcoef(x[1:], x[:-1])[0, 1] - rho) < 4 * np.sqrt((1 - rho**2) / n)


def test_ornstein_uhlenbeck_is_keyed_by_the_seed():
    make = (1.0, 0.5, 3.0, 50.0, 0.1)
    one = ornstein_uhlenbeck_current(*make, (5.0, 30.0), seed=1)
    np.testing.assert_array_equal(one, ornstein_uhlenbeck_current(*make, (5.0, 30.0), seed=1))
    longer = ornstein_uhlenbeck_current(*make, (5.0, 45.0), seed=1)
    np.testing.assert_array_equal(one[:300], longer[:300])
    other = ornstein_uhlenbeck_current(*make, (5.0, 30.0), seed=2)
    assert (one[50:300] != other[50:300]).all()
    steady = ornstein_uhlenbeck_current(1.0, 0.0, 3.0, 50.0, 0.1, (5.0, 30.0), seed=1)
    np.testing.assert_array_equal(steady, step_current(1.0, 50.0, 0.1, (5.0, 30.0)))


@given(st.integers(2, 50), st.sampled_from([1, 2, 5]), st.floats(-1e3, 1e3), st.integers(0, 9))
def test_recording_passes_through_its_samples(n, finer, begin, seed):
    current = np.random.default_rng(seed).normal(size=n)
    time = begin + 0.5 * np.arange(n)
    result = recorded_current(time, current, 0.5 / finer)
    assert result.shape == (finer * (n - 1) + 1,)
    np.testing.assert_allclose(result[::finer], current, atol=1e-9)


def test_recording_at_uneven_times():
    time = np.array([0.0, 0.3, 1.1, 2.04])
    result = recorded_current(time, 2.0 * time - 1.0, 0.1)
    np.testing.assert_allclose(result, np.linspace(-1.0, 3.0, 21), atol=1e-12)


@pytest.mark.parametrize(
    "current",
    [
        step_series([1.0, 3.0, 5.0], 120.0, 0.01, WINDOW, pause=10.0),
        ramp_current(0.0, 5.0, 120.0, 0.01, WINDOW),
        ornstein_uhlenbeck_current(2.0, 1.0, 3.0, 120.0, 0.01, WINDOW, seed=1),
        recorded_current(np.linspace(80.0, 200.0, 601), np.full(601, 3.0), 0.01),
    ],
    ids=["series", "ramp", "fluctuating", "recorded"],
)
def test_drives_the_neuron(current):
    model = HodgkinHuxley(current=current)
    x = model.statistics(model.truth, seed=1)
    assert np.isfinite(x).all()
    assert x[0, 0] >= 1


def window(on, off):
    return lambda: step_current(1.0, 10.0, 0.1, (on, off))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: step_current(1.0, 0.1, 1.0, (0.0, 1.0)), "two samples"),
        (lambda: step_current(1.0, 10.0, 0.0, (0.0, 1.0)), "dt 0.0 ms"),
        (lambda: step_current(1.0, np.nan, 0.1, (0.0, 1.0)), "duration is nan"),
        (window(3.0, 2.0), "window is"),
        (window(3.0, np.nan), "window is"),
        (lambda: step_current(np.nan, 10.0, 0.1, (1.0, 9.0)), "amplitude is nan"),
        (lambda: step_current(1.0, 1e308, 1e-308, (1.0, 9.0)), "up to 1e.09"),
        (lambda: step_series([1.0, np.inf], 10.0, 0.1, (1.0, 9.0)), "amplitude is inf"),
        (lambda: ramp_current(1.0, np.nan, 10.0, 0.1, (1.0, 9.0)), "end is nan"),
        (
            lambda: ornstein_uhlenbeck_current(np.nan, 1, 3, 9.0, 0.1, (1, 9), seed=1),
            "mean is nan",
        ),
        (lambda: recorded_current([0.0, 1.0], np.ma.masked_equal([0, 1], 1), 0.5), "sample 1 is"),
        (lambda: step_series([], 10.0, 0.1, (1.0, 9.0)), "0 steps"),
        (lambda: step_series([1.0, 2.0], 10.0, 0.1, (1.0, 9.0), pause=8.0), "would last 0 ms"),
        (lambda: step_series([1.0, 2.0], 10.0, 0.1, (1.0, 9.0), pause=-1.0), "pauses of -1.0"),
        (lambda: ornstein_uhlenbeck_current(1, -1, 3, 10.0, 0.1, (1, 9), seed=1), "std is -1"),
        (lambda: ornstein_uhlenbeck_current(1, 1, 0, 10.0, 0.1, (1, 9), seed=1), "tau 0 ms"),
        (lambda: recorded_current(np.arange(3.0), np.zeros(4), 0.1), r"\(3,\) and \(4,\)"),
        (lambda: recorded_current([0.0], [1.0], 0.1), r"\(1,\) and \(1,\)"),
        (lambda: recorded_current([0.0, np.nan], [1.0, 1.0], 0.1), "sample 1 is nan ms"),
        (lambda: recorded_current([0.0, 1.0], [np.inf, 1.0], 0.1), "sample 0 is 0.0 ms, inf"),
        (lambda: recorded_current([0.0, 2.0, 2.0], np.zeros(3), 0.1), "from 2.0 to 2.0 ms"),
        (lambda: recorded_current([0.0, 1.0], [0.0, 1.0], 5.0), "two samples"),
    ],
)
def test_says_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
