"""Every direction has its row, at its radius or reach; the chosen one tells what happens there."""

import json

import numpy as np
import pytest

from book.figures.breakdowns import breakdowns
from tests.figures.drawing import drawn

TIME = np.arange(0.0, 100.0)
RADII = [[0.1, np.inf, 1.0, np.inf], [0.05, 2.0, 0.9, 0.9], [0.2, np.inf, 1.5, np.inf]]
REACH = [3.0, 3.0, 3.0, 1.0]
DIRECTIONS = [("one", "Na up"), ("one", 'it\'s "down"'), ("random", "random 1"), ("random", "2")]
VOLTAGE = (-60.0 + 10 * np.arange(5))[:, None, None] + np.zeros((1, 3, 1)) + np.sin(TIME)


@pytest.fixture(scope="module")
def spec() -> dict:
    return breakdowns(RADII, REACH, DIRECTIONS, VOLTAGE, TIME, title="What to see").to_dict()


def test_rows_hold_radius_interval_and_words(spec):
    rows = {row["k"]: row for row in spec["datasets"]["directions"]}
    assert [rows[k]["x"] for k in range(4)] == [0.1, 3.0, 1.0, 1.0]
    assert [rows[k]["l"] for k in range(4)] == pytest.approx([0.05, 2.0, 0.9, 0.9])
    assert [rows[k]["h"] for k in range(4)] == pytest.approx([0.2, 3.0, 1.5, 1.0])
    assert [rows[k]["works"] for k in range(4)] == [False, True, False, True]
    assert rows[0]["told"] == "breaks at 0.1 (0.05 to 0.2) s.d. of the prior"
    assert rows[1]["told"] == "works as far as was looked, 3 s.d. of the prior"
    assert [rows[k]["name"] for k in (0, 2, 3)] == ["one: Na up", "random 1", "random: 2"]


def test_dots_of_a_lane_do_not_touch(spec):
    lanes: dict[float, list] = {}
    for row in spec["datasets"]["directions"]:
        lanes.setdefault(row["y"], []).append((row["l"], row["h"]))
    for lane in lanes.values():
        lane.sort()
        assert all(a[1] < b[0] for a, b in zip(lane[:-1], lane[1:], strict=True))


def test_the_unbroken_that_were_followed_equally_far_share_their_place():
    radii = [[0.5, *[np.inf] * 3], [0.4, *[2.0] * 3], [0.6, *[np.inf] * 3]]
    ways = [("one", name) for name in "abcd"]
    rows = breakdowns(radii, [3.0, 3.0, 3.0, 1.0], ways, VOLTAGE, TIME, title="See").to_dict()
    y = {row["k"]: row["y"] for row in rows["datasets"]["directions"]}
    assert y[1] == y[2]
    assert len(y) == 4


def test_the_menu_offers_each_direction_and_the_chosen_one_is_drawn(spec):
    [param] = [p for p in spec["params"] if p["name"] == "chosen"]
    assert sorted(param["bind"]["options"]) == [0, 1, 2, 3]
    svg = drawn(spec, chosen={"k": 3})
    for words in ("one: 1 of 2 break it", "random: 2", "still works at 1", "before: works"):
        assert f">{words}<" in svg


def test_described_and_small(spec):
    assert spec["description"].startswith(
        "4 directions. one: 1 of 2 break it, the nearest Na up at 0.1; random: 1 of 2 break it"
    )
    assert len(json.dumps(spec)) < 300_000
