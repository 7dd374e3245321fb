"""One slider moves every route to its nearest node; what is drawn there is what was given."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import BROKEN, PATH, Route, journey
from tests.figures import drawing

TITLE = "What the reader should see"
TIME = np.arange(0.0, 500.0, 0.5)
LABELS = ["a (mS)", "b (mS)", "c (mS)"]
LIMITS = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]])
CHANNELS = ["AB/PD", "LP", "PY"]


def route(n: int, to: float, drop: float, works) -> Route:
    """Nodes from the origin; the voltages of node k lie around −60 + 40 k / (n − 1) mV."""
    way = np.linspace(0, 1, n)
    theta = np.stack([way, to * way, 0.5 + 0 * way], 1)
    rest = (-60 + 40 * way)[:, None, None]
    voltage = rest + np.zeros((1, 3, 1)) + 5 * np.sin(TIME / 20)
    return Route(theta, -1 - drop * way, voltage, works(way))


ROUTES = {
    "along the path": route(21, 2.0, 2.0, lambda way: way >= 0),
    "straight line": route(11, 1.0, 40.0, lambda way: way < 0.4),
    "across (orthogonal)": route(5, 0.0, 90.0, lambda way: way < 0.1),
}


def spec_of(**change) -> dict:
    given = {"routes": ROUTES, "time": TIME, "labels": LABELS, "limits": LIMITS}
    words = {"title": TITLE, "channels": CHANNELS}
    return journey(**{**given, **words, **change}).to_dict()


def drawn(way: float, **change) -> str:
    return drawing.drawn(spec_of(**change), way=way)


def markers(svg: str) -> list[tuple[float, float, str]]:
    """Places and colors of the markers, first those of the plane, then of the densities."""
    marks = re.findall(
        r'<path [^>]*transform="translate\(([-\d.]+),([-\d.]+)\)[^"]*" d="[^"]*" fill="([^"]+)"',
        svg,
    )
    return [(float(x), float(y), color) for x, y, color in marks]


@pytest.mark.parametrize(
    ("way", "states"), [(0, [True] * 3), (25, [True, True, False]), (100, [True, False, False])]
)
def test_the_slider_moves_every_route(way, states):
    svg = drawn(way)
    assert svg.count(">works<") == sum(states)
    assert svg.count(">broken<") == 3 - sum(states)
    found = markers(svg)
    assert len(found) == 9
    assert [m[2] for m in found].count(BROKEN) == 3 * (3 - sum(states))
    plane = found[:3]
    assert {m[2] for m in plane} == {PATH if works else BROKEN for works in states}
    reach = 264 * np.array([round(way / 100 * n) / n for n in (20, 10, 4)])
    assert sorted(m[0] for m in plane) == pytest.approx(sorted(reach), abs=0.1)


def test_traces_are_those_of_the_nearest_node():
    spec = spec_of(stops=11)
    rows = spec["datasets"]["stops"]
    assert len(rows) == 33
    assert {len(row["v0"]) for row in rows} == {600}
    last = [row for row in rows if row["r"] == 2 and row["k"] == 4]
    near = [row for row in rows if row["r"] == 2 and row["k"] == 5]
    assert last[0]["q"][0] == near[0]["q"][0] == 0.5  # five nodes for eleven stops


def test_middles_of_traces_follow_the_way():
    middles = []
    for way in (0, 100):
        paths = re.findall(r'<g class="mark-line[^>]*><path d="([^"]*)"', drawn(way))
        traces = [p for p in paths if p.count("L") > 250]
        assert len(traces) == 9
        middles.append(np.mean([float(q.split(",")[1]) for q in traces[0][1:].split("L")]))
    low, high = 40 + 2 * 5 + 8, 50
    assert middles[0] - middles[1] == pytest.approx(40 / low * high, rel=0.05)


def test_the_slider_starts_in_the_middle_and_halts_at_stops():
    way = next(p for p in spec_of()["params"] if p["name"] == "way")
    assert way["value"] == 50
    assert way["bind"] == {"input": "range", "min": 0, "max": 100, "step": 5, "name": "way (%)"}


def test_it_tells_what_it_shows_and_fits_the_page():
    level = ("1 % of draws lie below", -14.0)
    draws = np.random.default_rng(1).random((500, 3)) * LIMITS[:, 1]
    svg = drawn(50, level=level, draws=draws)
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert all(f">{word}<" in svg for word in ("A", "straight line", level[0], "AB/PD", "0"))
    spec = spec_of(level=level, draws=draws)
    assert spec["description"].startswith(
        "along the path: 21 of 21 places work, log-density between −3 and −1; straight line: 4 of "
        "11 places work"
    )
    assert spec_of(description="In my words.")["description"] == "In my words."
    assert any(p["name"] == "page" for p in spec["params"])
    assert TITLE in json.dumps(spec["title"])


def test_it_is_small():
    dense = {name: route(101, 1.0, 9.0, lambda way: way < 2) for name in ROUTES}
    for stops in (13, 21, 100):
        text = json.dumps(spec_of(routes=dense, stops=stops), ensure_ascii=False)
        assert len(text.encode()) < 300_000


def test_low_densities_stand_on_the_floor():
    far = ROUTES["straight line"]
    nowhere = Route(far.theta, np.r_[far.log_prob[:-1], -np.inf], far.voltage, far.works)
    svg = drawn(100, routes={"out": nowhere}, lowest=-10.0)
    assert ">≤ −10<" in svg
    floor = markers(svg)[1][1]
    assert floor == pytest.approx(24 + 264, abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"routes": {}}, "got 0 routes, 3 channels and 21 stops, expected 1 to 3 routes"),
        ({"channels": CHANNELS[:2]}, r"voltage of 'along the path' has shape \(21, 3, 1000\)"),
        (
            {"labels": LABELS[:2]},
            r"theta of 'along the path' has shape \(21, 3\), expected \(21, ",
        ),
        ({"axes": (0, 3)}, "axes are .* expected two indices below 3"),
        ({"limits": LIMITS / 2}, "'along the path' leaves the plane, expected nodes within"),
        ({"stops": 1}, "1 stops, expected"),
        ({"stops": 500}, "got 500 stops, expected at most 100"),
        ({"draws": np.zeros((5, 2))}, r"draws has shape \(5, 2\), expected \(n, 3\)"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("works", np.ones(21), r"works of 'a' has shape \(21,\) of float64, expected \(21,\) of "),
        ("log_prob", np.full(21, np.nan), "log_prob of 'a' has non-finite values"),
        ("log_prob", [0.0], r"log_prob of 'a' has shape \(1,\), expected \(n,\) with n >= 2"),
    ],
)
def test_wrong_routes_are_refused(field, value, message):
    good = ROUTES["along the path"]
    with pytest.raises(ValueError, match=message):
        spec_of(routes={"a": Route(**{**vars(good), field: value})})
