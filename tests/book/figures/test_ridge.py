"""The slider chooses the slice; the truth stands in its own."""

import numpy as np

from book.figures.ridge import ridge
from mechfit.figures.theme import SAMPLE
from tests.figures.drawing import drawn


def test_the_slider_chooses_a_slice():
    density = np.zeros((3, 4, 4))
    density[0, 0, 0] = density[1, 1:3, 1] = density[2, 3, 3] = 1.0
    spec = ridge(
        ("J", [0.1, 0.2, 0.3]), {"rate": density, "all": density},
        [np.array([[0, 0], [1, 1]])] * 3, (1, (0.5, 0.5)), [[0, 1], [0, 1]], ["g", "η"],
        title="A ridge", description="Two slices",
    ).to_dict()  # fmt: skip
    first, last = drawn(spec), drawn(spec, slider_0=0.3)
    assert first.count("fill-opacity") > last.count("fill-opacity")
    assert SAMPLE in first
    assert SAMPLE not in last
