"""The slider goes through the trials, the menu through the ways to choose stimuli."""

import numpy as np

from book.figures.observer_explorer import observer_explorer
from tests.figures.drawing import drawn


def experiment(best):
    told = np.full((4, 5), 0.01)
    told[np.arange(4), best] = 0.1 * np.arange(1, 5)
    density = np.random.default_rng(1).random((4, 6, 6))
    return {
        "density": density,
        "information": told,
        "shown": best[:3],
        "responses": [0, 1, 1],
    }


def test_trials_and_rules():
    x = np.linspace(-2, 2, 5)
    spec = observer_explorer(
        x,
        {"information": experiment([2, 3, 1, 0]), "chance": experiment([4, 4, 4, 4])},
        [[-1, 1], [-2, 0]],
        ["threshold", "log-width"],
        truth=[0.2, -1.0],
        curve=np.linspace(0, 1, 5),
        start=1,
        title="It closes in",
    ).to_dict()
    assert "After 1 trials the stimulus 1.00 would tell most, 0.20 nats" in drawn(spec)
    assert "stimulus −2.00 would tell most, 0.40 nats" in drawn(spec, slider_0=3)
    assert "stimulus 2.00 would tell most" in drawn(spec, strategy="chance")
    assert "An experiment of 3 trials" in spec["description"]
    assert spec["description"].endswith("information, chance.")
