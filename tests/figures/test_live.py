"""The live widget redraws, quickly, once, and says what went wrong."""

import asyncio
import time as clock
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mechfit.figures import live, live_choice, live_path, live_trace
from mechfit.figures.live import NO_KERNEL
from mechfit.figures.svg import curves_svg, marginals_svg, raster_svg, trace_svg

LABELS = ["ḡ_Na (mS/cm²)", "E_l (mV)"]
LIMITS = [[0.0, 80.0], [-100.0, -40.0]]
TIME = np.arange(12001) * 0.01


def rest(theta):
    return TIME, theta[1] + theta[0] * np.sin(TIME)


def test_moving_a_slider_redraws():
    box = live_trace(rest, LABELS, [10.0, -70.0], LIMITS)
    picture, first, second, _ = box.children
    assert [s.description for s in (first, second)] == ["ḡ_Na (mS/cm²)", "E_l (mV)"]
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
    picture, slider, *_ = box.children
    slider.value = 60.0
    assert 'role="alert"' in picture.value
    assert "RuntimeError: g_Na &lt;too&gt; large" in picture.value
    slider.value = 40.0
    assert picture.value.startswith("<svg")


def test_a_first_picture_that_cannot_be_drawn_fails_at_once():
    with pytest.raises(ValueError, match="non-finite"):
        live_trace(lambda theta: (TIME, TIME * np.nan), LABELS, [1.0, -70.0], LIMITS)


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


def test_sliders_come_back_to_where_they_began():
    box = live(lambda p: "", ["a", "b"], [0.1005, 50.0], [[0.0, 0.15], [50.0, 60.0]])
    first, second = box.children[1:3]
    steps = (0.1005 - first.min) / first.step
    assert steps == pytest.approx(round(steps), abs=1e-9)
    assert first.step == pytest.approx(0.0015, rel=0.02)
    assert second.step == pytest.approx(0.1)


def test_warnings_are_told_below_the_picture():
    def draw(values):
        if values[0] > 5:
            warnings.warn("x_o is <unlike> all", stacklevel=1)
        return "<svg></svg>"

    box = live(draw, ["a"], [1.0], [[0.0, 9.0]])
    assert box.children[0].value == "<svg></svg>"
    box.children[1].value = 6.0
    assert '<p role="status">x_o is &lt;unlike&gt; all.</p>' in box.children[0].value


def test_a_sentence_stands_where_there_is_no_kernel():
    bundle = live(lambda p: "", ["a"], [1.0], [[0.0, 9.0]])._repr_mimebundle_()
    assert bundle["text/html"] == f"<p>{NO_KERNEL}</p>"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_walk_along_a_path_tells_the_parameters():
    path = [[10.0, -70.0], [20.0, -70.0], [20.0, -50.0]]
    seen = []

    def simulate(theta):
        seen.append(theta)
        return rest(theta)

    box = live_path(simulate, path, LABELS)
    picture, slider = box.children[:2]
    slider.value = 75.0
    np.testing.assert_allclose(seen[0], [10, -70])
    np.testing.assert_allclose(seen[-1], [20, -60])
    assert "75 % of the way" in picture.value
    assert "E<sub>l</sub> −60 mV" in picture.value


def test_boxes_choose():
    box = live_choice(lambda some: ",".join(some), ["a", "b", "c"], ["a"])
    box.children[3].value = True
    assert box.children[0].value == "a,c"
    with pytest.raises(ValueError, match="expected some of"):
        live_choice(lambda some: "", ["a"], ["z"])


def test_several_traces_have_rows_and_names():
    svg = ET.fromstring(trace_svg(TIME, [TIME * 0 - 60, TIME * 0 - 50], names=["AB", "LP"]))
    assert len(svg.findall("polyline")) == 2
    assert {"AB", "LP"} <= {text.text for text in svg.findall("text")}
    assert "AB from −60 mV" in svg.get("aria-label")
    with pytest.raises(ValueError, match=r"expected \(c, t\)"):
        trace_svg(TIME, TIME, names=["a", "b"])


def test_marginals_stand_where_the_samples_are():
    samples = np.random.default_rng(1).normal([20.0, -70.0], [1.0, 3.0], (500, 2))
    svg = ET.fromstring(marginals_svg(samples, LABELS, LIMITS, truth=[20.0, -70.0], label="x"))
    shapes = [p for p in svg.findall("path") if p.get("fill-opacity")]
    points = np.array([p.split() for p in shapes[0].get("d")[1:].split("V")[0].split("L")], float)
    peak = points[points[:, 1].argmin(), 0]
    assert (peak - 8) / (640 / 4 - 16) == pytest.approx(20 / 80, abs=0.03)
    assert "ḡ_Na 18.4 to 21.5 mS/cm²" in svg.get("aria-label")
    named = [text for text in svg.findall("text") if text.find("tspan") is not None]
    assert ["".join(text.itertext()) for text in named] == LABELS
    assert [text.find("tspan[@class='sub']").text for text in named] == ["Na", "l"]


def test_a_raster_is_small():
    rng = np.random.default_rng(1)
    text = raster_svg(rng.uniform(0, 500, 50_000), rng.integers(0, 1000, 50_000), 1000, 500.0)
    assert len(text) < 80_000
    assert "100 a second each" in ET.fromstring(text).get("aria-label")
    assert "0 a second" in raster_svg([], [], 10, 100.0)


def test_curves_and_dots_stand_where_their_values_are():
    x, axes = np.linspace(-4, 4, 9), {"across": "stimulus", "up": "share"}
    rise = {"observer": np.linspace(0, 1, 9), "mean": np.full(9, 2.0)}
    svg = ET.fromstring(curves_svg(x, rise, (0, 1), **axes, dots=[[0.0, 0.5, 4], [4, 1, 16]]))
    first, second = (
        np.array([p.split(",") for p in line.get("points").split()], float)
        for line in svg.findall("polyline")
    )
    circles = [[float(c.get(k)) for k in ("cx", "cy", "r")] for c in svg.findall("circle")]
    assert circles[0][:2] == pytest.approx(first[4], abs=0.11)
    assert circles[1][:2] == pytest.approx(first[-1], abs=0.11)
    assert circles[1][2] == pytest.approx(2 * circles[0][2], rel=0.05)
    assert second[:, 1] == pytest.approx(first[-1, 1])  # beyond the reach, at its end
    assert "share against stimulus, −4 to 4: observer from 0 to 1" in svg.get("aria-label")
    with pytest.raises(ValueError, match="1 to 3"):
        curves_svg(x, {}, (0, 1), **axes)
    with pytest.raises(ValueError, match=r"mean has shape \(8,\), expected \(9,\)"):
        curves_svg(x, {"mean": x[1:]}, (0, 1), **axes)


def test_the_reach_of_a_picture_is_given():
    flat = [ET.fromstring(trace_svg(TIME, TIME * 0, reach=r)) for r in [(0, 40), (-40, 40)]]
    first, second = (
        float(svg.find("polyline").get("points").split(",")[1].split()[0]) for svg in flat
    )
    assert first > second
