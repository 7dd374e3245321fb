"""What a model promises: shapes, keys and errors."""

import numpy as np
import pytest

from mechfit.models import Model, Prior, Traces

PRIOR = Prior.uniform(["a", "b"], [0, 0], [1, 1])
NOISY = Model.from_function(lambda theta, rng: theta.sum() + rng.normal(size=1), PRIOR, ["s"])


def test_function_gets_its_own_noise_per_simulation():
    theta = PRIOR.sample(6, seed=1)
    x = NOISY.statistics(theta, seed=3)
    assert len(np.unique(x - theta.sum(1, keepdims=True))) == 6
    np.testing.assert_array_equal(x[2:4], NOISY.statistics(theta[2:4], seed=3, first=2))
    assert NOISY.statistics(theta[0], seed=3).shape == (1, 1)


def test_function_of_the_wrong_shape():
    model = Model.from_function(lambda theta, rng: np.zeros(3), PRIOR, ["s"])
    with pytest.raises(ValueError, match=r"returned shape \(3,\), expected \(1,\)"):
        model.statistics(np.zeros(2), seed=1)
    with pytest.raises(ValueError, match="at least one name"):
        Model.from_function(lambda theta, rng: theta, PRIOR, [])
    with pytest.raises(ValueError, match="expected 1"):
        Model.from_function(lambda theta, rng: theta, PRIOR, ["s"], ["mV", "mV"])


def test_function_has_no_traces():
    with pytest.raises(TypeError, match="use statistics"):
        NOISY.simulate(np.zeros(2), seed=1)
    with pytest.raises(TypeError, match="use statistics"):
        NOISY.summarize(Traces(np.zeros((1, 1, 2)), np.zeros(2)))


def voltage(theta, rng):
    v = np.full(300, -70.0 + theta[0]) + 0.1 * rng.normal(size=300)
    v[100:200:20] += 100 * theta[1]
    return v


def test_a_function_that_returns_a_voltage_keeps_its_traces():
    model = Model.from_traces(voltage, PRIOR, dt=0.1, window=(10.0, 20.0))
    theta = np.array([[0.0, 1.0], [0.5, 0.0]])
    traces = model.simulate(theta, seed=2, first=3)
    assert traces.voltage.shape == (2, 1, 300)
    assert traces.time[1] == 0.1
    x = model.statistics(theta, seed=2, first=3)
    np.testing.assert_array_equal(x, model.summarize(traces))
    assert x[:, 0].tolist() == [4, 0]
    again = model.simulate(theta[1], seed=2, first=4)
    np.testing.assert_array_equal(again.voltage[0], traces.voltage[1])


def test_a_function_that_returns_no_voltage_is_refused():
    model = Model.from_traces(lambda theta, rng: np.zeros((2, 9)), PRIOR, 0.1, (10.0, 20.0))
    with pytest.raises(ValueError, match=r"shape \(2, 9\), expected a voltage \(time,\)"):
        model.simulate(np.zeros(2), seed=1)
    short = Model.from_traces(lambda theta, rng: np.zeros(50), PRIOR, 0.1, (10.0, 20.0))
    with pytest.raises(ValueError, match="no later than the trace"):
        short.statistics(np.zeros(2), seed=1)
    with pytest.raises(ValueError, match="expected dt above 0"):
        Model.from_traces(voltage, PRIOR, dt=0.0, window=(10.0, 20.0))
    with pytest.raises(TypeError, match="noise was given"):
        model.simulate(np.zeros(2), seed=1, noise=np.zeros(3))


def test_traces_check_their_shapes():
    assert len(Traces(np.zeros((3, 1, 5)), np.zeros(5))) == 3
    with pytest.raises(ValueError, match="expected"):
        Traces(np.zeros((3, 5)), np.zeros(5))
