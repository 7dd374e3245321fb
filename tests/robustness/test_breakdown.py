"""Breakdown radii of toys whose boundary is known."""

import os

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley, Model, Prior, Pyloric
from mechfit.robustness import Criterion, Radii, breakdown_along, breakdown_radii
from mechfit.robustness.bisection import SMALLEST

CIRCUITS = np.array([[0.0, 0.0, 0.0], [0.3, -0.2, 0.1]])
AXES = np.concatenate([np.eye(3), -np.eye(3)])


def ball(theta, seed, first=0):
    """Works inside the ball of radius 1."""
    return (theta**2).sum(1) < 1


def noisy(width):
    def works(theta, seed, first=0):
        away = (np.linalg.norm(theta, axis=1) - 1) / width
        return np.random.default_rng([seed, first]).random(len(theta)) < 1 / (1 + np.exp(away))

    return works


def test_the_radius_is_exact_without_noise(tmp_path):
    found = breakdown_radii(ball, CIRCUITS, AXES, repeats=1, halvings=10, seed=1)
    along = CIRCUITS @ AXES.T
    exact = -along + np.sqrt(along**2 + 1 - (CIRCUITS**2).sum(1)[:, None])
    np.testing.assert_allclose(found.radius, exact, rtol=2e-3)
    assert (found.low <= exact).all()
    assert (exact <= found.high).all()
    assert not ball(found.broken.reshape(-1, 3), 1).any()
    found.save(tmp_path / "radii.npz")
    for name, value in found.arrays().items():
        np.testing.assert_array_equal(getattr(Radii.load(tmp_path / "radii.npz"), name), value)
    np.testing.assert_allclose(np.linalg.norm(found.broken[0], axis=1), 1, rtol=2e-3)


def test_units():
    scale = np.array([1.0, 10.0, 0.1])
    found = breakdown_radii(
        lambda t, s, f: ball(t / scale, s), [0, 0, 0], AXES, scale=scale, repeats=1, seed=1
    )
    np.testing.assert_allclose(found.radius, 1, rtol=0.03)


@pytest.mark.parametrize("width", [0.02, 0.1])
def test_intervals_hold_the_radius_as_often_as_they_say(width):
    found = breakdown_radii(
        noisy(width), np.zeros((300, 3)), AXES[:1], repeats=8, halvings=5, seed=3
    )
    covered = ((found.low <= 1) & (found.high >= 1)).mean()
    assert 0.84 < covered <= 0.96
    assert np.median(found.radius) == pytest.approx(1, abs=width)


def test_what_does_not_break_says_so():
    found = breakdown_radii(lambda t, s, f: t[:, 0] < 0.5, [0, 0, 0], AXES, most=2.0, seed=1)
    assert np.isinf(found.radius[0, 1:]).all()
    assert np.isinf(found.high[0, 1:]).all()
    assert (found.low[0, 1:] > 1).all()
    assert np.isnan(found.broken[0, 1:]).all()
    assert (found.reach == 2.0).all()


def test_bounds_are_where_pushing_ends():
    tried = []

    def works(theta, seed, first):
        tried.append(theta)
        return ball(theta, seed)

    found = breakdown_radii(works, [0.2, 0, 0], AXES, low=0.0, high=0.9, seed=1)
    assert np.min(tried[0]) >= 0
    assert max(t.max() for t in tried) <= 0.9
    np.testing.assert_allclose(found.reach[0], [0.7, 0.9, 0.9, 0.2, 0, 0])
    assert np.isinf(found.radius[0, 3:]).all()


def test_a_parameter_at_its_bound_stays_while_others_move_on():
    """Both grow alike; the second stays at 0.3, the first goes on to the ball's edge."""
    found = breakdown_radii(
        ball, [0.0, 0, 0], [[1.0, 1.0, 0]], high=[9.0, 0.3, 9.0], repeats=1, halvings=10, seed=1
    )
    edge = [np.sqrt(1 - 0.3**2), 0.3, 0.0]
    np.testing.assert_allclose(found.broken[0, 0], edge, atol=2e-3)
    assert found.radius[0, 0] == pytest.approx(1, rel=2e-3)
    assert found.low[0, 0] <= 1 <= found.high[0, 0]


