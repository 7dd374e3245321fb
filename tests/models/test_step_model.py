"""A step of one's own: the same numbers as plain Python and as the built-in neuron."""

import math
from math import exp, sqrt

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley, Prior, StepModel, Traces, normals
from mechfit.models.hodgkin_huxley.equations import rest
from mechfit.models.hodgkin_huxley.equations import step as neuron
from mechfit.simulation import simulate
from mechfit.simulation.fingerprint import differences, fingerprint
from mechfit.summaries.extended import Extended

E_K = np.float64(-90.0)
CURRENT = np.where((np.arange(1201) >= 200) & (np.arange(1201) < 1000), 5.0, 0.0)
HOW = {"dt": 0.1, "current": CURRENT, "window": (20.0, 100.0)}
PRIOR = Prior.uniform(["g_l", "g_w", "sigma"], [0.1, 0.0, 0.0], [0.5, 0.5, 0.5])


def opened(v, middle=-55.0):
    return 1.0 / (1.0 + exp((middle - v) / 5.0))


def step(state, theta, current, noise, dt):
    """A passive membrane with one slow potassium gate."""
    v, w = state
    g_l, g_w, sigma = theta
    dv = g_l * (-70.0 - v) + g_w * w * (E_K - v) + current + sigma * noise / sqrt(dt)
    return v + dt * dv, w + dt * (opened(v) - w) / 20.0


