"""Every step of the slider shows its own curves, and curves that stay are there in all."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import sliding_curves
from tests.figures.drawing import drawn

X = np.linspace(0.0, 10.0, 101)
STEPS = [2.0, 4.0, 6.0]
BUMPS = np.stack([np.exp(-((X - c) ** 2)) for c in STEPS])
WORDS = {"title": "It moves", "across": "θ (mV)", "up": "density", "slider": "x (mV)"}


def spec_of(**change) -> dict:
    named = {"prior": np.full(101, 0.1), "exact": BUMPS, "learned": 0.5 * BUMPS}
    return sliding_curves(**{"x": X, "steps": STEPS, "named": named, **WORDS, **change}).to_dict()


def lines(spec: dict, value: float) -> list[np.ndarray]:
    """The points (p, 2) of the three curves in the drawing, in px."""
    found = re.findall(r'<g class="mark-line[^>]*><path d="([^"]*)"', drawn(spec, step=value))
    return [np.array(re.findall(r"[-\d.]+,[-\d.]+", path)) for path in found]


@pytest.mark.parametrize("k", range(3))
def test_the_slider_chooses_the_curve(k):
    drawn = [
        np.array([point.split(",") for point in path], float)
        for path in lines(spec_of(), STEPS[k])
    ]
    assert [len(path) for path in drawn] == [101] * 3
    prior, exact, learned = drawn
    assert np.ptp(prior[:, 1]) < 0.1
    at = exact[exact[:, 1].argmin(), 0] / np.ptp(exact[:, 0])
    assert at == pytest.approx(STEPS[k] / 10, abs=0.02)
    bottom = exact[:, 1].max()
    assert bottom - learned[:, 1].min() == pytest.approx(
        (bottom - exact[:, 1].min()) / 2, rel=0.02
    )


def test_slider_and_description_tell_the_steps():
    spec = spec_of(start=1)
    step = next(p for p in spec["params"] if p["name"] == "step")
    assert step["value"] == 4.0
    assert step["bind"] == {"input": "range", "min": 2, "max": 6, "step": 2, "name": "x (mV)"}
    assert spec["description"].endswith("A slider changes x (mV) from 2 to 6.")
    assert spec_of(description="In my words.")["description"] == "In my words."


def test_many_steps_stay_small():
    steps = np.arange(100.0)
    text = json.dumps(spec_of(steps=steps, named={"prior": X, "exact": np.tile(X, (100, 1))}))
    assert len(text) < 100_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": [1.0, 2.0, 4.0]}, "expected at most 200, even steps"),
        ({"x": np.arange(300.0)}, "got 300 points"),
        ({"named": {}}, "got 0 curves, expected 1 to 3"),
        ({"named": {"a": BUMPS[:2]}}, r"a has shape \(2, 101\), expected \(3, 101\)"),
        ({"named": {"a": BUMPS * np.nan}}, "a has non-finite values"),
        ({"start": 3}, "start is 3, expected an index below 3"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)
