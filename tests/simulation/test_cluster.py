"""The same call on a Dask cluster gives the same bank, also when workers are killed."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from distributed import Client, LocalCluster

from mechfit.models import HodgkinHuxley, Model, Prior, StepModel
from mechfit.simulation import open_bank, simulate

MODEL = HodgkinHuxley(duration=30.0, window=(5.0, 25.0))
MODEL.block = 256
PRIOR = Prior.uniform(["a"], [0.0], [1.0])

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_the_same_bank(client, tmp_path):
    alone = simulate(MODEL, 3000, seed=3)
    for store in (None, tmp_path / "bank"):
        bank = simulate(MODEL, 3000, seed=3, client=client, store=store)
        np.testing.assert_array_equal(bank.theta, alone.theta)
        np.testing.assert_array_equal(bank.x, alone.x)
    given = simulate(MODEL, seed=3, theta=alone.theta[:600], client=client)
    np.testing.assert_array_equal(given.x, alone.x[:600])


def compilations():
    from mechfit.models.step_model import loop

    return loop.cache_info().misses


def test_a_step_of_ones_own_is_compiled_once_by_a_worker(client):
    def leak(state, theta, current, noise, dt):  # sent by value, as from a notebook
        return (state[0] + dt * (theta[0] * (-70.0 - state[0]) + current),)

    how = {"dt": 0.1, "current": np.ones(300), "window": (5.0, 25.0)}
    model = StepModel(leak, Prior.uniform(["g_leak"], [0.1], [1.0]), [-70.0], **how)
    before = client.run(compilations)
    banks = [simulate(model, 640, seed=1, client=client) for _ in range(2)]
    counts = [n - before[worker] for worker, n in client.run(compilations).items()]
    assert max(counts) == 1
    for bank in banks:
        np.testing.assert_array_equal(bank.x, simulate(model, 640, seed=1).x)


def test_begun_on_a_cluster_continued_at_home(client, tmp_path):
    simulate(MODEL, 1000, seed=3, client=client, store=tmp_path / "bank")
    bank = simulate(MODEL, 2000, seed=3, store=tmp_path / "bank")
    np.testing.assert_array_equal(bank.x, simulate(MODEL, 2000, seed=3).x)


def test_a_killed_worker_is_replaced(client, tmp_path):
    slow = HodgkinHuxley(duration=300.0, window=(5.0, 295.0))
    slow.block = 128
    store, killed = tmp_path / "bank", []

    def kill():
        while not (store.exists() and len(open_bank(store))):
            time.sleep(0.01)
        pids = client.run(os.getpid)
        killed.append(next(iter(pids.values())))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    bank = simulate(slow, 2500, seed=3, client=client, store=store)
    killer.join()
    assert killed
    np.testing.assert_array_equal(bank.x, simulate(slow, 2500, seed=3).x)


def test_a_foreign_simulator_that_hangs_and_one_that_dies(client):
    def f(theta, rng):
        if 0.5 < theta[0] < 0.54:
            time.sleep(1000)
        if theta[0] > 0.94:
            os._exit(3)
        return theta + rng.normal()

    model = Model.from_function(f, PRIOR, ["x"], block=8, time_limit=1.0)
    with pytest.warns(UserWarning, match="ended its process or took longer than 1 s"):
        bank = simulate(model, 16, seed=1, client=client)
    bad = ((bank.theta > 0.5) & (bank.theta < 0.54) | (bank.theta > 0.94))[:, 0]
    assert 1 <= bad.sum() < 8
    np.testing.assert_array_equal(bank.valid, ~bad)


def test_an_error_is_heard_and_the_cluster_stays_usable(client):
    below = Prior.uniform(MODEL.prior.names, MODEL.truth - 100, MODEL.truth)
    with pytest.raises(ValueError, match="expected finite numbers"):
        simulate(MODEL, 2000, seed=1, proposal=below, client=client)
    assert len(simulate(MODEL, 100, seed=1, client=client)) == 100
