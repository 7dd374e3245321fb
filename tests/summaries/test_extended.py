"""Timing, shape and autocorrelation against slow definitions, and where they are undefined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.summaries import STATISTIC_NAMES, Extended, spike_times, voltage_statistics

DT = 0.125
WINDOW = (2.5, 45.0)
EXTENDED = Extended(lags=(0.25, 1.0))
TIMING = ("latency", "isi_mean", "isi_cv", "adaptation")
SHAPE = ("spike_threshold", "spike_height", "spike_width", "ahp_depth")
SPIKE = [-65.0, -63.0, -60.0, -55.0, -40.0, 0.0, 30.0, 20.0, -20.0, -60.0, -80.0, -75.0, -70.0]
"""Begins at its second sample, peaks at its seventh, has its trough at its eleventh."""
RESTING = pytest.mark.filterwarnings("ignore:a voltage rests")


def trace(*starts):
    """A silent trace with a `SPIKE` at each of the given samples."""
    voltage = np.full(400, -65.0)
    for start in starts:
        voltage[start : start + len(SPIKE)] = SPIKE[: len(voltage) - start]
    return voltage


def named(voltage, extended=EXTENDED, dt=DT, window=WINDOW):
    return dict(zip(extended.names, extended(voltage, dt, window)[0].tolist(), strict=True))


def slow_timing(times, window):
    step = window[1] - window[0]
    isi = np.diff(times)
    cv, trend = 0.0, 0.0
    if len(isi) > 1:
        cv = isi.std(ddof=1) / isi.mean()
        trend = (np.diff(isi) / (isi[1:] + isi[:-1])).mean()
    return (
        times[0] - window[0] if len(times) else step,
        isi.mean() if len(isi) else step,
        cv,
        trend,
    )


def slow_shape(voltage, dt, window, times):
    """Each spike by searches over whole arrays, with crossings from np.interp."""
    inside = np.flatnonzero(
        (np.arange(len(voltage)) * dt > window[0]) & (np.arange(len(voltage)) * dt < window[1])
    )
    fast = np.gradient(voltage, dt) > 10
    places = times / dt + 1e-9
    peaks = 1 + np.flatnonzero((voltage[1:-1] >= voltage[:-2]) & (voltage[1:-1] > voltage[2:]))
    low, rows = inside[0], []
    for place, stop in zip(places, np.append(places, inside[-1] + 1)[1:].astype(int), strict=True):
        peak = peaks[np.argmin(abs(peaks - place - 0.25))]
        starts = [i for i in range(low, peak - 3) if not fast[i] and fast[i + 1 : i + 4].all()]
        low = peak + np.argmin(voltage[peak : max(stop, peak + 1)])
        if not starts:
            continue
        begin = starts[-1] + 1
        half = (voltage[begin] + voltage[peak]) / 2
        if max(voltage[begin], voltage[low]) >= half:
            continue
        rise = max(i for i in range(begin, peak) if voltage[i] < half)
        fall = min(i for i in range(peak, low + 1) if voltage[i] < half)
        up = np.interp(half, voltage[rise : rise + 2], [rise, rise + 1])
        down = np.interp(half, voltage[[fall, fall - 1]], [fall, fall - 1])
        height, depth = voltage[peak] - voltage[begin], voltage[begin] - voltage[low]
        rows.append((voltage[begin], height, (down - up) * dt, depth))
    return np.mean(rows, axis=0) if rows else (voltage[inside].max(), 0, 0, 0)


def slow_autocorrelation(voltage, dt, window, lag):
    time = np.arange(len(voltage)) * dt
    d = voltage[(time > window[0]) & (time < window[1])]
    d = d - d.mean()
    steps = round(lag / dt)
    return (d[:-steps] * d[steps:]).mean() / d.var() if d.any() else np.nan


@RESTING
@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from([-80.0, -62.0, -60.0, -58.0, -50.0, -20.0, -9.0, 0.0, 5.0, 30.0]),
        min_size=60,
        max_size=160,
    ),
    st.booleans(),
)
def test_slow_definitions(voltage, ramp):
    voltage = np.array(voltage)
    if ramp:  # slopes that last for samples
        voltage = np.interp(np.arange(0, len(voltage), 0.25), np.arange(len(voltage)), voltage)
    window = (2.5, 7.0)
    x = named(voltage, window=window)
    times = spike_times(voltage, DT, window)
    np.testing.assert_array_equal(
        [x[n] for n in STATISTIC_NAMES], voltage_statistics(voltage, DT, window)[0]
    )
    np.testing.assert_allclose([x[n] for n in TIMING], slow_timing(times, window), atol=1e-12)
    np.testing.assert_allclose(
        [x[n] for n in SHAPE], slow_shape(voltage, DT, window, times), atol=1e-12
    )
    for lag in EXTENDED.lags:
        slow = slow_autocorrelation(voltage, DT, window, lag)
        assert x[f"autocorrelation_{lag:g}ms"] == pytest.approx(slow, abs=1e-10, nan_ok=True)


def test_one_spike_by_hand():
    x = named(trace(100))
    assert x["latency"] == 106 * DT - 2.5  # the vertex lies a quarter of a sample later
    assert (x["isi_mean"], x["isi_cv"], x["adaptation"]) == (42.5, 0.0, 0.0)
    assert (x["spike_threshold"], x["spike_height"], x["ahp_depth"]) == (-63.0, 93.0, 17.0)
    # half is -16.5 mV: 23.5 of 40 mV above the fifth sample, 36.5 of 40 mV below the eighth
    assert x["spike_width"] == pytest.approx((7 + 36.5 / 40 - 4 - 23.5 / 40) * DT)


def test_a_silent_trace_is_kept_for_training():
    quiet = np.full(400, -65.0)
    quiet[200] = -60.0
    x = named(quiet)
    assert [x[n] for n in TIMING] == [42.5, 42.5, 0.0, 0.0]
    assert [x[n] for n in SHAPE] == [-60.0, 0.0, 0.0, 0.0]
    assert np.isfinite(list(x.values())).all()


def test_only_a_constant_voltage_has_nan():
    x = named(np.full(400, -65.0))
    undefined = {n for n, value in x.items() if np.isnan(value)}
    assert undefined == {"skewness", "kurtosis", "autocorrelation_0.25ms", "autocorrelation_1ms"}


def test_two_three_and_four_spikes():
    two, three, four = (named(trace(*s)) for s in ((50, 90), (50, 90, 170), (50, 90, 170, 290)))
    assert [two[n] for n in TIMING[1:]] == [5.0, 0.0, 0.0]
    assert three["isi_mean"] == 7.5
    assert three["isi_cv"] == pytest.approx(np.std([5, 10], ddof=1) / 7.5)
    assert three["adaptation"] == pytest.approx(1 / 3)
    assert four["adaptation"] == pytest.approx((1 / 3 + 1 / 5) / 2)


@pytest.mark.parametrize("start", [16, 18, 20])
def test_a_spike_that_the_onset_cuts(start):
    x, whole, both = (named(trace(*s)) for s in ((start,), (200,), (start, 200)))
    assert x["spike_count"] == 1
    assert [x[n] for n in SHAPE] == [30.0, 0.0, 0.0, 0.0]
    assert [both[n] for n in SHAPE] == [whole[n] for n in SHAPE]


def test_a_spike_that_the_end_cuts():
    peak_last, falling, fallen = (named(trace(360 - k)) for k in (7, 8, 9))
    for x in (peak_last, falling):
        assert x["spike_count"] == 1
        assert [x[n] for n in SHAPE] == [30.0, 0.0, 0.0, 0.0]
    assert fallen["spike_height"] == 93.0
    assert fallen["ahp_depth"] == -43.0  # the lowest voltage until the end, on the way down


def test_a_peak_on_the_first_sample_after_the_step():
    # marked one sample before the end, which is no longer in the window
    x = named(trace(354), dt=0.025, window=(0.5, 9.0))
    assert x["spike_count"] == 1
    assert x["latency"] == pytest.approx(359 * 0.025 - 0.5)
    assert [x[n] for n in SHAPE] == [0.0, 0.0, 0.0, 0.0]


@given(st.integers(0, 2000), st.integers(0, 10))
def test_time_has_no_origin(shift, seed):
    rng = np.random.default_rng(seed)
    voltage = trace(*(30 + 20 * np.flatnonzero(rng.random(17) < 0.4))) + rng.normal(0, 0.1, 400)
    later = np.concatenate([np.full(shift, -65.0), voltage])
    x = EXTENDED(voltage, DT, WINDOW)[0]
    moved = EXTENDED(later, DT, (WINDOW[0] + shift * DT, WINDOW[1] + shift * DT))[0]
    np.testing.assert_allclose(moved[7:], x[7:], atol=1e-12)


@RESTING
@given(st.floats(0.01, 100.0), st.floats(-50.0, 50.0), st.integers(0, 10))
def test_autocorrelation_has_no_unit(scale, offset, seed):
    voltage = np.random.default_rng(seed).normal(0, 1, 400).cumsum()
    x, y = EXTENDED(np.array([voltage, scale * voltage + offset]), DT, WINDOW)
    np.testing.assert_allclose(y[15:], x[15:], rtol=1e-6, atol=1e-6)


@RESTING
def test_autocorrelation_of_a_sine_is_its_cosine():
    time = 0.01 * np.arange(12001)
    extended = Extended(lags=(2.5, 5.0, 10.0))
    x = named(np.sin(2 * np.pi * time / 10), extended, 0.01, (10.0, 110.0))
    found = [x[f"autocorrelation_{lag:g}ms"] for lag in extended.lags]
    # ten periods, of which a lag leaves out a part
    np.testing.assert_allclose(found, [0.0, -1.0, 1.0], atol=0.02)


@RESTING
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_roughness_tells_the_noise_and_not_the_spikes(dtype):
    """A second difference of white noise has variance 6 s², its size the median 0.6745 √6 s."""
    extended = Extended(roughness=True)
    noise = 0.3 * np.random.default_rng(5).standard_normal((1, 40_000))
    signal = 20 * np.sin(np.arange(40_000) / 300)
    signal[::800] += 90
    found = [extended((v + noise).astype(dtype), 0.01, (50.0, 350.0))[0, -1] for v in (0, signal)]
    np.testing.assert_allclose(found, 0.6745 * 6**0.5 * 0.3, rtol=0.03)
    assert extended.names[:-1] == Extended().names
    assert dict(zip(extended.names, extended.units, strict=True))["roughness"] == "mV"


@RESTING
@given(st.integers(13, 60), st.integers(0, 2**32))
def test_roughness_is_the_median_over_the_samples_of_the_step(samples, seed):
    rng = np.random.default_rng(seed)
    v = rng.normal(-65, 5, (2, samples + 1))
    last = rng.integers(13, samples + 1)
    x = Extended((), roughness=True)(v, 1.0, (10.0, float(last)))
    slow = [
        np.median([abs(row[t - 1] - 2 * row[t] + row[t + 1]) for t in range(11, last)])
        for row in v
    ]
    np.testing.assert_allclose(x[:, -1], slow, rtol=1e-12)
    np.testing.assert_array_equal(x[:, :-1], Extended(())(v, 1.0, (10.0, float(last))))


def test_names_units_and_shapes():
    assert Extended().names[:7] == STATISTIC_NAMES
    assert len(Extended().units) == len(Extended().names) == 20
    assert dict(zip(EXTENDED.names, EXTENDED.units, strict=True))["spike_width"] == "ms"
    assert Extended([1, 2]) == Extended((1.0, 2.0))
    voltage = np.array([trace(50), trace(80)])
    x = EXTENDED(voltage, DT, WINDOW)
    assert x.shape == (2, 17)
    np.testing.assert_array_equal(EXTENDED(voltage[1], DT, WINDOW), x[1:])
    assert Extended(lags=())(voltage, DT, WINDOW).shape == (2, 15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Extended(lags=(1.0, 1.0)), "expected different ones"),
        (lambda: Extended(lags=(0.05,))(trace(), DT, WINDOW), r"half a step of 0\.125 ms"),
        (lambda: Extended(lags=(42.5,))(trace(), DT, WINDOW), r"less than the window of 42\.5 ms"),
        (lambda: Extended(lags=(np.nan,))(trace(), DT, WINDOW), "lags are"),
        (lambda: EXTENDED(np.zeros((2, 2, 9)), DT, WINDOW), r"expected \(n, time\)"),
        (lambda: EXTENDED(trace(), DT, (2.5, 60.0)), "window is"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
