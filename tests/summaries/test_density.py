"""Bins keep mass, levels hold their share, outlines enclose it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.summaries.density import density, mass_level, outlines

BOX = [[0, 1], [0, 1]]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 2), st.integers(5, 30))
def test_a_density_keeps_the_mass_within_the_limits(seed, k, bins):
    samples = np.random.default_rng(seed).normal(0.6, 0.3, (500, k))
    grid = density(samples, BOX[:k], bins)
    inside = ((samples >= 0) & (samples <= 1)).all(1).mean()
    assert grid.shape == (bins,) * k
    assert grid.mean() == pytest.approx(inside)
    assert grid.min() >= 0


def test_a_uniform_density_is_one():
    edge = (np.arange(200) + 0.5) / 200
    samples = np.stack(np.meshgrid(edge, edge), -1).reshape(-1, 2)
    assert density(samples, BOX, 20) == pytest.approx(np.ones((20, 20)))


@given(st.integers(0, 1000), st.floats(0.05, 0.95))
def test_a_level_holds_its_share(seed, mass):
    grid = np.random.default_rng(seed).random((12, 12))
    level = mass_level(grid, mass)
    assert grid[grid >= level].sum() >= mass * grid.sum() * (1 - 1e-9)
    assert grid[grid > level].sum() < mass * grid.sum()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_outlines_are_closed_and_stay_inside(seed, mass):
    grid = np.random.default_rng(seed).random((9, 9))
    loops = outlines(grid, mass_level(grid, mass))
    assert loops
    for loop in loops:
        assert np.array_equal(loop[0], loop[-1])
        assert loop.min() >= 0
        assert loop.max() <= 9


def area(loop: np.ndarray) -> float:
    x, y = loop.T
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def test_the_outline_of_a_gaussian_is_its_ellipse():
    samples = np.random.default_rng(3).normal(0, 1, (200_000, 2))
    bins = 60
    grid = density(samples, [[-5, 5], [-5, 5]], bins)
    for mass in (0.5, 0.9):
        loops = outlines(grid, mass_level(grid, mass))
        biggest = max(loops, key=area)
        expected = -2 * np.pi * np.log(1 - mass)
        assert area(biggest) * (10 / bins) ** 2 == pytest.approx(expected, rel=0.06)


def test_one_level_can_have_two_loops():
    grid = np.zeros((12, 12))
    grid[2, 2] = grid[8, 9] = 1
    assert len(outlines(grid, 0.5)) == 2


def test_an_outline_closes_along_the_limits():
    grid = np.zeros((6, 6))
    grid[:2] = 1
    (loop,) = outlines(grid, 0.5)
    assert area(loop) == pytest.approx(12, rel=0.05)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"samples have shape \(5,\)"):
        density(np.zeros(5), BOX, 9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        mass_level(np.ones((2, 2)), 1.0)


def test_a_narrow_density_stays_narrow():
    samples = np.random.default_rng(5).normal(0.5, 0.02, (10_000, 1))
    grid = density(samples, BOX[:1], 100)
    at = (np.arange(100) + 0.5) / 100
    spread = np.sqrt(np.average((at - 0.5) ** 2, weights=grid))
    assert spread == pytest.approx(0.02, rel=0.06)
