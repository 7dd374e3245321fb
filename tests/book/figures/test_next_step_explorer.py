"""A click, or the slider, chooses a neuron and shows what each step would tell about it."""

import numpy as np

from book.figures.next_step_explorer import next_step_explorer
from tests.figures.drawing import drawn


def test_a_neuron_is_chosen():
    curves = np.array([[0.5, 1.0, 0.2], [2.0, 0.1, 0.3]])
    spec = next_step_explorer(
        [0, 7], curves, 0.1 + 0 * curves, ["weak", "usual", "strong"], start=0, title="It depends"
    ).to_dict()
    svg = drawn(spec)
    assert "0 spikes so far; next: usual," in svg
    assert "expected to tell 1.0 ± 0.1 nats" in svg
    assert "weak, usual, strong." in spec["description"]
    other = drawn(spec, chosen={"k": 1})
    assert "7 spikes so far; next: weak," in other
