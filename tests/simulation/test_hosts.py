"""The same numbers in any host process: a pool's, a thread's, an event loop's, a script's."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mechfit.inference import MAF, Training, fit
from mechfit.models import Model, Prior
from mechfit.simulation import simulate, workers

PRIOR = Prior.uniform(["a"], [0.0], [1.0])
MODEL = Model.from_function(
    lambda theta, rng: [theta[0] + rng.normal(), os.getpid()], PRIOR, ["x", "pid"]
)
QUICK = {"flow": MAF(1, 8), "training": Training(epochs=2, batch=20), "members": 2, "seed": 1}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bank():
    return simulate(MODEL, 40, seed=1)


def pids(bank):
    return set(bank.x[:, 1])


def test_a_daemonic_process_works_itself(bank, monkeypatch):
    def learned():
        return fit(bank.select(["x"]), PRIOR, **QUICK).at([0.5]).sample(10, seed=1)

    expected = learned()
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    own = simulate(MODEL, 40, seed=1)
    np.testing.assert_array_equal(own.x[:, 0], bank.x[:, 0])
    assert pids(own) == {os.getpid()}
    np.testing.assert_array_equal(learned(), expected)


def test_a_time_limit_has_a_process_of_its_own_in_a_daemonic_one(monkeypatch):
    limited = Model.from_function(MODEL.f, PRIOR, ["x", "pid"], time_limit=100.0)
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert os.getpid() not in pids(simulate(limited, 40, seed=1))


def test_threads_share_the_processes(bank):
    with ThreadPoolExecutor(3) as threads:
        banks = list(threads.map(lambda seed: simulate(MODEL, 40, seed), [1, 2, 1]))
    np.testing.assert_array_equal(banks[0].x[:, 0], bank.x[:, 0])
    np.testing.assert_array_equal(banks[2].x[:, 0], bank.x[:, 0])
    assert os.getpid() not in set().union(*map(pids, banks))
    assert len(set().union(*map(pids, banks))) <= workers.cores()


def test_an_event_loop(bank):
    async def main():
        return simulate(MODEL, 40, seed=1)

    np.testing.assert_array_equal(asyncio.run(main()).x[:, 0], bank.x[:, 0])


def test_a_death_is_not_charged_to_another_thread(bank):
    deadly = Model.from_function(
        lambda theta, rng: [theta[0], os._exit(3) if theta[0] > 0.9 else 0.0], PRIOR, ["x", "y"]
    )

    def one(model):
        return simulate(model, 40, seed=1)

    with pytest.warns(UserWarning, match="ended its process"), ThreadPoolExecutor(2) as threads:
        died, innocent = threads.map(one, [deadly, MODEL])
    np.testing.assert_array_equal(died.valid, died.theta[:, 0] <= 0.9)
    np.testing.assert_array_equal(innocent.x[:, 0], bank.x[:, 0])


SCRIPT = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from mechfit.inference import MAF, Training, fit
from mechfit.models import Model, Prior
from mechfit.simulation import simulate
def f(theta, rng): return theta + rng.normal()
def one(seed):
    prior = Prior.uniform(["a"], [0.0], [1.0])
    bank = simulate(Model.from_function(f, prior, ["x"]), 40, seed)
    quick = {"flow": MAF(1, 8), "training": Training(epochs=2, batch=20), "members": 2}
    found = fit(bank, prior, seed=seed, **quick).at([0.5]).sample(10, seed=1)
    return [float(bank.x.sum()), float(found.sum())]
"""
UNGUARDED = SCRIPT + "print(one(1) == one(1))"
GUARDED = (
    SCRIPT
    + """
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[2])
    here = one(1) if sys.argv[2] == "fork" else None
    with context.Pool(1) if sys.argv[1] == "pool" else ProcessPoolExecutor(1, context) as pool:
        there = list(pool.map(one, [1]))[0]
    print(there == (here or one(1)))
"""
)
KILLED = """
import multiprocessing
from mechfit.models import Model, Prior
from mechfit.simulation import simulate
def one(seed):
    prior = Prior.uniform(["a"], [0.0], [1.0])
    return len(simulate(Model.from_function(lambda t, r: t, prior, ["x"], time_limit=9), 4, seed))
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map(one, [1]))
"""


@pytest.mark.slow
def test_a_killed_process_leaves_none_behind(tmp_path):
    (tmp_path / "script.py").write_text(KILLED)
    command = [sys.executable, tmp_path / "script.py"]  # the output ends with the last process
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["[4]"], done.stderr


@pytest.mark.parametrize(
    "how", ["", "pool fork", "pool spawn", "pool forkserver", "executor fork", "executor spawn"]
)
def test_a_script(how, tmp_path):
    (tmp_path / "script.py").write_text(GUARDED if how else UNGUARDED)
    command = [sys.executable, tmp_path / "script.py", *how.split()]
    env = {**os.environ, "MECHFIT_PROGRESS": "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["True"], done.stderr
