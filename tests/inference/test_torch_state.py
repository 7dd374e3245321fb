"""Whatever torch and numpy were told before: the same posterior, and their state is kept."""

import threading
from contextlib import contextmanager

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

FLOWS = {"coupling": Coupling(1, 8), "maf": MAF(1, 8), "nsf": NSF(1, 8), "mdn": MDN(2, 8)}


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


def numbers(flow, tmp_path):
    """What a posterior computes, trained, stored and loaded again."""
    posterior = fit(problem.bank(200, 1), problem.PRIOR, flow=flow, training=QUICK, seed=1)
    save(posterior, tmp_path / "kept")
    found = []
    for each in (posterior, load(tmp_path / "kept")):
        each = each.at(problem.X_O)
        theta = each.sample(20, seed=1)
        found += [theta, each.log_prob(theta), *each.log_prob_grad(theta)]
    return found


QUICK = Training(epochs=2, batch=50)


@pytest.fixture(scope="module", params=FLOWS)
def plain(request, tmp_path_factory):
    flow = FLOWS[request.param]
    return flow, numbers(flow, tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("state", STATES)
def test_the_same_posterior(plain, state, tmp_path):
    flow, expected = plain
    with STATES[state]():
        found = numbers(flow, tmp_path)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("method", "flow"),
    [(SNPE_A(), MDN(1, 8)), (SNPE_B(), Coupling(1, 8)), (SNPE_C(), MDN(2, 8))],
    ids=["a", "b", "c"],
)
def test_rounds(method, flow, state):
    def draws():
        rounds = NPE(problem.PRIOR, problem.X_O, method=method, flow=flow, training=QUICK, seed=1)
        for r in range(2):
            theta = rounds.propose(60)
            rounds.append(theta, problem.observe(theta, r)).fit()
        return rounds.posteriors[-1].sample(20, seed=1)

    expected = draws()
    with STATES[state]():
        np.testing.assert_array_equal(draws(), expected)


@pytest.mark.parametrize("state", STATES)
def test_restricted_priors(state):
    bank = problem.bank(200, 1)
    partly = Bank(bank.theta, bank.x, bank.theta[:, 0] > 0, 1, bank.statistic_names)
    expected = restrict(partly, problem.PRIOR, keep=0.9, training=QUICK, seed=1).sample(20, 1)
    with STATES[state]():
        found = restrict(partly, problem.PRIOR, keep=0.9, training=QUICK, seed=1).sample(20, 1)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("state", STATES)
def test_learned_statistics(state):
    bank = problem.bank(60, 1)
    expected = learn_statistics(bank, problem.PRIOR, training=QUICK, seed=1)(bank.x)
    with STATES[state]():
        found = learn_statistics(bank, problem.PRIOR, training=QUICK, seed=1)(bank.x)
    np.testing.assert_array_equal(found, expected)


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
