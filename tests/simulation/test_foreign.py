"""A simulator that someone else wrote: whatever it does, the other simulations are kept."""

import ctypes
import os
import sys
import threading
import time

import numpy as np
import pytest

from mechfit.models import Model, Prior
from mechfit.simulation import simulate
from mechfit.simulation.workers import processes

PRIOR = Prior.uniform(["a"], [0.0], [1.0])
N = 40


def simulated(f, **options):
    return simulate(Model.from_function(f, PRIOR, ["x", "y"], **options), N, seed=1)


@pytest.fixture
def good():
    return simulated(lambda theta, rng: [theta[0], rng.normal()])


DIED = "ended its process or took longer than 1 s"


@pytest.mark.slow
def test_a_function_runs_in_other_processes(good):
    bank = simulated(lambda theta, rng: [theta[0], os.getpid()])
    assert bank.valid.all()
    assert os.getpid() not in bank.x[:, 1]
    np.testing.assert_array_equal(bank.x[:, 0], bank.theta[:, 0])
    assert good.failure == ""


BAD = {
    "raises": (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
    "nan": (lambda: [1.0, np.nan], "y not finite"),
    "shape": (lambda: [1.0, 2.0, 3.0], r"ValueError: the function returned shape \(3,\)"),
    "text": (lambda: "a neuron", "ValueError: could not convert"),
    "exits": (lambda: sys.exit(2), "SystemExit: 2"),
    "dies": (lambda: os._exit(3), DIED),
    "hangs": (lambda: time.sleep(1000), DIED),
    "hangs in C": (lambda: ctypes.pythonapi.pause(), DIED),
}


@pytest.mark.parametrize(
    "name",
    [
        *(name for name, (_, said) in BAD.items() if said != DIED),
        *(pytest.param(name, marks=pytest.mark.slow, id=f"{name} in a process") for name in BAD),
    ],
)
def test_a_bad_simulation_is_marked_and_the_rest_kept(name, good):
    bad, message = BAD[name]
    worst = np.argmax(good.theta[:, 0])
    trigger = good.theta[worst, 0]

    def f(theta, rng):
        return bad() if theta[0] == trigger else [theta[0], rng.normal()]

    said = rf"1 of {N} simulations are marked invalid; simulation {worst}: {message}"
    with pytest.warns(UserWarning, match=said):
        bank = simulated(f, time_limit=1.0 if message == DIED else None)
    np.testing.assert_array_equal(bank.valid, np.arange(N) != worst)
    np.testing.assert_array_equal(bank.x[bank.valid], good.x[bank.valid])


def test_given_parameters_are_isolated_too():
    def f(theta, rng):
        if theta[0] > 2:
            sys.exit(2)
        return [theta[0], rng.normal()]

    model, theta = Model.from_function(f, PRIOR, ["x", "y"]), np.linspace(-1, 2, 4)[:, None]
    good = model.statistics(theta, 1, first=7)
    theta = np.append(theta, [[3.0]], 0)
    with pytest.warns(UserWarning, match="1 of 5 simulations .* simulation 11: SystemExit: 2"):
        bank = simulate(model, seed=1, theta=theta, first=7)
    np.testing.assert_array_equal(bank.valid, theta[:, 0] < 3)
    np.testing.assert_array_equal(bank.x[:4], good)


@pytest.mark.slow
def test_a_process_that_grows_goes_on():
    def grow(megabytes):
        sys.held = b"x" * (megabytes << 20)
        time.sleep(1.1)
        return os.getpid()

    pool = processes(1)
    assert len({pool.submit(grow, size).result() for size in (1, 500, 1, 1)}) == 1


def test_the_first_failure_is_told():
    def f(theta, rng):
        if theta[0] > 0.5:
            raise ValueError("too much")
        return [theta[0], rng.normal()]

    with pytest.warns(UserWarning, match="too much"):
        bank = simulated(f)
    first = np.argmax(bank.theta[:, 0] > 0.5)
    assert bank.failure == f"simulation {first}: ValueError: too much"
    np.testing.assert_array_equal(bank.valid, bank.theta[:, 0] <= 0.5)


@pytest.mark.slow
def test_what_cannot_be_sent_to_another_process():
    lock = threading.Lock()
    with pytest.raises(TypeError, match="cannot be sent to another process"):
        simulated(lambda theta, rng: [theta[0], lock.locked()])


def test_a_proposal_that_fails_is_heard():
    class Broken:
        def sample(self, n, seed):
            raise RuntimeError("nothing to draw")

    model = Model.from_function(lambda theta, rng: theta, PRIOR, ["x"])
    with pytest.raises(RuntimeError, match="nothing to draw"):
        simulate(model, 10, seed=1, proposal=Broken())


def test_called_directly_it_raises():
    model = Model.from_function(lambda theta, rng: [1 / 0], PRIOR, ["x"])
    with pytest.raises(ZeroDivisionError):
        model.statistics(np.array([0.5]), seed=1)
