"""The rectangle keeps the draws inside it, and the means that move are the ones that do."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import POSTERIOR, brushed
from tests.figures.drawing import drawn

TITLE = "What the reader should see"
LABELS = ["AB Na (mS)", "AB CaT (mS)", "LP A (mS)", 'it\'s "H" (mS)', "PY Kd (mS)"]
LIMITS = np.array([[0.0, 10.0], [-2.0, 2.0], [0.0, 1.0], [0.0, 5.0], [1.0, 3.0]])


def draws_of(n: int) -> np.ndarray:
    """The third parameter makes up for the first, the fourth follows it weakly."""
    share = np.random.default_rng(3).random((n, 5))
    share[:, 2] = 0.8 * (1 - share[:, 0]) + 0.2 * share[:, 2]
    share[:, 3] = 0.4 * share[:, 0] + 0.6 * share[:, 3]
    return LIMITS[:, 0] + share * np.diff(LIMITS).ravel()


DRAWS = draws_of(600)


def spec_of(**change) -> dict:
    given = {"draws": DRAWS, "labels": LABELS, "limits": LIMITS, "title": TITLE}
    return brushed(**{**given, **change}).to_dict()


def shifts(inside: np.ndarray) -> np.ndarray:
    return (DRAWS[inside].mean(0) - DRAWS.mean(0)) / DRAWS.std(0)


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def partners(svg: str) -> list[str]:
    """What is listed as moving most, the strongest first."""
    return sorted(re.findall(r">(\d\. .*? s\.d\.)<", svg))


def test_the_rectangle_keeps_what_is_inside():
    svg = drawn(spec_of(), box={"cx": 22, "cy": 62}, w=20, h=40)
    share = (DRAWS - LIMITS[:, 0]) / np.diff(LIMITS).ravel()
    inside = (abs(share[:, 0] - 0.22) <= 0.1) & (abs(share[:, 1] - 0.62) <= 0.2)
    assert f">{inside.sum()} of 600 draws are inside<" in svg
    assert f">Chance alone: about ±{1 / np.sqrt(inside.sum()):.2f}<" in svg
    z = shifts(inside)
    listed = partners(svg)
    assert len(listed) == 3
    assert "LP A" in listed[0]
    assert signed(z[2]) in listed[0]
    assert svg.count(f">{signed(z[2])}<") == 1
    assert f">{signed(z[0])}<" not in svg  # what was chosen does not move by itself


def test_a_side_of_100_restricts_nothing_wherever_it_lies():
    svg = drawn(spec_of(), box={"cx": 22, "cy": 90}, w=20, h=100)
    inside = abs((DRAWS[:, 0] - 0) / 10 - 0.22) <= 0.1
    assert f">{inside.sum()} of 600 draws are inside<" in svg
    assert f">{signed(shifts(inside)[1])}<" in svg  # so the second parameter may move


def test_without_the_rectangle_all_draws_are_shown():
    svg = drawn(spec_of(), on=False)
    assert ">all 600 draws<" in svg
    assert not partners(svg)
    assert svg.count(">0<") >= 5


def test_an_empty_rectangle_is_no_error():
    few = np.vstack([LIMITS.mean(1) + 1e-3, LIMITS.mean(1)])
    svg = drawn(spec_of(draws=few), box={"cx": 2}, w=5)
    assert ">0 of 2 draws are inside<" in svg
    assert not partners(svg)


def test_menus_choose_the_plane():
    svg = drawn(spec_of(), across=2, up=4, box={"cx": 10}, w=20, h=100)
    share = (DRAWS[:, 2] - LIMITS[2, 0]) / np.ptp(LIMITS[2])
    inside = abs(share - 0.1) <= 0.1
    assert f">{inside.sum()} of 600 draws are inside<" in svg
    assert "AB Na" in partners(svg)[0]
    dots = re.findall(rf'fill="{POSTERIOR}"', svg)
    assert len(dots) > inside.sum()


def test_bars_are_the_histogram_of_the_draws_inside():
    svg = drawn(spec_of(), on=False)
    bars = re.findall(r'd="M[\d.-]+,[\d.-]+h[\d.]+v([\d.]+)h-[\d.]+Z" fill="#2F80C9"', svg)
    counts = np.array([np.histogram(DRAWS[:, i], 20, LIMITS[i])[0] for i in range(5)])
    wanted = (34 * counts / counts.max(1, keepdims=True))[counts > 0]
    heights = np.sort(np.array(bars, float))
    assert len(heights) == len(wanted)
    assert heights == pytest.approx(np.sort(wanted), abs=2)  # 4,096 steps move a few to a neighbor


def test_every_click_has_a_slider():
    spec = spec_of(axes=(1, 3), brush=[[-1.0, 1.0], [0.0, 5.0]])
    params = {p["name"]: p for p in spec["params"]}
    box = params["box"]
    assert box["value"] == [{"cx": 50, "cy": 50}]
    assert {b["name"] for b in box["bind"].values()} == {"center across (%)", "center up (%)"}
    assert params["w"]["value"] == 50
    assert params["h"]["value"] == 100
    assert params["across"]["value"] == 1
    assert params["up"]["bind"]["labels"] == LABELS
    assert params["on"]["bind"]["input"] == "checkbox"


def test_it_tells_what_it_shows_and_fits_the_page():
    spec = spec_of()
    inside = int(re.search(r"compare the (\d+) draws inside", spec["description"])[1])
    assert 50 < inside < 300
    assert "these means move most: LP A −" in spec["description"]
    assert spec_of(description="In my words.")["description"] == "In my words."
    svg = drawn(spec)
    assert f">{inside} of 600 draws are inside<" in svg
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert TITLE in svg


@pytest.mark.parametrize(("n", "d"), [(2000, 31), (3064, 31), (2000, 12)])
def test_it_is_small(n, d):
    draws, labels = np.random.default_rng(1).random((n, d)), [f"p_{i} (mS)" for i in range(d)]
    chart = brushed(draws, labels, np.tile([0.0, 1.0], (d, 1)), title=TITLE)
    text = json.dumps(chart.to_dict(), ensure_ascii=False)
    assert len(text.encode()) < 300_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"draws": DRAWS[:, :4]}, r"draws has shape \(600, 4\), expected \(n, 5\) with n >= 2"),
        ({"draws": DRAWS * np.nan}, "draws has non-finite values"),
        ({"draws": DRAWS + 3}, "draws leave the limits, expected draws within them"),
        ({"draws": draws_of(30_000)}, "got 30000 draws, expected at most 19000"),
        ({"limits": LIMITS[:, ::-1]}, r"expected \(5, 2\) with low < high"),
        ({"labels": LABELS[:2]}, "got 2 labels and axes .* expected 3 labels or more"),
        ({"axes": (0, 5)}, "expected 3 labels or more and two indices below 5"),
        ({"axes": (1, 1)}, "expected 3 labels or more and two indices below 5"),
        ({"brush": [[1.0, 0.0], [0.0, 1.0]]}, r"expected \(2, 2\) with low < high"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)
