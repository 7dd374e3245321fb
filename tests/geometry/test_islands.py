"""True islands are told from a thin curved valley."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from mechfit.geometry import connect, islands, straight

RADIUS = 5.0


def valley(x):
    """Log-density of a thin curved valley: an arc of three quarters of a circle."""
    angle, radius = np.arctan2(x[:, 1], x[:, 0]), np.hypot(x[:, 0], x[:, 1])
    beyond = np.maximum(abs(angle) - 0.75 * np.pi, 0)
    return -((radius - RADIUS) ** 2) / 0.02 - 50 * beyond**2 - (x[:, 2:] ** 2).sum(1) / 2


def valley_slope(x):
    angle, radius = np.arctan2(x[:, 1], x[:, 0]), np.hypot(x[:, 0], x[:, 1])
    beyond = np.maximum(abs(angle) - 0.75 * np.pi, 0) * np.sign(angle)
    slope, unit = -x, x[:, :2] / radius[:, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], 1)
    slope[:, :2] = -100 * ((radius - RADIUS)[:, None] * unit + (beyond / radius)[:, None] * across)
    return valley(x), slope


def on_valley(n, d=6):
    rng = np.random.default_rng(1)
    angle = np.linspace(-0.74, 0.74, n) * np.pi
    radius = RADIUS + 0.1 * rng.normal(size=n)
    arc = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return np.concatenate([arc, rng.normal(size=(n, d - 2))], 1)


CENTERS = 1.5 * np.array([[4.0, 0.0, 0.0], [-4.0, 0.0, 0.0], [0.0, 6.0, 0.0]])


def modes(x):
    """Log-density of three normals that do not touch."""
    squares = ((x[:, None] - CENTERS) ** 2).sum(2)
    return logsumexp(-squares / 2, axis=1)


def modes_slope(x):
    away = CENTERS - x[:, None]
    share = softmax(-(away**2).sum(2) / 2, axis=1)
    return modes(x), (share[:, :, None] * away).sum(1)


def test_a_thin_curved_valley_is_one():
    samples = on_valley(16)
    level = np.quantile(valley(on_valley(400)), 0.01)
    found = islands(valley, samples, level, nodes=40, log_prob_grad=valley_slope)
    assert found.count == 1
    assert str(found) == "a valley: 16 parameter sets hang together by 15 paths"
    ends = connect(valley, samples[3], samples[12], level, log_prob_grad=valley_slope)
    assert ends.connected
    assert ends.line < 10 * level
    assert str(ends).startswith("connected: lowest log-density")


def test_separated_modes_are_islands():
    rng = np.random.default_rng(2)
    which = np.arange(15) % 3
    samples = CENTERS[which] + rng.normal(size=(15, 3))
    draws = CENTERS[np.arange(3000) % 3] + rng.normal(size=(3000, 3))
    level = np.quantile(modes(draws), 0.01)
    keep = modes(samples) > level
    found = islands(modes, samples[keep], level, nodes=30, log_prob_grad=modes_slope)
    assert found.count == 3
    assert str(found).startswith("3 islands, of ")
    for group in range(3):
        assert len(set(which[keep][found.groups == group])) == 1


def test_what_does_not_work_does_not_connect():
    def works(theta):
        return theta[:, 0] > 0

    start, end = np.array([1.0, 0.0]), np.array([-1.0, 0.0])
    found = connect(lambda x: -(x**2).sum(1), start, end, -2.0, works=works, tried=10)
    assert found.lowest >= -2.0
    assert found.works.tolist() == [True] * 5 + [False] * 5
    assert not found.connected
    assert str(found).endswith("5 of 10 work")
    unasked = connect(lambda x: -(x**2).sum(1), start, end, -0.5, works=works)
    assert unasked.works is None
    assert not unasked.connected


def test_the_line_is_reported():
    start, end = on_valley(2)
    found = connect(valley, start, end, -20.0)
    assert found.line == valley(straight(start, end)).min()


def test_one_set_is_no_question():
    with pytest.raises(ValueError, match="with at least 2 rows"):
        islands(valley, np.zeros((1, 3)), -1.0)
