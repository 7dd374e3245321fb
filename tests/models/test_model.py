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


def test_traces_check_their_shapes():
    assert len(Traces(np.zeros((3, 1, 5)), np.zeros(5))) == 3
    with pytest.raises(ValueError, match="expected"):
        Traces(np.zeros((3, 5)), np.zeros(5))
