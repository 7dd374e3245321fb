"""One slider moves every route to a stop; what is drawn there is what was given."""

import json

import numpy as np
import pytest

from book.figures.path_explorer import Route, path_explorer
from tests.figures.drawing import drawn

TIME = np.arange(0.0, 500.0, 2)
WAY, STOPS = np.linspace(0, 1, 41), np.linspace(0, 1, 5)
VOLTAGE = (-60 + 40 * STOPS)[:, None, None] + np.zeros((1, 3, 1)) + np.sin(TIME / 20)
ROUTES = {
    "path": Route(np.stack([WAY, 2 * WAY**2], 1), -1 - 2 * WAY, VOLTAGE, STOPS >= 0),
    "straight line": Route(np.stack([WAY, 2 * WAY], 1), -1 - 40 * WAY, VOLTAGE, STOPS < 0.4),
}


def spec_of(routes: dict) -> dict:
    draws, words = np.random.default_rng(1).random((500, 2)), ("a (mS)", "b (mS)")
    return path_explorer(
        routes, TIME, draws, words, [[0, 1], [0, 2]],
        level=("1 % lie below", -5.0), lowest=-20.0, title="What to see",
    ).to_dict()  # fmt: skip


@pytest.fixture(scope="module")
def spec() -> dict:
    return spec_of(ROUTES)


def test_stops_lie_on_their_routes(spec):
    rows = spec["datasets"]["stops"]
    assert [row["k"] for row in rows] == [1, 2, 3, 4, 5] * 2
    assert [row["b"] for row in rows[:5]] == pytest.approx(2 * STOPS**2, abs=1e-3)
    assert [row["h"] for row in rows[5:]] == [-1, -11, -20, -20, -20]
    assert [row["works"] for row in rows] == [True] * 5 + [True, True, False, False, False]


@pytest.mark.parametrize(("stop", "working"), [(1, 2), (3, 1)])
def test_the_slider_moves_every_route(spec, stop, working):
    svg = drawn(spec, stop={"k": stop})
    assert svg.count(">works<") == working
    assert svg.count(">broken<") == 2 - working
    assert ">1 % lie below<" in svg


def test_described_and_small(spec):
    assert spec["description"].startswith(
        "path: 5 of 5 places work, log-density between −3 and −1; straight line: 2 of 5 places"
    )
    assert len(json.dumps(spec)) < 300_000


def test_wrong_routes_are_refused():
    wrong = Route(ROUTES["path"].theta, ROUTES["path"].log_prob, VOLTAGE[:4], STOPS >= 0)
    with pytest.raises(ValueError, match=r"voltage of 'p' has shape \(4, 3, 250\), expected \(5"):
        spec_of({"p": wrong})
    with pytest.raises(ValueError, match="got 4 routes, expected 1 to 3"):
        spec_of(dict.fromkeys("abcd", ROUTES["path"]))
