"""Paths go through what a density believes in, and depend on nothing that has no meaning."""

import numpy as np
import pytest
from harmonics import Harmonics, harmonic_path, waves

from mechfit.geometry import (
    along,
    high_probability_path,
    inverse_density,
    length,
    orthogonal_path,
    straight,
    surprisal,
)
from mechfit.geometry.paths import _cost
from mechfit.geometry.slopes import slope_of


def ring(x):
    """Log-density of a thin ring of radius 1 in the first two dimensions."""
    return -50 * (np.hypot(x[:, 0], x[:, 1]) - 1) ** 2 - (x[:, 2:] ** 2).sum(1) / 2


def ring_slope(x):
    radius = np.hypot(x[:, 0], x[:, 1])
    slope = -x.copy()
    slope[:, :2] = (-100 * (radius - 1) / radius)[:, None] * x[:, :2]
    return ring(x), slope


START, END = np.array([1.0, 0.0, 0.0]), np.array([-0.8, 0.6, 0.0])


def test_a_curved_valley_is_followed():
    path = high_probability_path(ring, START, END, log_prob_grad=ring_slope)
    np.testing.assert_array_equal(path[[0, -1]], [START, END])
    assert ring(path).min() > -0.5
    assert ring(straight(START, END)).min() < -20
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.std() < 0.05 * steps.mean()


def test_differences_do_as_well_as_the_gradient():
    exact = high_probability_path(ring, START, END, log_prob_grad=ring_slope)
    np.testing.assert_allclose(high_probability_path(ring, START, END), exact, atol=1e-2)


def test_a_constant_changes_nothing():
    def higher(x):
        value, slope = ring_slope(x)
        return value + 1000.0, slope

    path = high_probability_path(ring, START, END, log_prob_grad=ring_slope)
    moved = high_probability_path(ring, START, END, log_prob_grad=higher)
    np.testing.assert_allclose(moved, path, atol=5e-3)
    with pytest.raises(ValueError, match="take `inverse_density`"):
        high_probability_path(ring, START, END, log_prob_grad=higher, weight=surprisal)


def test_units_change_nothing():
    units = np.array([1e-3, 1e3, 2.0])
    scaled = high_probability_path(lambda x: ring(x / units), START * units, END * units,
                                   scale=units)  # fmt: skip
    path = high_probability_path(ring, START, END)
    np.testing.assert_allclose(scaled / units, path, atol=2e-2)


def test_the_number_of_nodes_changes_little():
    coarse, fine = (
        high_probability_path(ring, START, END, log_prob_grad=ring_slope, nodes=n)
        for n in (40, 160)
    )
    assert length(coarse) == pytest.approx(length(fine), rel=5e-3)
    np.testing.assert_allclose(along(fine, 40), along(coarse, 40), atol=0.03)


def test_sharp_paths_go_out_of_the_way():
    def hill(x):
        return -2.0 * (x**2).sum(1)

    start, end = np.array([1.0, 1.0]), np.array([-1.0, 1.0])
    soft, sharp = (high_probability_path(hill, start, end, sharpness=s) for s in (0.1, 2.0))
    assert length(soft) < length(sharp)
    assert hill(soft).mean() < hill(sharp).mean()


def test_bounds_hold():
    path = high_probability_path(ring, START, END, log_prob_grad=ring_slope, high=[2.0, 0.8, 2.0])
    assert path[:, 1].max() <= 0.8
    assert path[:, 1].max() > 0.79
    with pytest.raises(ValueError, match="expected both inside the bounds"):
        high_probability_path(ring, START, END, high=0.5)
    with pytest.raises(ValueError, match="not finite at 1 of 80"):
        high_probability_path(lambda x: np.where(x[:, 0] == 1, np.nan, 0.0), START, END)


@pytest.mark.parametrize("weight", [inverse_density, surprisal])
def test_the_gradient_of_the_cost(weight):
    rng = np.random.default_rng(1)
    path = straight(START, END, 7) + 0.1 * rng.normal(size=(7, 3))
    scale, step = np.array([1.0, 2.0, 0.5]), 1e-6
    arguments = scale, weight, 0.7
    _, gradient = _cost(ring_slope, path, *arguments)
    for i, j in np.ndindex(5, 3):
        moved = [path.copy(), path.copy()]
        moved[0][i + 1, j] += step * scale[j]
        moved[1][i + 1, j] -= step * scale[j]
        values = [_cost(ring_slope, p, *arguments)[0] for p in moved]
        change = (values[0] - values[1]) / (2 * step)
        assert gradient.reshape(5, 3)[i, j] == pytest.approx(change, rel=1e-4, abs=1e-6)


def test_walking_across_a_path():
    path = high_probability_path(ring, START, END, log_prob_grad=ring_slope)
    across = orthogonal_path(ring, path, 40, log_prob_grad=ring_slope, reach=0.2)
    assert len(across) == 21
    assert length(across) == pytest.approx(0.2)
    np.testing.assert_array_equal(across[0], path[40])
    assert (np.diff(ring(across)) < 0).all()
    normal = path[41] - path[39]
    cosines = (across - across[0]) @ normal / np.linalg.norm(normal)
    np.testing.assert_allclose(cosines, 0, atol=1e-9)
    short = orthogonal_path(ring, path, 40, log_prob_grad=ring_slope)
    assert length(short) == pytest.approx(length(path) / 27, abs=0.01)


def test_a_walk_stays_inside_the_bounds():
    path = straight(np.array([0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), 11)

    def slope(x):
        return x[:, 1] - 2 * x[:, 2], np.tile([0.0, 1.0, -2.0], (len(x), 1))

    across = orthogonal_path(ring, path, 5, log_prob_grad=slope, low=-0.1, high=1.1, reach=0.5)
    assert across[-1, 1] == pytest.approx(-0.1 + 1e-4)
    assert across[-1, 2] > 0.35
    with pytest.raises(ValueError, match="expected one inside a path of 11 nodes"):
        orthogonal_path(ring, path, 10)


def test_harmonics_and_their_derivative():
    rng = np.random.default_rng(1)
    path = Harmonics(START, END, 0.1 * rng.normal(size=(4, 3)))
    s = np.linspace(0.05, 0.95, 9)
    change = (path.at(s + 1e-6)[0] - path.at(s - 1e-6)[0]) / 2e-6
    np.testing.assert_allclose(path.at(s)[1], change, rtol=1e-6)
    np.testing.assert_allclose(path.nodes()[[0, -1]], [START, END], atol=1e-12)
    assert waves(3, s)[0].shape == (9, 6)


def test_harmonic_paths_are_better_than_the_line_and_worse_than_a_free_one():
    def surprising(x):
        value, slope = ring_slope(x)
        return value - 3.0, slope

    found = harmonic_path(lambda x: surprising(x)[0], START, END, log_prob_grad=surprising)
    line = Harmonics(START, END, np.zeros((4, 3)))
    assert found.loss(ring) < line.loss(ring)
    assert found.length() > line.length()
    differences = harmonic_path(lambda x: surprising(x)[0], START, END)
    assert differences.loss(ring) == pytest.approx(found.loss(ring), rel=0.05)


def test_slopes_by_differences():
    x = np.random.default_rng(1).normal(size=(5, 3)) + 1.5
    value, slope = slope_of(ring, scale=np.array([1.0, 2.0, 3.0]))(x)
    exact = ring_slope(x)
    np.testing.assert_allclose(value, exact[0])
    np.testing.assert_allclose(slope, exact[1], rtol=1e-4, atol=1e-5)
