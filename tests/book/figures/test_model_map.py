"""Models stand where they belong, and the chosen one tells what it is."""

import numpy as np

from book.figures.model_map import model_map
from tests.figures.drawing import drawn

TIME = np.arange(0, 100, 0.5)
MODELS = [
    {
        "level": "cells",
        "side": 0,
        "name": "neuron",
        "equation": "dV/dt = −V",
        "words": ["It leaks."],
    }
    | {"page": "neuron.html", "called": "A neuron", "time": TIME, "voltage": np.sin(TIME)},
    {
        "level": "cells",
        "side": 1,
        "name": "regression",
        "equation": "y = w x",
        "words": ["It fits."],
    },
    {"level": "networks", "side": 0, "name": "network", "equation": "Σ J", "words": ["It spikes."]}
    | {"caption": "a raster", "spikes": (np.array([1.0, 2.0, 5.0]), np.array([0, 2, 1]))},
]


def test_a_choice_tells_what_a_model_is():
    spec = model_map(MODELS, title="A map", description="Three models.", start="neuron").to_dict()
    assert {p["name"]: p.get("value") for p in spec["params"]}["chosen"] == [{"k": 0}]
    rows = {row["name"]: row for row in spec["datasets"]["models"]}
    assert rows["neuron"]["x"] < rows["regression"]["x"]
    assert rows["neuron"]["y"] == rows["regression"]["y"] < rows["network"]["y"]
    first = drawn(spec)
    assert "It leaks." in first
    assert "Read: A neuron" in first
    later = drawn(spec, chosen={"k": 2})
    assert "It spikes." in later
    assert "a raster" in later
    assert "Read:" not in later
    assert "It fits." in drawn(spec, chosen={"k": 1})
