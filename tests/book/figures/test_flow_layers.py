"""A flow and an increasing map: the charts carry the numbers that they were given."""

import json

import numpy as np
import pytest

from book.figures.flow_layers import FAR, flow_layers
from book.figures.monotone_map import monotone_map
from mechfit.figures.encoding import ALPHABET
from tests.figures.drawing import drawn

U = np.linspace(-2, 2, 81)
LINES = np.random.default_rng(1).uniform(-1, 1, (4, 7, 22, 51, 2))
WORDS = {"labels": ["a", "b"], "observations": ["x", "y", "z", "w"], "title": "See"}


def decoded(text: str) -> np.ndarray:
    """Numbers of an encoded text, from 0 to 1."""
    digits = np.array([ALPHABET.index(c) for c in text])
    return (64 * digits[::2] + digits[1::2]) / 4095


def test_a_grid_carries_the_states_of_every_line():
    dots = LINES[:, :, :10].reshape(4, 7, 510, 2)
    u = np.linspace(-3, 3, 44)
    hills = np.stack([np.exp(-(u**2) - (u[:, None] - k) ** 2) for k in range(4)])
    spec = flow_layers(LINES, dots, np.ones(7), np.ones((4, 44, 44)), hills, **WORDS).to_dict()
    assert len(json.dumps(spec)) < 300_000
    assert "outlines: the exact one" in drawn(spec, stage=2.5)
    rows = spec["hconcat"][0]["layer"][0]["data"]["values"]
    states = next(row for row in rows if row["x_o"] == "y" and row["l"] == 3)["c"]
    points = FAR * (2 * decoded(states[5]).reshape(51, 2) - 1)
    np.testing.assert_allclose(points, LINES[1, 5, 3], atol=2e-3)


def test_wrong_states_are_refused():
    with pytest.raises(ValueError, match="lines has shape"):
        flow_layers(LINES[:, :3], LINES[:, :, 0], np.ones(7), *np.ones((2, 4, 8, 8)), **WORDS)


def test_a_map_carries_its_outputs():
    sliders = {name: np.linspace(1, 3, 7) for name in "abc"}
    mapped = U * np.linspace(0.5, 1.0, 343).reshape(7, 7, 7, 1)
    knots, words = np.zeros((7, 7, 7, 3, 2)), {"title": "See", "description": "A map."}
    chart = monotone_map(sliders, ("u", U), ("z", mapped), ("p", mapped**2), knots=knots, **words)
    spec = chart.to_dict()
    assert len(json.dumps(spec)) < 300_000
    drawn(spec)
    layers = spec["hconcat"][0]["layer"]
    rows = next(
        r for r in (one["data"]["values"] for one in layers) if len(r[0].get("c", "")) > 99
    )
    low, high = mapped.min(), mapped.max()
    found = low + (high - low) * decoded(rows[100]["c"])
    np.testing.assert_allclose(found, mapped.reshape(343, -1)[100], atol=1e-3)
    with pytest.raises(ValueError, match="z has shape"):
        monotone_map({"a": [1, 2]}, ("u", U), ("z", U), ("p", U), **words)
