"""What a user's function is given is its own copy, and what it returns is copied."""

import numpy as np
import pytest

from mechfit.geometry import active_subspace, connect
from mechfit.models import Averaged, Model, Parameter, Prior, Traces
from mechfit.models.distributions import Uniform
from mechfit.robustness import Criterion, warm
from mechfit.simulation import simulate

PRIOR = Prior.uniform(["a", "b"], [0.0, 0.0], [1.0, 1.0])
THETA = PRIOR.sample(100, seed=1)
BUFFER = np.empty(2)


def scaled(theta, rng):
    theta *= 1000
    return theta


def same_buffer(theta, rng):
    BUFFER[:] = 1000 * theta
    return BUFFER


class Greedy(Model):
    """A model that writes into what it is given and returns it, or one buffer."""

    prior = PRIOR
    statistic_names = ("x", "y")
    statistic_units = ("", "")
    block = 32
    time = np.arange(4.0)

    def __init__(self, foreign=False, buffer=None):
        self.run_in_process, self.buffer = foreign, buffer

    def statistics(self, theta, seed, *, first=0):
        theta *= 1000
        if self.buffer is None:
            return theta
        self.buffer[: len(theta)] = theta
        return self.buffer[: len(theta)]

    def simulate(self, theta, seed, *, first=0, noise=None):
        theta *= 1000
        return Traces(np.repeat(theta[:, None, :1], 4, 2), self.time)


@pytest.mark.parametrize("f", [scaled, same_buffer])
def test_a_function_called_directly(f):
    theta = THETA.copy()
    x = Model.from_function(f, PRIOR, ["x", "y"]).statistics(theta, seed=1)
    np.testing.assert_array_equal(theta, THETA)
    np.testing.assert_array_equal(x, 1000 * THETA)


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize(
    "model",
    [Greedy(), Greedy(buffer=np.empty((100, 2))), Model.from_function(scaled, PRIOR, ["x", "y"])],
)
def test_simulated_by_any_workers(model, n, monkeypatch):
    monkeypatch.setattr("mechfit.simulation.workers.cores", lambda: 1)
    theta = THETA[:n].copy()
    bank = simulate(model, seed=1, theta=theta)
    np.testing.assert_array_equal(theta, THETA[:n])
    np.testing.assert_array_equal(bank.theta, theta)
    np.testing.assert_array_equal(bank.x, 1000 * theta)
    theta[:] = 0
    np.testing.assert_array_equal(bank.theta, THETA[:n])
    drawn = simulate(model, n, seed=1)
    np.testing.assert_array_equal(drawn.x, 1000 * drawn.theta)
    np.testing.assert_array_equal(drawn.theta, simulate(Greedy(), n, seed=1).theta)


def test_a_wrapped_model():
    theta = THETA.copy()
    x = Averaged(Greedy(), every=2).statistics(theta, seed=1)
    np.testing.assert_array_equal(theta, THETA)
    np.testing.assert_allclose(x, 1000 * THETA[:, [0, 0]])


def test_a_proposal_with_one_buffer():
    class Lazy:
        theta = np.empty((2048, 2))

        def sample(self, n, seed):
            self.theta[:] = PRIOR.sample(n, seed)
            return self.theta

    bank = simulate(Greedy(), 5000, seed=1, proposal=Lazy())
    np.testing.assert_array_equal(bank.theta, simulate(Greedy(), 5000, seed=1).theta)


def test_a_distribution_that_works_in_place():
    class Rude(Uniform):
        def log_prob(self, value):
            found = super().log_prob(value)
            value[:] = 0
            return found

    prior = Prior((Parameter("a", Rude(0.0, 1.0)), Parameter("b", Rude(0.0, 2.0))))
    theta = THETA.copy()
    assert np.isfinite(prior.log_prob(theta)).all()
    np.testing.assert_array_equal(theta, THETA)


def in_place(x):
    x[:] = x > 500
    return x[:, 0]


def test_a_rule_that_works_in_place():
    model = Greedy()
    expected = THETA[:, 0] > 0.5
    np.testing.assert_array_equal(Criterion(model, in_place)(THETA, 1), expected)
    found = warm(lambda t: model, THETA, [10.0], rule=in_place, seed=1)
    np.testing.assert_array_equal(found.works[:, 0], expected)
    np.testing.assert_allclose(found.x[expected, 0], 1000 * THETA[expected])


def test_log_densities_that_work_in_place():
    def log_prob(theta):
        theta -= 0.5
        return -(theta**2).sum(1)

    slopes = np.empty((2000, 2))

    def log_prob_grad(theta):
        theta -= 0.5
        slopes[: len(theta)] = -2 * theta
        return -(theta**2).sum(1), slopes[: len(theta)]

    start, end = np.array([0.2, 0.2]), np.array([0.8, 0.8])
    path = connect(log_prob, start, end, -1.0, log_prob_grad=log_prob_grad, nodes=10).path
    np.testing.assert_array_equal(path[[0, -1]], [start, end])
    draws = PRIOR.sample(5000, seed=1)
    expected = active_subspace(lambda x: -((x - 0.5) ** 2).sum(1), draws.copy()).matrix
    np.testing.assert_allclose(active_subspace(log_prob, draws).matrix, expected, atol=1e-6)
    found = active_subspace(log_prob, draws, grad=log_prob_grad).matrix
    np.testing.assert_allclose(found, expected, atol=1e-6)
