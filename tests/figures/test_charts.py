"""Every chart renders, says what it shows, fits the page and stays small."""

import json

import altair as alt
import numpy as np
import pytest

from book.figures.parameter_explorer import parameter_explorer
from mechfit import figures
from tests.figures.drawing import drawn

FULL_PAGE = 720
LIMIT_BYTES = 300_000
TITLE = "What the reader should see"


def spec_of(chart: alt.LayerChart) -> dict:
    """The specification as the page gets it, validated against the schema."""
    return chart.to_dict()


@pytest.fixture(scope="module")
def charts(time, trace, theta, labels, limits):
    rng = np.random.default_rng(2)
    stats = rng.normal(size=(200, 7)) * 3 + 5
    names = [f"statistic {k}" for k in range(7)]
    few = np.stack([np.roll(trace, 40 * k) for k in range(60)])
    sizes = np.arange(7)
    grid = np.broadcast_to(trace, (7, 7, 7, len(time)))
    sliders = {label: sizes * 0.1 for label in labels[:3]}
    return {
        "traces": figures.traces(
            time, {"seen": trace, "said": few[3]}, title=TITLE, stimulus=time
        ),
        "pairplot": figures.pairplot(
            theta, labels, limits, title=TITLE, points={"mode": theta[1], "truth": theta[0]}
        ),
        "samples": figures.samples_to_traces(
            theta[:60], labels, few, time, title=TITLE, observed=trace, limits=limits
        ),
        "explorer": parameter_explorer(
            sliders, time, grid, title=TITLE, start=(3, 3, 3), description="Sliders. " * 5
        ),
        "predictive": figures.predictive(
            stats[:100], stats, stats[0], names, title=TITLE, units=["mV"] * 7
        ),
        "history": figures.history(
            np.linspace(3, 1, 90), np.linspace(3, 2, 90) ** 2, title=TITLE, best=88
        ),
    }


NAMES = ["traces", "pairplot", "samples", "explorer", "predictive", "history"]


@pytest.mark.parametrize("name", NAMES)
def test_it_renders_within_the_page(charts, name):
    svg = drawn(spec_of(charts[name]))
    width = float(svg.split('width="')[1].split('"')[0])
    assert 300 < width <= FULL_PAGE
    assert "NaN" not in svg
    assert "undefined" not in svg
    assert TITLE in svg


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_text_alternative(charts, name):
    spec = spec_of(charts[name])
    assert len(spec["description"]) > 40
    assert TITLE in json.dumps(spec["title"])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small(charts, name):
    assert len(charts[name].to_json(indent=None).encode()) < LIMIT_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_colors_come_from_the_palette(charts, name):
    allowed = {getattr(figures, c).upper() for c in ("PRIOR", "POSTERIOR", "SAMPLE", "PATH")}
    allowed |= {figures.BROKEN.upper()}
    spec = spec_of(charts[name])
    text = json.dumps({k: v for k, v in spec.items() if k not in ("datasets", "config")})
    found = {w[:7].upper() for w in text.split('"') if w.startswith("#")}
    assert found <= allowed


def contrast(a: str, b: str) -> float:
    def luminance(color: str) -> float:
        parts = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["PRIOR", "POSTERIOR", "SAMPLE", "PATH", "BROKEN"])
@pytest.mark.parametrize("background", ["#FFFFFF", "#14181e"])
def test_colors_are_seen_on_light_and_dark_pages(name, background):
    assert contrast(getattr(figures, name), background) >= 3


def test_importing_enables_the_theme():
    assert alt.theme.active == "mechfit"
    assert alt.renderers.active == "mechfit"


def test_roles_differ_in_more_than_color():
    roles = figures.ROLES.values()
    assert len({r.color for r in roles}) == 6
    drawn = [figures.ROLES[n] for n in ("observed", "sample", "broken", "path")]
    assert len({r.dash for r in drawn}) == len({r.shape for r in drawn}) == 4


def test_every_click_has_a_slider(charts):
    spec = spec_of(charts["samples"])
    chosen = next(p for p in spec["params"] if p["name"] == "chosen")
    bind = chosen["bind"] if "input" in chosen["bind"] else chosen["bind"]["sample"]
    assert bind == {"input": "range", "min": 1, "max": 60, "step": 1, "name": "sample number"}
    assert chosen["value"] == [{"sample": 1}]
    assert "Click a sample" in spec["description"]
    menus = [p for p in spec["params"] if p.get("bind", {}).get("input") == "select"]
    assert [len(m["bind"]["options"]) for m in menus] == [8, 8]


def test_sliders_step_through_the_real_values(charts, labels):
    spec = spec_of(charts["explorer"])
    bind = [p["bind"] for p in spec["params"] if "bind" in p]
    assert [b["name"] for b in bind] == labels[:3]
    for b in bind:
        assert (b["max"] - b["min"]) / b["step"] == pytest.approx(6)


def test_a_title_is_demanded(time, trace):
    with pytest.raises(ValueError, match="title is empty"):
        figures.traces(time, {"a": trace}, title=" ")


def test_quotes_and_odd_words_survive(time, trace):
    name = 'it\'s "odd" \\ 100 %'
    chart = figures.traces(time, {name: trace}, title=f"The cell's τ: {name}")
    svg = drawn(chart)
    assert "it's" in svg
    assert "cell's τ" in svg
