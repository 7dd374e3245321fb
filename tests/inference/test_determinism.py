"""The seed decides every weight, whoever trains and whatever else is going on."""

import os
import sys

import numpy as np
import pytest
import torch

from mechfit.inference import MAF, MDN, NSF, Coupling, Training, fit
from mechfit.inference.densities.embedding import Trials
from mechfit.simulation import Bank
from tests.inference.linear_gaussian import MODEL, PRIOR, A, S

THETA = PRIOR.sample(200, seed=1)
X = THETA @ A.T + S * np.random.default_rng(1).normal(size=(200, 5))
BANK = Bank(THETA, X, np.ones(200, bool), 1, MODEL.statistic_names)
FLOWS = {
    "coupling": Coupling(2, 16),
    "maf": MAF(2, 16),
    "nsf": NSF(2, 16),
    "mdn": MDN(2, 16),
    "trials": MDN(2, 16, embedding=Trials(1, 8, 4)),
}


def train(flow=FLOWS["coupling"], *, seed=1, **options):
    return fit(BANK, PRIOR, flow=flow, training=Training(epochs=3), seed=seed, **options)


def assert_same(one, other):
    weights, others = one.flow.state_dict(), other.flow.state_dict()
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    for a, b in zip(one.history, other.history, strict=True):
        np.testing.assert_array_equal([a.train, a.validation], [b.train, b.validation])


@pytest.fixture(scope="module")
def alone():
    return train()


@pytest.fixture(scope="module")
def members():
    return train(members=2)


@pytest.mark.parametrize(
    ("flow", "leak_free"), [*((name, True) for name in FLOWS), ("coupling", False)]
)
def test_same_seed_same_weights_whatever_the_global_state(flow, leak_free):
    flow, options = FLOWS[flow], {"leak_free": leak_free}
    first = train(flow, **options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        assert_same(train(flow, **options), first)
    with pytest.raises(AssertionError):
        assert_same(train(flow, seed=2, **options), first)


def test_members_are_the_same_again_and_in_processes(members, monkeypatch):
    assert_same(train(members=2), members)
    flow = FLOWS["maf"]  # one after the other, where couplings are trained side by side
    one = train(flow, members=2)
    monkeypatch.setattr(sys.modules["mechfit.inference.fit"], "FEW", 0)
    assert_same(train(flow, members=2), one)
    assert_same(train(members=2), train(members=2))


@pytest.mark.parametrize("shown", ["0", "1", None])
def test_progress_bars_change_nothing(shown, alone, members, monkeypatch):
    if shown is None:
        monkeypatch.delenv("MECHFIT_PROGRESS", raising=False)
    else:
        monkeypatch.setenv("MECHFIT_PROGRESS", shown)
    assert_same(train(members=2), members)
    assert_same(train(), alone)
    assert os.environ.get("MECHFIT_PROGRESS") == shown


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads, alone):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        assert_same(train(), alone)
    finally:
        torch.set_num_threads(before)
