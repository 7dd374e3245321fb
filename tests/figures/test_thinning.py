"""Thinning keeps spikes; text keeps numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mechfit.figures import thin
from mechfit.figures.encoding import decode, encode
from mechfit.figures.parts import axes, coded_trace
from mechfit.figures.theme import ROLES
from mechfit.summaries.thinning import thin_together
from tests.figures.drawing import drawn

volts = arrays(float, st.integers(2, 3000), elements=st.floats(-100, 60))


@settings(deadline=None)
@given(volts, st.integers(4, 400))
def test_thin_keeps_extremes_and_ends(voltage, points):
    time = np.arange(len(voltage)) * 0.01
    t, v = thin(time, voltage, points)
    assert len(t) == len(v) <= max(points, 4)
    assert v.max() == voltage.max()
    assert v.min() == voltage.min()
    assert (t[0], t[-1]) == (time[0], time[-1])
    assert np.all(np.diff(t) > 0)
    assert np.array_equal(v, voltage[np.searchsorted(time, t)])


def test_every_spike_keeps_its_height(time, trace):
    t, v = thin(time, trace)
    assert len(t) <= 400
    for at in np.arange(15, 105, 18):
        near, kept = abs(time - at) < 1, abs(t - at) < 1
        assert v[kept].max() == trace[near].max()


def test_traces_on_one_grid_keep_their_peaks(time, trace):
    many = np.stack([trace, np.roll(trace, 777), -70 + 0 * trace])
    t, v = thin_together(time, many, 360)
    assert v.shape == (3, 360)
    assert v.max(1) == pytest.approx(many.max(1))
    assert np.allclose(np.diff(t), t[1] - t[0])
    assert np.interp(t, time, time) == pytest.approx(t)
    moved = abs(t[v[0].argmax()] - time[trace.argmax()])
    assert moved <= 1.5 * (t[1] - t[0]) + 0.011


@pytest.mark.parametrize("interval", [7.0, 10.0, 14.0])
def test_a_burst_is_no_plateau_when_bins_hold_whole_spikes(interval):
    """Spikes of 1 ms from -45 to 20 mV for 300 ms, at 7.5 ms a point: once drawn as a plateau."""
    t = np.arange(0.0, 3000.0, 0.05)
    firing = (t > 1000) & (t < 1300)
    spikes = 65 * np.exp(-0.5 * (((t + interval / 2) % interval - interval / 2) / 0.4) ** 2)
    v = np.where(firing, -45 + spikes, -60.0)
    time, thinned = thin_together(t, v, 400)
    inside = thinned[(time > 1020) & (time < 1280)]
    peaks, troughs = inside.max(), inside.min()
    assert peaks == pytest.approx(20, abs=0.1)
    assert troughs == pytest.approx(-45, abs=0.1)
    high = inside > -12.5
    longest = max(len(run) for run in "".join("01"[int(h)] for h in high).split("0"))
    assert longest <= 2  # points on end; a plateau had nearly all of them


def test_a_smooth_ramp_stays_smooth(time):
    ramp = 0.5 * time - 90
    t, v = thin_together(time, ramp[None])
    assert v[0] == pytest.approx(0.5 * t - 90, abs=0.02)


@given(arrays(float, st.integers(1, 50), elements=st.floats(-120, 80)))
def test_a_text_keeps_the_numbers(values):
    low, high = values.min(), values.max()
    text = encode(values, low, high)
    alphabet = {c: k for k, c in enumerate(decode("t", "i", 0, 1).split("'")[1])}
    steps = [alphabet[a] * 64 + alphabet[b] for a, b in zip(text[::2], text[1::2], strict=True)]
    back = low + np.array(steps) * (high - low) / 4095
    assert np.abs(back - values).max() <= (high - low) / 8190 + 1e-9


def test_the_page_reads_the_text_back():
    import altair as alt

    values = np.array([-70.0, 40.0, -90.0, -55.5])
    rows = [{"k": 0, "v": encode(values, -90.0, 40.0)}]
    mark = coded_trace(
        alt.Chart(alt.Data(values=rows)), np.arange(4.0), -90.0, 40.0, ROLES["sample"]
    )
    chart = mark.encode(**axes((0, 3), (-90, 40))).properties(width=300, height=130)
    svg = drawn(chart)
    path = next(p for p in svg.split('d="') if p.startswith("M0,") and p.count("L") == 3)
    points = [tuple(map(float, p.split(","))) for p in path.split('"')[0][1:].split("L")]
    assert [x for x, _ in points] == pytest.approx([0, 100, 200, 300], abs=0.01)
    assert [40 - y for _, y in points] == pytest.approx(values, abs=0.02)


@pytest.mark.parametrize("function", [thin, thin_together])
def test_wrong_traces_are_refused(function):
    t = np.arange(10.0)
    with pytest.raises(ValueError, match="expected at least 4"):
        function(t, t, 3)
    with pytest.raises(ValueError, match="increasing"):
        function(t[::-1], t)
    with pytest.raises(ValueError, match=r"voltage has shape \(9,\), expected"):
        function(t, t[:9])
    with pytest.raises(ValueError, match="non-finite"):
        function(t, t * np.nan)


def test_thin_takes_one_trace():
    with pytest.raises(ValueError, match=r"shape \(2, 10\), expected \(10,\)"):
        thin(np.arange(10.0), np.zeros((2, 10)))
