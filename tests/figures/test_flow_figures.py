"""Charts of densities and maps render, stay small, and carry the numbers they were given."""

import json
import re

import numpy as np
import pytest

from mechfit import figures
from mechfit.figures.encoding import ALPHABET
from tests.figures.drawing import drawn

TITLE = "What the reader should see"
BOX = np.array([[-1.0, 1.0], [-1.0, 1.0]])
U = np.linspace(-2, 2, 81)
LINES = np.random.default_rng(1).uniform(-1, 1, (4, 7, 26, 41, 2))
GRIDS = np.random.default_rng(2).random((4, 56, 56))


def decoded(text: str) -> np.ndarray:
    """Numbers of an encoded text, from 0 to 1."""
    digits = np.array([ALPHABET.index(c) for c in text])
    return (64 * digits[::2] + digits[1::2]) / 4095


@pytest.fixture(scope="module")
def charts():
    named = {"exact": GRIDS[0], "one": GRIDS[1], "two": GRIDS[2]}
    knots = np.zeros((7, 7, 7, 3, 2))
    sliders = {name: np.linspace(1, 3, 7) for name in "abc"}
    stretched = U * np.linspace(0.5, 1.0, 343).reshape(7, 7, 7, 1)
    return {
        "fields": figures.fields(named, BOX, ["a", "b"], title=TITLE, choose="which", box=BOX / 2),
        "bent_grid": figures.bent_grid(
            LINES,
            LINES[:, :, :10].reshape(4, 7, 410, 2),
            np.tile(BOX, (7, 1, 1)),
            GRIDS,
            labels=["a", "b"],
            observations=["x", "y", "z", "w"],
            title=TITLE,
            start=2.5,
        ),
        "bent_map": figures.bent_map(
            sliders, U, stretched, stretched**2, title=TITLE, labels=("u", "z", "p"), knots=knots
        ),
        "scores": figures.scores(
            ["A", "B"], {"s": [1.0, 2.0], "C2ST\n(1)": [0.6, 0.7]}, best={"s": 0.5}, title=TITLE
        ),
    }


@pytest.mark.parametrize("name", ["fields", "bent_grid", "bent_map", "scores"])
def test_it_renders_within_the_page_and_stays_small(charts, name):
    spec = charts[name].to_json(indent=None)
    svg = drawn(charts[name])
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert TITLE in svg
    assert len(spec.encode()) < 300_000
    assert len(charts[name].description) > 40 or name == "scores"


def rows_with(chart, field: str) -> list[dict]:
    """All rows of the chart's data that have a field."""
    layers = chart.to_dict()["layer"]
    return [row for one in layers for row in one["data"].get("values", []) if field in row]


def test_a_grid_carries_the_states_of_every_line(charts):
    rows = [row for row in rows_with(charts["bent_grid"], "l") if row["x_o"] == "y"]
    points = decoded(rows[3]["c"][5]).reshape(41, 2) * 2 - 0.5
    np.testing.assert_allclose(points, (LINES[1, 5, 3] + 1) / 2, atol=5e-4)


def test_densities_share_the_color_of_the_first(charts):
    rows = rows_with(charts["fields"], "c")
    quarter = [ALPHABET.index(c) for c in rows[1]["c"]]
    expected = np.clip(np.rint(63 * GRIDS[1].ravel() / GRIDS[0].max()), 0, 63)
    np.testing.assert_array_equal(quarter, expected)


def test_a_map_carries_its_outputs(charts):
    rows = [row for row in rows_with(charts["bent_map"], "c") if len(row["c"]) == 2 * len(U)]
    first = rows[[row["k"] for row in rows].index(100)]
    share = 0.5 + U * (0.5 + 0.5 * 100 / 342) / 4
    np.testing.assert_allclose(decoded(first["c"]), share, atol=3e-4)


def test_clear_errors():
    with pytest.raises(ValueError, match="expected 3 or more"):
        figures.fields({"a": GRIDS[0]}, BOX, ["a", "b"], title=TITLE, choose="which")
    with pytest.raises(ValueError, match="lines has shape"):
        figures.bent_grid(
            LINES[:, :3],
            LINES[:, :, 0],
            np.tile(BOX, (7, 1, 1)),
            GRIDS,
            labels=["a", "b"],
            observations=["x", "y", "z", "w"],
            title=TITLE,
        )
    with pytest.raises(ValueError, match="mapped has shape"):
        figures.bent_map({"a": [1, 2]}, U, U, U, title=TITLE, labels=("u", "z", "p"))
    with pytest.raises(ValueError, match="best names 'x'"):
        figures.scores(["A"], {"s": [1.0]}, best={"x": 1.0}, title=TITLE)
    with pytest.raises(ValueError, match="span is"):
        figures.scores(["A"], {"s": [1.2]}, span=(-1, 1), title=TITLE)


def test_scores_may_share_a_scale():
    named = {"s": [0.1, 0.3], "t": [-0.5, 0.9]}
    spec = figures.scores(["A", "B"], named, span=(-1, 1), title=TITLE).to_json()
    assert json.loads(spec)["hconcat"]
    ends = re.findall(r'"domain": \[\s*(-?[\d.]+),\s*(-?[\d.]+)\s*\]', spec)
    assert {(float(a), float(b)) for a, b in ends} == {(-1.0, 1.0)}
