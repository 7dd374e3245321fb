"""The figure of breakdown radii: rows, words and the chosen direction."""

import json

import numpy as np
import pytest

from book.figures.breakdowns import breakdowns
from tests.figures.drawing import drawn

TIME = np.arange(0.0, 100.0)
RADII = [[0.1, np.inf, 1.0, np.inf], [0.05, 2.0, 0.9, 0.9], [0.2, np.inf, 1.5, np.inf]]
REACH = [3.0, 3.0, 3.0, 1.0]
NAMES = ["Na up", 'it\'s "down"', "random 1", "random 2"]
VOLTAGE = (-60.0 + 10 * np.arange(5))[:, None, None] + np.zeros((1, 3, 1)) + np.sin(TIME)


@pytest.fixture(scope="module")
def spec() -> dict:
    return breakdowns(RADII, REACH, NAMES, VOLTAGE, TIME, title="What to see").to_dict()


def test_rows_hold_radius_interval_and_words(spec):
    rows = spec["datasets"]["directions"]
    assert [row["x"] for row in rows] == [0.1, 3.0, 1.0, 1.0]
    assert [row["l"] for row in rows] == pytest.approx([0.05, 2.0, 0.9, 0.9])
    assert [row["h"] for row in rows] == pytest.approx([0.2, 3.0, 1.5, 1.0])
    assert [row["works"] for row in rows] == [False, True, False, True]
    assert rows[0]["told"] == "breaks at 0.1 (0.05 to 0.2) s.d. of the prior"
    assert rows[1]["told"] == "works as far as was looked, 3 s.d. of the prior"


def test_the_menu_offers_each_direction_and_the_chosen_one_is_drawn(spec):
    [param] = [p for p in spec["params"] if p["name"] == "chosen"]
    assert param["bind"]["options"] == [0, 1, 2, 3]
    svg = drawn(spec, chosen={"k": 3})
    for words in ("random 2", "still works at 1", "before: works"):
        assert f">{words}<" in svg


def test_described_and_small(spec):
    assert spec["description"].startswith("Na up: breaks at 0.1 (0.05 to 0.2) s.d. of the prior;")
    assert len(json.dumps(spec)) < 300_000
