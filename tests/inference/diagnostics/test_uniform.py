"""Curves of uniform numbers leave their bands as often as is said, computed without simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from mechfit.inference.diagnostics import band, grid, p_value


@pytest.mark.parametrize("n", [20, 150, 1000])
def test_p_values_of_uniform_numbers_are_uniform(n):
    rng = np.random.default_rng(1)
    p = np.array([p_value(rng.random(n)) for _ in range(400)])
    # the statistic takes few values when n is small, so small p-values are at most as frequent
    assert (p < 0.05).mean() < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    if n == 1000:
        assert kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_curves_stay_in_the_band_as_often_as_asked(level):
    n, rng = 200, np.random.default_rng(2)
    lower, upper = band(n, level)
    z, inside = grid(n), 0
    for _ in range(2000):
        curve = (rng.random((n, 1)) <= z).mean(0)
        inside += ((curve >= lower) & (curve <= upper)).all()
    assert level - 0.03 < inside / 2000 < level + 0.07  # counts are whole numbers


def test_a_band_and_a_p_value_agree():
    n, rng = 300, np.random.default_rng(3)
    lower, upper = band(n, 0.9)
    for _ in range(100):
        u = rng.beta(1.1, 1, n)
        curve = (u[:, None] <= grid(n)).mean(0)
        outside = ((curve < lower) | (curve > upper)).any()
        assert outside == (p_value(u) <= 0.1)


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_the_order_of_numbers_and_their_mirror_image_do_not_matter(n, seed):
    u = np.random.default_rng(seed).random(n)
    assert p_value(u) == p_value(np.sort(u))
    assert 0 <= p_value(u) <= 1


def test_what_is_far_from_uniform_is_found():
    rng = np.random.default_rng(4)
    assert p_value(rng.beta(2, 2, 500)) < 1e-6
    assert p_value(np.full(500, 0.5)) < 1e-12
    assert p_value(rng.random(500) ** 1.5) < 1e-3


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        p_value(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="numbers from 0 to 1"):
        p_value(np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="level is 1"):
        band(100, 1.0)
