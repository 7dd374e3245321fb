"""Rounds by hand end as `infer` does, wherever they were stopped and resumed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mechfit.inference import (
    MDN,
    NPE,
    SNPE_A,
    SNPE_B,
    SNPE_C,
    TSNPE,
    Coupling,
    Training,
    files,
    infer,
    storage,
    training,
    truncate,
)
from mechfit.inference.checkpoint import State
from mechfit.inference.sequential import npe
from mechfit.models import Prior
from mechfit.simulation import simulate
from tests.inference.linear_gaussian import MODEL, PRIOR, X_O, A, C, S, mean

N = 150
METHODS = {
    "truncated": (TSNPE(), Coupling(2, 16)),
    "snpe-a": (SNPE_A(), MDN(2, 16)),
    "snpe-b": (SNPE_B(), Coupling(2, 16)),
    "snpe-c-atoms": (SNPE_C(), Coupling(2, 16)),
    "snpe-c-closed-form": (SNPE_C(), MDN(2, 16)),
}


def settings(way):
    method, flow = METHODS[way]
    return {"method": method, "flow": flow, "training": Training(epochs=8, batch=50), "seed": 1}


def begin(store=None, way="truncated"):
    return NPE(PRIOR, X_O, names=MODEL.statistic_names, store=store, **settings(way))


def observe(theta, seed):
    """Data of the linear Gaussian problem; every tenth simulation fails."""
    x = theta @ A.T + S * np.random.default_rng(seed).normal(size=(len(theta), 5))
    x[::10, 1] = np.nan
    return x


def go_on(by_hand, count=2):
    """Add rounds until there are `count`, and draw from the last posterior."""
    while len(by_hand) < count:
        theta = by_hand.propose(N)
        by_hand.append(theta, observe(theta, len(by_hand)))
    return by_hand.fit().sample(50, seed=1)


@pytest.fixture(scope="module")
def whole():
    """Draws at the end of two rounds that nothing stopped, by method."""
    return {way: go_on(begin(way=way)) for way in METHODS}


@pytest.mark.parametrize("way", ["truncated", "snpe-c-closed-form"])
def test_the_same_simulations_by_hand_end_as_infer(way):
    wanted = infer(MODEL, X_O, rounds=2, simulations=N, **settings(way))
    by_hand = begin(way=way)
    for r in range(2):
        bank = simulate(MODEL, N, by_hand.seeds(r)[0], proposal=by_hand.proposal())
        np.testing.assert_array_equal(by_hand.propose(N), bank.theta)
        posterior = by_hand.append(bank.theta, bank.x).fit()
    np.testing.assert_array_equal(posterior.sample(50, seed=1), wanted.sample(50, seed=1))
    assert posterior.provenance | {"seconds": 0} == wanted.provenance | {"seconds": 0}


@pytest.mark.parametrize("way", METHODS)
def test_taken_up_before_a_fit(way, whole, tmp_path):
    stopped = begin(tmp_path, way)
    go_on(stopped, 1)
    stopped.append(theta := stopped.propose(N), observe(theta, 1))
    taken_up = begin(tmp_path, way)
    assert len(taken_up) == 2
    np.testing.assert_array_equal(go_on(taken_up), whole[way])


@pytest.mark.parametrize("epoch", [1, 7, 8, 11, 16])
def test_taken_up_within_a_training(epoch, whole, tmp_path, monkeypatch):
    """Eight epochs make a round; the stop comes when the state of one has been written."""
    add, epochs = State.add, []

    def stops(state, losses):
        add(state, losses)
        epochs.append(losses)
        if len(epochs) == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(State, "add", stops)
    with pytest.raises(KeyboardInterrupt):
        go_on(begin(tmp_path))
    np.testing.assert_array_equal(go_on(begin(tmp_path)), whole["truncated"])
    assert len(epochs) == 16
    assert not list(tmp_path.glob("*/training-*"))


@pytest.mark.parametrize(
    ("name", "time"), [("settings.json", 1), ("simulations.npz", 2), ("posterior.json", 2)]
)
def test_taken_up_where_a_file_was_not_yet_written(name, time, whole, tmp_path, monkeypatch):
    write, seen = files.write, []

    def stops(path, content):
        seen.append(path.name)
        if path.name == name and seen.count(name) == time:
            raise KeyboardInterrupt
        write(path, content)

    for module in (npe, storage):
        monkeypatch.setattr(module, "write", stops)
    with pytest.raises(KeyboardInterrupt):
        go_on(begin(tmp_path))
    np.testing.assert_array_equal(go_on(begin(tmp_path)), whole["truncated"])


def test_an_early_posterior_stays(tmp_path):
    by_hand = begin(tmp_path)
    first = go_on(by_hand, 1)
    go_on(by_hand)
    for one in (by_hand, begin(tmp_path)):
        np.testing.assert_array_equal(one.fit(1).sample(50, seed=1), first)


def test_what_is_refused_leaves_no_trace(tmp_path):
    by_hand = begin(tmp_path)
    theta = by_hand.propose(N)
    x = observe(theta, 0)
    for wrong in (x[:-1], x[:, :4], x[0], x.T):
        with pytest.raises(ValueError, match=r"expected \(150, 5\): one row for each row"):
            by_hand.append(theta, wrong)
    with pytest.raises(ValueError, match=r"theta has shape \(150, 2\), expected \(n, 3\)"):
        by_hand.append(theta[:, :2], x)
    in_box = NPE(Prior.uniform("abc", [-9] * 3, [9] * 3), X_O, store=tmp_path / "box", seed=1)
    with pytest.raises(ValueError, match="1 of 150 parameter sets lie outside the prior"):
        in_box.append(np.where(np.arange(N)[:, None] == 7, 10.0, theta), x)
    assert not list((tmp_path / "box").glob("round-*"))
    assert len(by_hand) == len(begin(tmp_path)) == 0
    for r in (None, 0, 1):
        with pytest.raises(ValueError, match="0 rounds were appended, expected at least one"):
            by_hand.fit(r)
    by_hand.append(theta, x)
    for r in (0, 2, -1):
        with pytest.raises(ValueError, match="1 rounds were appended"):
            by_hand.fit(r)
    assert by_hand.fit(1) is by_hand.fit()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["posterior", "region"])
def test_proposals_of_the_user_end_at_the_analytic_posterior(kind):
    method = SNPE_C() if kind == "posterior" else TSNPE()
    training = Training(epochs=30)
    by_hand = NPE(PRIOR, X_O, method=method, flow=Coupling(3, 32), training=training, seed=1)
    theta = PRIOR.sample(1500, 1)
    x = theta @ A.T + S * np.random.default_rng(101).normal(size=(1500, 5))
    first = by_hand.append(theta, x).fit()
    proposal = first if kind == "posterior" else truncate(first, seed=1)
    theta = proposal.sample(2000, 2)
    posterior = by_hand.append(theta, observe(theta, 3), proposal=proposal).fit()
    draws, std = posterior.sample(4000, seed=1), np.diag(C) ** 0.5
    errors = [(draws.mean(0) - mean(X_O)) / std, draws.std(0) / std - 1]
    assert abs(np.array(errors)).max() < 0.15


def test_tensors_are_welcome():
    theta = PRIOR.sample(200, 1)
    drawn = []
    for kind in (np.asarray, torch.as_tensor):
        npe = NPE(PRIOR, X_O, training=Training(epochs=2), seed=1)
        npe.append(kind(theta), kind(observe(theta, 1)))
        drawn.append(npe.fit().sample((10,), seed=1))
    np.testing.assert_array_equal(*drawn)


def test_mistakes_are_named(tmp_path):
    by_hand, theta = begin(), PRIOR.sample(N, 1)
    x = observe(theta, 1)
    first = begin().append(theta, x).fit()
    with pytest.raises(TypeError, match="type Cauchy, expected a Prior, or"):
        NPE(torch.distributions.Cauchy(0.0, 1.0), X_O, seed=1)
    with pytest.raises(ValueError, match="or of a region of it, as the first round"):
        by_hand.append(theta, x, proposal=first)
    by_hand.append(theta, x)
    with pytest.raises(ValueError, match="those of other proposals after it"):
        by_hand.append(theta, x, proposal=PRIOR)
    with pytest.raises(ValueError, match=r"expected posterior.at\(x_o\)"):
        by_hand.append(theta, x, proposal=replace(first, x_o=None))
    with pytest.raises(ValueError, match=r"got a Posterior: take method=SNPE_C\(\)"):
        by_hand.append(theta, x, proposal=first)
    elsewhere = replace(
        first, space=replace(first.space, prior=Prior.uniform("abc", [-9] * 3, [9] * 3))
    )
    with pytest.raises(ValueError, match="another prior, expected that of NPE"):
        by_hand.append(theta, x, proposal=elsewhere)
    with pytest.raises(ValueError, match=r"expected \(0, 5\): .* at least one"):
        by_hand.append(theta[:0], x[:0])
    for add in (by_hand.append, by_hand.append_simulations):
        for wrong in ("prior", theta, Coupling, PRIOR.sample):
            with pytest.raises(TypeError, match="expected the prior itself, a region of it or"):
                add(theta, x, proposal=wrong)
    assert len(by_hand) == 1
    with pytest.raises(ValueError, match="rounds of `propose` alone"):
        begin(tmp_path).append(theta, x, proposal=PRIOR)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"method": "TSNPE"}, "method is 'TSNPE', expected an object such as"),
        ({"method": SNPE_C}, r"expected an object such as TSNPE\(\)"),
        ({"flow": "maf"}, r"flow is 'maf', expected an object such as Coupling\(\)"),
        ({"training": {"epochs": 3}}, r"expected an object such as Training\(\)"),
        ({"leak_free": "no"}, "leak_free is 'no', expected True or False"),
        ({"members": 1.5}, "members is 1.5, expected a whole number"),
        ({"seed": None}, "seed is None, expected a whole number"),
        ({"proposal": "prior"}, "type str, expected the prior itself, a region"),
        ({"method": SNPE_A(), "flow": Coupling()}, r"expected flow=MDN\(...\) and leak_free=True"),
        (
            {"method": SNPE_A(), "leak_free": False},
            r"got MDN\(.*\) and False; SNPE_C\(\) takes any",
        ),
    ],
)
def test_settings_are_refused_before_anything_is_simulated(wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        NPE(PRIOR, X_O, **wrong)
    if wrong.keys() < {"flow", "training", "leak_free", "members"}:
        with pytest.raises((TypeError, ValueError), match=said):
            begin().append_simulations(*[np.zeros((N, k)) for k in (3, 5)]).train(**wrong)


@pytest.mark.parametrize("n", [40, 65])
def test_fewer_simulations_than_atoms_are_held_out_at_once(n, monkeypatch):
    monkeypatch.setattr(training, "BLOCK", 12)
    by_hand = begin(way="snpe-c-atoms")
    for r in range(2):
        theta = by_hand.propose(n)
        by_hand.append(theta, observe(theta, r)).fit()
    assert np.isfinite(by_hand.posteriors[1].history[0].validation).all()
