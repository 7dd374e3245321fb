"""The live widget redraws, quickly, once, and says what went wrong."""

import asyncio
import time as clock
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mechfit.figures import live_trace
from mechfit.figures.live import trace_svg

LABELS = ["ḡ_Na (mS/cm²)", "E_l (mV)"]
LIMITS = [[0.0, 80.0], [-100.0, -40.0]]
TIME = np.arange(12001) * 0.01


def rest(theta):
    return TIME, theta[1] + theta[0] * np.sin(TIME)


def test_moving_a_slider_redraws():
    box = live_trace(rest, LABELS, [10.0, -70.0], LIMITS)
    picture, first, second = box.children
    assert [s.description for s in (first, second)] == LABELS
    before = picture.value
    first.value = 20.0
    middle = picture.value
    second.value = -60.0
    assert len({before, middle, picture.value}) == 3
    assert "ḡ_Na 20 mS/cm², E_l −60 mV" in picture.value


def test_a_redraw_is_fast():
    box = live_trace(rest, LABELS, [10.0, -70.0], LIMITS)
    slider = box.children[1]
    took = []
    for value in np.linspace(1, 79, 20):
        start = clock.perf_counter()
        slider.value = float(value)
        took.append(clock.perf_counter() - start)
    assert np.median(took) < 0.05


def test_events_do_not_pile_up():
    calls = []

    def simulate(theta):
        calls.append(theta.copy())
        return rest(theta)

    async def drag():
        box = live_trace(simulate, LABELS, [10.0, -70.0], LIMITS)
        calls.clear()
        for value in range(11, 61):
            box.children[1].value = float(value)
        await asyncio.sleep(0.4)
        return box.children[0].value

    picture = asyncio.run(drag())
    assert len(calls) == 1
    assert calls[0][0] == 60
    assert "ḡ_Na 60 mS/cm²" in picture


def test_the_simulators_error_is_told():
    def simulate(theta):
        if theta[0] > 50:
            raise RuntimeError("g_Na <too> large")
        return rest(theta)

    box = live_trace(simulate, LABELS, [10.0, -70.0], LIMITS)
    picture, slider, _ = box.children
    slider.value = 60.0
    assert 'role="alert"' in picture.value
    assert "RuntimeError: g_Na &lt;too&gt; large" in picture.value
    slider.value = 40.0
    assert picture.value.startswith("<svg")


def test_a_voltage_that_is_no_number_is_told():
    box = live_trace(lambda theta: (TIME, TIME * np.nan), LABELS, [1.0, -70.0], LIMITS)
    assert "non-finite" in box.children[0].value


def test_the_picture_is_small_and_accessible():
    noisy = -70 + np.random.default_rng(0).normal(size=TIME.size)
    noisy[5000] = 90.0
    text = trace_svg(TIME, noisy, label='"<b>')
    svg = ET.fromstring(text)
    assert svg.get("role") == "img"
    assert "to 90 mV" in svg.get("aria-label")
    points = svg.find("polyline").get("points").split()
    assert len(points) <= 400
    assert min(float(p.split(",")[1]) for p in points) == pytest.approx(8, abs=0.1)
    assert len(text) < 8000
    assert "currentColor" in text


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match=r"values have shape \(1,\)"):
        live_trace(rest, LABELS, [1.0], LIMITS)
    with pytest.raises(ValueError, match="within its limits"):
        live_trace(rest, LABELS, [100.0, -70.0], LIMITS)
