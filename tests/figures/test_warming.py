"""The slider finds the nearest temperature; the share, the marks and the voltages are its own."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import BROKEN, PATH, SAMPLE, Warmed, warming
from tests.figures import drawing

TITLE = "What the reader should see"
TIME = np.arange(0.0, 500.0, 0.5)
CHANNELS = ["AB/PD", "LP", "PY"]
WARM = np.array([11.0, 15.0, 19.0, 23.0, 27.0])
SHARE = np.array([1.0, 0.9, 0.6, 0.25, 0.0])
LOW, HIGH = np.maximum(SHARE - 0.1, 0), np.minimum(SHARE + 0.05, 1)


def circuit(limit: float) -> Warmed:
    """Works below the limit; its voltages rise by 5 mV with each temperature."""
    levels = (-60 + 5 * np.arange(len(WARM)))[:, None, None]
    voltage = levels + np.zeros((1, 3, 1)) + 2 * np.sin(TIME / 20)
    return Warmed(voltage, limit > WARM)


CIRCUITS = {"cool": circuit(16.0), 'it\'s "hot"': circuit(40.0)}


def spec_of(**change) -> dict:
    given = {"temperatures": WARM, "share": SHARE, "low": LOW, "high": HIGH}
    given |= {"circuits": CIRCUITS, "time": TIME, "title": TITLE, "channels": CHANNELS}
    return warming(**{**given, **change}).to_dict()


def drawn(warmth: float, chosen: int = 0, page: int = 630) -> str:
    return drawing.drawn(spec_of(), page, warmth=warmth, chosen=chosen)


def points(svg: str, color: str) -> list[tuple[float, float]]:
    marks = re.findall(
        r'<path [^>]*transform="translate\(([-\d.]+),([-\d.]+)\)[^"]*" d="[^"]*" fill="([^"]+)"',
        svg,
    )
    return [(float(x), float(y)) for x, y, fill in marks if fill == color]


def across(celsius: float) -> float:
    return 10 + (celsius - 11) / 16 * (630 - 50 - 20)


@pytest.mark.parametrize(("warmth", "nearest"), [(11, 0), (13.1, 1), (20, 2), (24.9, 3), (27, 4)])
def test_the_slider_finds_the_nearest_temperature(warmth, nearest):
    svg = drawn(warmth)
    share, low, high = (100 * v[nearest] for v in (SHARE, LOW, HIGH))
    celsius = f"{WARM[nearest]:.0f} °C"
    told = f"at {celsius}, {share:.0f} % of circuits work ({low:.0f} to {high:.0f} %)"
    assert f">{told}<" in svg
    assert f">cool at {celsius}: {'works' if nearest < 2 else 'broken'}<" in svg
    [(x, y)] = points(svg, SAMPLE)
    assert x == pytest.approx(across(WARM[nearest]), abs=0.1)
    assert y == pytest.approx(14 + 150 * (1 - share / 100), abs=0.1)


def test_marks_tell_where_the_chosen_circuit_works():
    for chosen, works in ((0, 2), (1, 5)):
        svg = drawn(11, chosen)
        marks = [(x, BROKEN) for x, y in points(svg, BROKEN) if y == 182]
        marks += [(x, PATH) for x, y in points(svg, PATH) if y == 182]
        assert [color for _, color in sorted(marks)] == [PATH] * works + [BROKEN] * (5 - works)
        wanted = [across(celsius) for celsius in WARM]
        assert [x for x, _ in sorted(marks)] == pytest.approx(wanted, abs=0.1)
    assert "it's " in svg
    assert '"hot" at 11 °C: works' in svg.replace("&quot;", '"')


def test_the_band_spans_the_interval():
    path = re.search(rf'd="([^"]*)" fill="{PATH}" fill-opacity="0.22"', drawn(11))[1]
    corners = np.array([c.split(",") for c in re.split("[ML]", path.strip("Z"))[1:]], float)
    wanted = 14 + 150 * (1 - np.r_[LOW, HIGH[::-1]])
    assert corners[:10, 1] == pytest.approx(wanted, abs=0.2)


def test_voltages_follow_the_slider():
    middles = []
    for warmth, color in ((11, PATH), (27, BROKEN)):
        lines = re.findall(
            r'mark-line[^>]*><path [^>]*?d="([^"]*)" stroke="([^"]+)"', drawn(warmth)
        )
        traces = [(p, stroke) for p, stroke in lines if p.count("L") > 250]
        assert [stroke for _, stroke in traces] == [color] * 3
        middles.append(np.mean([float(q.split(",")[1]) for q in traces[0][0][1:].split("L")]))
    assert middles[0] - middles[1] == pytest.approx(20 / (24 + 8) * 56, rel=0.03)


def test_it_has_a_slider_and_a_menu():
    params = {p["name"]: p for p in spec_of(start=19.0)["params"]}
    assert params["warmth"]["value"] == 19
    bind = {"input": "range", "min": 11, "max": 27, "step": 4, "name": "temperature (°C)"}
    assert params["warmth"]["bind"] == bind
    assert params["chosen"]["bind"]["labels"] == list(CIRCUITS)
    alone = spec_of(circuits={"cool": CIRCUITS["cool"]})
    assert not any("bind" in p for p in alone["params"] if p["name"] == "chosen")


def test_it_tells_what_it_shows_and_fits_the_page():
    spec = spec_of()
    assert spec["description"].startswith(
        "Share of circuits that work: 100 % at 11 °C, 90 % at 15 °C, 60 % at 19 °C, "
        "25 % at 23 °C, 0 % at 27 °C. cool works at 2 of 5 temperatures; it"
    )
    assert spec_of(description="In my words.")["description"] == "In my words."
    svg = drawn(15)
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert all(f">{word}<" in svg for word in ("50 %", "20 °C", "LP", "circuit", TITLE))


def test_it_fits_a_narrow_page():
    svg = drawn(27, page=334)
    assert float(svg.split('width="')[1].split('"')[0]) <= 345
    assert points(svg, SAMPLE)[0][0] == pytest.approx(334 - 50 - 10, abs=0.1)


@pytest.mark.parametrize("n", [9, 13])
def test_it_is_small(n):
    warm, works = np.linspace(7, 31, n), np.ones(n, bool)
    voltage = np.broadcast_to(circuit(40.0).voltage[:1], (n, 3, len(TIME)))
    circuits = {name: Warmed(voltage, works) for name in "abcdef"}
    ends = {"share": np.ones(n), "low": np.ones(n), "high": np.ones(n)}
    spec = spec_of(temperatures=warm, circuits=circuits, **ends)
    assert len(json.dumps(spec, ensure_ascii=False).encode()) < 300_000


GOOD = CIRCUITS["cool"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperatures": WARM[::-1]}, "expected increasing temperatures and at least 1 of each"),
        ({"circuits": {}}, "0 circuits and 3 channels, expected increasing"),
        ({"share": SHARE[:3]}, r"share has shape \(3,\), expected \(5,\)"),
        ({"share": 100 * SHARE}, "expected 0 <= low <= share <= high <= 1"),
        ({"low": HIGH, "high": LOW}, "expected 0 <= low <= share <= high <= 1"),
        ({"start": 5.0}, "start is 5.0, expected 11 to 27 °C"),
        ({"circuits": {"a": Warmed(GOOD.voltage[:3], GOOD.works)}}, r"has shape \(3, 3, 1000\)"),
        ({"circuits": {"a": Warmed(GOOD.voltage, [1] * 5)}}, r"'a' has shape \(5,\) of int64, ex"),
        ({"circuits": dict.fromkeys(map(str, range(99)), GOOD)}, "99 circuits, expected at most"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)
