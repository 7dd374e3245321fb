"""Every direction has its dot at its radius, and the chosen one tells what happens there."""

import json
import re

import numpy as np
import pytest
import vl_convert

from mechfit.figures import BROKEN, PATH, SAMPLE, breakdowns
from tests.figures import drawing

TITLE = "What the reader should see"
TIME = np.arange(0.0, 500.0, 0.5)
CHANNELS = ["AB/PD", "LP"]
RADII = np.array([0.1, np.inf, 1.0, 0.3, np.inf])
LOW, HIGH = np.array([0.05, 2.0, 0.9, 0.0, 0.9]), np.array([0.2, np.inf, 1.5, 0.4, np.inf])
REACH = np.array([3.0, 3.0, 3.0, 3.0, 1.0])
NAMES = ["Na up", 'Na "down"', "H up", "it's 1", "2"]
GROUPS = ["one conductance"] * 3 + ["random"] * 2
ACROSS, FIRST, LAST = 630 - 16, 0.1 / 3 / 1.05, 3.0 * 1.05


def level(mv) -> np.ndarray:
    return mv + np.zeros((2, 1)) + 2 * np.sin(TIME / 20)


BEFORE, AFTER = level(-60), np.stack([level(-50 + 10 * k) for k in range(5)])


def spec_of(**change) -> dict:
    given = {"radii": RADII, "low": LOW, "high": HIGH, "reach": REACH, "names": NAMES}
    given |= {"groups": GROUPS, "before": BEFORE, "after": AFTER, "time": TIME}
    return breakdowns(**{**given, "title": TITLE, "channels": CHANNELS, **change}).to_dict()


def drawn(spec: dict, chosen: int, page: int = 630) -> str:
    return drawing.drawn(spec, page, chosen=[{"k": chosen}])


def points(svg: str, color: str) -> list[tuple[float, float]]:
    marks = re.findall(
        r'<path [^>]*transform="translate\(([-\d.]+),([-\d.]+)\)"[^>]*? fill="([^"]+)"', svg
    )
    return [(float(x), float(y)) for x, y, fill in marks if fill == color]


def across(radius):
    return ACROSS * np.log(np.array(radius) / FIRST) / np.log(LAST / FIRST)


def test_dots_stand_at_their_radii_and_triangles_at_the_reach():
    svg = drawn(spec_of(), 0)
    dots, triangles = points(svg, BROKEN), points(svg, PATH)[:2]
    assert [x for x, _ in dots[:3]] == pytest.approx(across([0.1, 1.0, 0.3]), abs=0.2)
    assert [x for x, _ in triangles] == pytest.approx(across([3.0, 1.0]), abs=0.2)


def test_intervals_reach_from_low_to_high():
    rules = re.findall(
        rf'<line transform="translate\(([-\d.]+),([-\d.]+)\)" x2="([-\d.]+)" y2="0" '
        rf'stroke="(?:{BROKEN}|{PATH})"',
        drawn(spec_of(), 0),
    )
    ends = np.array([[float(x), float(x) + float(x2)] for x, _, x2 in rules])
    assert ends[:, 0] == pytest.approx(across([0.05, 0.9, 2.0, 0.1 / 3, 0.9]), abs=0.2)
    assert ends[:, 1] == pytest.approx(across([0.2, 1.5, 3.0, 0.4, 1.0]), abs=0.2)


@pytest.mark.parametrize(
    ("chosen", "words", "color"),
    [
        (
            0,
            ["one conductance: Na up", "breaks at 0.1 (0.05 to 0.2) s.d. of", "broken at"],
            BROKEN,
        ),
        (4, ["random: 2", "works as far as was looked, 1 s.d. of", "still works at 1"], PATH),
    ],
)
def test_the_chosen_direction_is_told_and_ringed(chosen, words, color):
    svg = drawn(spec_of(), chosen)
    assert all(f">{word}" in svg for word in [*words, "before: works"])
    ring = re.findall(rf'translate\(([-\d.]+),([-\d.]+)\)"[^>]*stroke="{SAMPLE}"', svg)
    at = across([RADII[chosen] if chosen < 4 else 1.0])[0]
    assert float(ring[0][0]) == pytest.approx(at, abs=0.2)
    strokes = re.findall(r'mark-line[^>]*><path [^>]*?d="([^"]*)" stroke="([^"]+)"', svg)
    traces = [(path, stroke) for path, stroke in strokes if path.count("L") > 150]
    assert [stroke for _, stroke in traces] == [PATH, PATH, color, color]
    middle = [np.mean([float(q.split(",")[1]) for q in p[1:].split("L")]) for p, _ in traces]
    up = (10 + 10 * chosen) / (54 + 8) * 50  # from −62 to −8 mV, and 4 mV beyond
    assert middle[0] - middle[2] == pytest.approx(up, abs=0.7)


