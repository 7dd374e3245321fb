"""A classifier's accuracy has known values for known overlaps."""

import numpy as np
import pytest
from scipy.stats import norm

from mechfit.inference import c2st

RNG = np.random.default_rng(1)


def test_same_distribution():
    p, q = RNG.normal(size=(2, 1500, 2))
    assert c2st(p, q) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("shift", [1.0, 2.0])
def test_shifted_normals_reach_the_bayes_accuracy(shift):
    p, q = RNG.normal(size=(2, 1500, 1))
    assert c2st(p, q + shift) == pytest.approx(norm.cdf(shift / 2), abs=0.03)


def test_shapes():
    with pytest.raises(ValueError, match=r"expected the same \(n, d\)"):
        c2st(np.zeros((3, 2)), np.zeros((4, 2)))
