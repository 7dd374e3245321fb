"""Each point that is chosen is the farthest from those before."""

import numpy as np
import pytest

from mechfit.geometry import farthest_points


def test_every_choice_maximizes_the_least_distance():
    points = np.random.default_rng(1).random((50, 3))
    chosen = farthest_points(points, 6, first=7)
    assert chosen[0] == 7
    for k in range(1, 6):
        away = np.linalg.norm(points[:, None] - points[chosen[:k]], axis=2).min(1)
        assert away[chosen[k]] == away.max()


def test_too_many_are_refused():
    with pytest.raises(ValueError, match=r"expected \(m, d\) with m >= 3"):
        farthest_points(np.zeros((2, 2)), 3)