def test_rows_of_a_lane_do_not_overlap():
    n = 60
    radii = 0.3 * np.exp(0.4 * np.random.default_rng(1).standard_normal(n))
    radii[::7] = np.inf
    many = {"radii": radii, "low": np.minimum(radii, 3) * 0.8, "high": radii * 1.3, "reach": 3.0}
    many |= {"names": [str(i) for i in range(n)], "groups": ["random"] * n}
    spec = spec_of(**many, after=np.repeat(AFTER[:1], n, 0))
    rows = spec["datasets"]["ways"]
    assert [r["works"] for r in rows] == sorted(r["works"] for r in rows)
    assert len({(r["x"], r["y"]) for r in rows}) == n
    for y in {r["y"] for r in rows}:
        mine = sorted((r["l"], r["h"]) for r in rows if r["y"] == y)
        assert all(a[1] < b[0] for a, b in zip(mine[:-1], mine[1:], strict=True))
    assert max(r["y"] for r in rows) < 200


def test_every_click_has_a_menu():
    spec = spec_of(start=3)
    chosen = next(p for p in spec["params"] if p["name"] == "chosen")
    assert chosen["value"] == [{"k": 3}]
    assert chosen["bind"]["options"] == [0, 2, 1, 3, 4]
    assert chosen["bind"]["labels"][:2] == ["one conductance: Na up", "one conductance: H up"]
    assert chosen["select"]["nearest"] is True


def test_it_tells_what_it_shows_and_fits_the_page():
    spec = spec_of()
    assert spec["description"].startswith(
        "5 directions. one conductance: 2 of 3 break it, the nearest Na up at 0.1; random: 1 of 2"
    )
    assert spec_of(description="In my words.")["description"] == "In my words."
    svg = drawn(spec, 1)
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert all(f">{word}<" in svg for word in ("random: 1 of 2 break it", "LP", "0.1", "1"))
    assert TITLE in svg


def test_a_narrow_page_stacks_what_is_before_and_after():
    svg = drawn(spec_of(), 0, page=334)
    assert float(svg.split('width="')[1].split('"')[0]) <= 345
    assert points(svg, BROKEN)[0][0] == pytest.approx((334 - 16) / ACROSS * across(0.1), abs=0.2)
    heads = re.findall(
        r"translate\(([-\d.]+),([-\d.]+)\)[^>]*>(?:before: works|broken at 0.1)<", svg
    )
    (x, y), (x2, y2) = [(float(a), float(b)) for a, b in heads]
    assert x == x2
    assert y2 == y + 2 * 68 + 40


def test_the_nearest_dot_is_looked_for_over_the_whole_page():
    vega = vl_convert.vegalite_to_vega(spec_of())
    width = next(s for s in vega["signals"] if s["name"] == "width")
    assert width["update"] == "(page - 16)"
    cells = json.dumps(next(m for m in vega["marks"] if m["name"].endswith("_voronoi")))
    assert '"size": [{"signal": "width"}, {"signal": "height"}]' in cells


def test_nothing_breaks_and_all_breaks():
    whole = {"low": np.full(5, 0.9), "radii": np.full(5, np.inf), "high": np.full(5, np.inf)}
    spec = spec_of(**whole)
    assert "0 of 3 break it; random: 0 of 2 break it; unit" in spec["description"]
    svg = drawn(spec, 0)
    assert not points(svg, BROKEN)
    assert all(f">{tick}<" in svg for tick in ("1", "2"))
    assert "3 of 3 break it" in spec_of(radii=REACH, low=LOW * 0, high=REACH)["description"]


@pytest.mark.parametrize("k", [45, 90, 250])
def test_it_is_small(k):
    each = {name: np.ones(k) for name in ("radii", "low", "high", "reach")}
    words = {"names": [str(i) for i in range(k)], "groups": ["random"] * k}
    given = {"before": AFTER[0, [0, 1, 1]], "after": AFTER[np.arange(k) % 5][:, [0, 1, 1]]}
    spec = spec_of(**each, **words, **given, channels=["A", "B", "C"])
    assert len(json.dumps(spec, ensure_ascii=False).encode()) < 300_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radii": RADII[:4]}, r"radii has shape \(4,\), expected \(5,\)"),
        ({"radii": RADII * np.nan}, "radii has non-finite values"),
        ({"radii": LOW / 2}, "expected 0 <= low <= radii <= high"),
        ({"low": -LOW}, "expected 0 <= low <= radii <= high"),
        ({"reach": 0.0}, "expected 0 <= low <= radii <= high and reach above 0"),
        ({"groups": GROUPS[:2]}, "got 5 names, 2 groups, 2 channels and start 0, expected as"),
        ({"start": 5}, "2 channels and start 5, expected"),
        ({"channels": []}, "0 channels"),
        ({"before": BEFORE[:1]}, r"before has shape \(1, 1000\), expected \(2, 1000\)"),
        ({"after": AFTER[:3]}, r"after has shape \(3, 2, 1000\), expected \(5, 2, 1000\)"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)


def test_too_many_directions_are_refused():
    ones, words = np.ones(500), ["a"] * 500
    given = {"radii": ones, "low": ones, "high": ones, "reach": 3.0}
    with pytest.raises(ValueError, match="got 500 names, expected at most 475"):
        spec_of(**given, names=words, groups=words)