def plain(theta, seed, number, every=1):
    dt, noise = 0.1 / every, normals(seed, number, every * 1200)
    state, voltage = (-70.0, 0.0), [-70.0]
    for s, r in enumerate(noise):
        state = step(state, theta, CURRENT[s // every], r, dt)
        if s % every == every - 1:
            voltage.append(state[0])
    return np.array(voltage)


@pytest.mark.parametrize("every", [1, 3])
def test_traces_are_those_of_plain_python(every):
    theta = PRIOR.sample(34, seed=1)
    model = StepModel(step, PRIOR, (-70.0, 0.0), **HOW, every=every)
    voltage = model.simulate(theta, seed=5, first=7).voltage[:, 0]
    for i in (0, 33):
        np.testing.assert_allclose(voltage[i], plain(theta[i], 5, 7 + i, every), rtol=1e-10)


def test_statistics_do_not_depend_on_precision_blocks_or_threads():
    theta = PRIOR.sample(70, seed=1)
    model = StepModel(step, PRIOR, (-70.0, 0.0), **HOW)
    exact = StepModel(step, PRIOR, (-70.0, 0.0), **HOW, precision="float64")
    x = model.statistics(theta, seed=2)
    np.testing.assert_allclose(x, exact.statistics(theta, seed=2), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(x[40:], model.statistics(theta[40:], seed=2, first=40))
    np.testing.assert_array_equal(x, simulate(model, theta=theta, seed=2).x)
    np.testing.assert_array_equal(
        exact.statistics(theta, 2), exact.summarize(exact.simulate(theta, 2))
    )


def own(state, theta, current, noise, dt):
    return neuron(state, current + theta[6] * noise / sqrt(dt), theta, dt)


def at_rest(theta):
    return [-70.0, *rest(-70.0, -theta[5]), 0.0, 0.0]


@pytest.mark.slow
def test_the_built_in_neuron_written_as_a_step_is_the_same():
    built_in = HodgkinHuxley(dt=0.02)
    how = {"dt": 0.02, "current": built_in.current, "window": built_in.window}
    model = StepModel(own, built_in.prior, at_rest, **how)
    theta = built_in.prior.sample(64, seed=3)
    x, expected = (m.statistics(theta, seed=4) for m in (model, built_in))
    np.testing.assert_array_equal(x[:, 0], expected[:, 0])
    np.testing.assert_allclose(x, expected, rtol=2e-3, atol=2e-4)
    voltages = [m.simulate(theta[:4], seed=4).voltage for m in (model, built_in)]
    np.testing.assert_allclose(*voltages, atol=1e-5)


def test_closures_defaults_and_other_statistics():
    def made(gate, low):
        def inner(state, theta, current, noise, dt, scale=0.5):
            return state[0] + dt * (theta[0] * (low - state[0]) + scale * gate(state[0])), 0.0

        return inner

    prior = Prior.uniform(["g"], [0.1], [1.0])
    own = Extended(lags=(1.0,))
    names = dict(zip(own.names, own.units, strict=True))
    model = StepModel(made(opened, -60.0), prior, [-70.0, 0.0], **HOW, summary=own, names=names)
    traces = model.simulate([0.5], 1)
    assert model.statistic_names == own.names
    assert model.summarize(traces).shape == (1, len(own.names))
    other = StepModel(made(opened, -50.0), prior, [-70.0, 0.0], **HOW)
    difference = other.simulate([0.5], 1).voltage - traces.voltage
    assert 9 < difference[0, 0, -1] < 11
    assert any("low" in text for text in differences(fingerprint(model), fingerprint(other)))


def test_what_runs_away_is_invalid():
    def away(state, theta, current, noise, dt):
        return (state[0] * (1.0 + theta[0]),)

    model = StepModel(away, Prior.uniform(["a"], [0.5], [1.0]), [-70.0], **HOW)
    assert not simulate(model, 3, seed=1).valid.any()


def wrong(returned):
    return lambda state, theta, current, noise, dt: returned


def not_numbers(state, theta, current, noise, dt):
    return (state[0] + eval("1.0"),)


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (lambda state, theta: state, TypeError, r"step takes \(state, theta\), expected \(state,"),
        (math.exp, TypeError, "builtin_function_or_method, expected a function"),
        (wrong((1.0, 2.0)), ValueError, r"returned \(1.0, 2.0\), expected a tuple of 1 numbers"),
        (wrong(-70.0), ValueError, "returned -70.0, expected a tuple of 1"),
        (wrong((math.inf,)), ValueError, "what step returned has the value inf"),
        (wrong(("a",)), TypeError, "what step returned"),
    ],
)
def test_wrong_steps_are_refused(function, error, said):
    with pytest.raises(error, match=said):
        StepModel(function, Prior.uniform(["a"], [0.0], [1.0]), [-70.0], **HOW)


def test_what_numba_does_not_know_is_told():
    model = StepModel(not_numbers, Prior.uniform(["a"], [0.0], [1.0]), [-70.0], **HOW)
    with pytest.raises(TypeError, match="numba cannot compile step; expected numbers"):
        model.statistics([0.5], seed=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": (20.0, 200.0)}, "window is"),
        ({"current": np.ones((2, 2))}, r"current has shape \(2, 2\)"),
        ({"every": 0}, "every is 0"),
        ({"precision": "half"}, "precision is 'half'"),
        ({"dt": -1.0}, "dt is -1.0"),
    ],
)
def test_wrong_settings_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        StepModel(step, PRIOR, (-70.0, 0.0), **HOW | given)


def test_wrong_initial_states_are_refused():
    with pytest.raises(ValueError, match="what initial returned has the value nan"):
        StepModel(step, PRIOR, lambda theta: (math.nan, 0.0), **HOW)
    with pytest.raises(ValueError, match="initial has shape"):
        StepModel(step, PRIOR, [[-70.0, 0.0]], **HOW)
    with pytest.raises(ValueError, match="not enough values to unpack"):
        StepModel(step, PRIOR, [-70.0], **HOW)


def test_wrong_summaries_and_traces_are_refused():
    how = HOW | {"summary": lambda voltage, *_: voltage[:, :2], "names": {"v": "mV"}}
    model = StepModel(step, PRIOR, (-70.0, 0.0), **how)
    with pytest.raises(ValueError, match=r"returned shape \(3, 2\) for 3 voltages, .* with v"):
        model.summarize(Traces(np.ones((3, 1, 1201)), model.time))
    with pytest.raises(ValueError, match=r"traces have shape \(3, 1, 9\)"):
        model.summarize(Traces(np.ones((3, 1, 9)), model.time[:9]))
