"""Statistics against slow definitions written as the authors wrote them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mechfit.summaries import features, moments, spike_times, voltage_statistics

RESTING = pytest.mark.filterwarnings("ignore:a voltage rests")


def authors_spikes(voltage, dt, t_on, t_off):
    """The published procedure, step by step in numpy."""
    time = np.arange(len(voltage)) * dt
    w = voltage.copy()
    w[w < -10] = -10
    w[np.flatnonzero(np.diff(w) < 0)] = -10
    times = time[np.flatnonzero(np.diff(w) < 0)]
    times = times[(times > t_on) & (times < t_off)]
    return times[np.diff(times, prepend=-np.inf) > 0.5]


@RESTING
@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([-70.0, -10.0, -9.0, 0.0, 5.0, 30.0]), min_size=30, max_size=80),
    st.sampled_from([0.01, 0.02, 0.025]),
)
def test_spikes_follow_the_published_procedure(voltage, dt):
    voltage = np.array(voltage)
    window = (5 * dt, 25 * dt)
    np.testing.assert_array_equal(
        spike_times(voltage, dt, window), authors_spikes(voltage, dt, *window)
    )


@given(st.lists(st.floats(-90, 40), min_size=5, max_size=60))
def test_moments_follow_scipy(voltage):
    voltage = np.array(voltage)
    mean, variance, skewness, kurtosis = moments(voltage)
    assert mean == pytest.approx(voltage.mean(), abs=1e-9)
    assert variance == pytest.approx(voltage.var(), abs=1e-9)
    if variance > 1e-6:
        assert skewness == pytest.approx(stats.skew(voltage), rel=1e-6, abs=1e-6)
        assert kurtosis == pytest.approx(stats.kurtosis(voltage, fisher=False), rel=1e-6)


def test_constant_voltage_has_no_skewness():
    x = voltage_statistics(np.full(500, -70.0), 0.1, (10.0, 40.0))[0]
    np.testing.assert_array_equal(x[:5], [0.0, -70.0, 0.0, -70.0, 0.0])
    assert np.isnan(x[5:]).all()


def test_windows():
    voltage = np.arange(1000.0) - 1100.0
    x = voltage_statistics(voltage, 0.1, (20.0, 80.0))[0]
    assert x[1] == voltage[:200].mean()
    assert x[2] == pytest.approx(voltage[180:200].std())
    assert x[3] == voltage[201:800].mean()


def test_feature_sets():
    assert features(1) == ("spike_count",)
    assert features(7)[:4] == features(4)
    with pytest.raises(ValueError, match="expected 1, 4 or 7"):
        features(3)
    with pytest.raises(ValueError, match=r"expected \(time,\)"):
        spike_times(np.zeros((2, 3)), 0.1)
