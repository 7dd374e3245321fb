"""Whatever torch and numpy were told before: the same posterior, and their state is kept."""

import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from mechfit.inference import (
    MAF,
    MDN,
    NPE,
    NSF,
    SNPE_A,
    SNPE_B,
    SNPE_C,
    Coupling,
    Training,
    fit,
    learn_statistics,
    load,
    restrict,
    save,
)
from mechfit.inference.torch_state import torch_state
from mechfit.simulation import Bank
from tests.inference import linear_gaussian as problem


@contextmanager
def double_precision():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=False)


@contextmanager
def rough_products():
    torch.set_float32_matmul_precision("medium")
    try:
        yield
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


STATES = {
    "double precision": double_precision,
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "another device": lambda: torch.device("meta"),
    "casts": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic": deterministic,
    "rough products": rough_products,
    "numpy raises": lambda: np.errstate(all="raise"),
}


QUICK = {"training": Training(epochs=2, batch=50), "seed": 1}
BANK = problem.bank(200, 1)
PARTLY = Bank(BANK.theta, BANK.x, BANK.theta[:, 0] > 0, 1, BANK.statistic_names)


def trained(flow):
    """What a posterior computes, trained, stored and loaded again."""
    posterior, found = fit(BANK, problem.PRIOR, flow=flow, **QUICK), []
    with TemporaryDirectory() as folder:
        save(posterior, Path(folder) / "kept")
        loaded = load(Path(folder) / "kept")
    for each in (posterior.at(problem.X_O), loaded.at(problem.X_O)):
        theta = each.sample(20, seed=1)
        found += [theta, each.log_prob(theta), *each.log_prob_grad(theta)]
    return found


def rounds(method, flow):
    """Draws of the posterior of two rounds."""
    rounds = NPE(problem.PRIOR, problem.X_O, method=method, flow=flow, **QUICK)
    for r in range(2):
        theta = rounds.propose(60)
        rounds.append(theta, problem.observe(theta, r)).fit()
    return [rounds.posteriors[-1].sample(20, seed=1)]


RESULTS = {
    "coupling": lambda: trained(Coupling(1, 8)),
    "maf": lambda: trained(MAF(1, 8)),
    "nsf": lambda: trained(NSF(1, 8)),
    "mdn": lambda: trained(MDN(2, 8)),
    "snpe-a": lambda: rounds(SNPE_A(), MDN(1, 8)),
    "snpe-b": lambda: rounds(SNPE_B(), Coupling(1, 8)),
    "snpe-c": lambda: rounds(SNPE_C(), MDN(2, 8)),
    "restricted": lambda: [restrict(PARTLY, problem.PRIOR, keep=0.9, **QUICK).sample(20, 1)],
    "learned": lambda: [learn_statistics(BANK.first(60), problem.PRIOR, **QUICK)(BANK.x)],
}


@cache
def plain(name):
    return RESULTS[name]()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", RESULTS)
def test_the_same_numbers_in_any_state(name, state):
    expected = plain(name)
    with STATES[state]():
        found = RESULTS[name]()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_threads_share_the_default_precision():
    first, second, done = threading.Event(), threading.Event(), []

    def other():
        with torch_state():
            first.set()
            second.wait(30)
            done.append(torch.get_default_dtype())

    with double_precision():
        thread = threading.Thread(target=other)
        with torch_state():
            thread.start()
            first.wait(30)
        second.set()
        thread.join()
        assert done == [torch.float32]
        assert torch.get_default_dtype() == torch.float64