def test_a_circuit_that_does_not_work_has_no_radius_to_speak_of():
    found = breakdown_radii(ball, [2.0, 0, 0], AXES[:1], repeats=3, seed=1)
    assert found.radius[0, 0] < SMALLEST


def test_a_direction_needs_a_length():
    with pytest.raises(ValueError, match="no length of 0"):
        breakdown_radii(ball, CIRCUITS, np.zeros((1, 3)), seed=1)
    with pytest.raises(ValueError, match=r"expected \(k, 3\)"):
        breakdown_radii(ball, CIRCUITS, np.ones((1, 3, 4)), seed=1)


def test_a_neuron_falls_silent_when_its_sodium_goes(monkeypatch):
    model = HodgkinHuxley(dt=0.02)
    works = Criterion(model, lambda x: x[:, 0] > 0)
    theta = np.array(model.truth)
    how = {"low": 0.0, "most": 60.0, "repeats": 3, "seed": 1}
    radius = breakdown_radii(works, theta, -np.eye(8)[:1], **how).radius[0, 0]
    assert 5 < radius < 50
    before, after = (theta - np.eye(8)[0] * (radius + f) for f in (-4.0, 2.0))
    assert works(before, 9).all()
    assert not works(after, 9).any()
    monkeypatch.setattr("mechfit.simulation.workers.cores", lambda: 1)
    assert breakdown_radii(works, theta, -np.eye(8)[:1], **how).radius[0, 0] == radius


def test_a_way_is_measured_along_its_path():
    """A path that bends away from the boundary is longer than the straight way."""
    corner = np.array([[0.0, 0.0, 0.0], [0.0, 0.6, 0.0], [2.0, 0.6, 0.0]])
    found = breakdown_along(ball, [corner, corner[:2]], repeats=1, halvings=12, seed=1)
    assert found.radius[0, 0] == pytest.approx(0.6 + 0.8, rel=2e-3)
    np.testing.assert_allclose(found.broken[0, 0], [0.8, 0.6, 0.0], atol=2e-3)
    assert np.isinf(found.radius[1, 0])
    assert found.reach[1, 0] == pytest.approx(0.6)
    halved = breakdown_along(ball, [corner], scale=2.0, repeats=1, halvings=12, seed=1)
    assert halved.radius[0, 0] == pytest.approx(0.7, rel=2e-3)


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing(monkeypatch):
    """The circuit of the crab, pushed in two ways with noise, on one thread and on three."""
    model = Pyloric(duration=2000.0, burn_in=500.0)
    works, theta = Criterion(model, lambda x: x[:, 1] > 0), model.prior.sample(70, seed=3)
    how = {"scale": 10.0, "most": 0.1, "repeats": 2, "halvings": 1, "seed": 5}
    found = []
    for threads in (1, 3):
        monkeypatch.setattr("mechfit.simulation.workers.cores", lambda n=threads: n)
        radii = breakdown_radii(works, theta[:2], np.eye(31)[:2], **how)
        found.append({"x": works.statistics(theta, 5), **radii.arrays()})
    for name, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][name])


@pytest.mark.slow
def test_a_simulator_that_dies_fails_the_criterion():
    def f(theta, rng):
        if theta[0] > 1:
            os._exit(3)
        return [theta[0] + rng.normal()]

    model = Model.from_function(f, Prior.uniform(["a"], [0.0], [1.0]), ["x"])
    theta = np.array([[0.2], [2.0], [0.8]])
    with pytest.warns(UserWarning, match=r"1 of 3 .* simulation 6: ended its process"):
        assert Criterion(model)(theta, 1, first=5).tolist() == [True, False, True]
