"""The same seed gives the same bank, whoever computes it."""

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley, Model, Prior
from mechfit.simulation import Bank, simulate

MODEL = HodgkinHuxley(duration=30.0, window=(5.0, 25.0))


def test_threads_cannot_be_seen():
    one = simulate(MODEL, 50, seed=3, threads=1)
    for threads in (2, 5):
        other = simulate(MODEL, 50, seed=3, threads=threads)
        np.testing.assert_array_equal(one.theta, other.theta)
        np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.x, MODEL.statistics(one.theta, seed=3))


def test_a_longer_bank_begins_with_the_shorter_one():
    short, long = simulate(MODEL, 7, seed=3), simulate(MODEL, 20, seed=3)
    np.testing.assert_array_equal(short.x, long.first(7).x)
    assert not np.array_equal(short.theta, simulate(MODEL, 7, seed=4).theta)


def test_proposal_replaces_the_prior():
    inner = Prior.uniform(MODEL.prior.names, MODEL.truth * 0.9, MODEL.truth * 1.1)
    bank = simulate(MODEL, 20, seed=1, proposal=inner)
    assert np.isfinite(inner.log_prob(bank.theta)).all()


def test_invalid_simulations_are_marked_and_kept():
    prior = Prior.uniform(["a"], [-1.0], [1.0])
    model = Model.from_function(
        lambda theta, rng: np.where(theta > 0, theta, np.nan), prior, ["root"]
    )
    bank = simulate(model, 200, seed=1)
    np.testing.assert_array_equal(bank.valid, bank.theta[:, 0] > 0)
    assert len(bank) == 200


def test_progress_is_silent_when_asked(capsys, monkeypatch):
    monkeypatch.setenv("MECHFIT_PROGRESS", "0")
    simulate(MODEL, 3, seed=1)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("MECHFIT_PROGRESS", "1")
    simulate(MODEL, 3, seed=1)
    assert "simulations" in capsys.readouterr().err


def test_a_simulator_that_raises_is_heard():
    def broken(theta, rng):
        raise ZeroDivisionError("no such neuron")

    model = Model.from_function(broken, Prior.uniform(["a"], [0.0], [1.0]), ["x"])
    with pytest.raises(ZeroDivisionError, match="no such neuron"):
        simulate(model, 10, seed=1)


def test_select_by_name():
    bank = simulate(MODEL, 5, seed=1)
    part = bank.select(["mean", "spike_count"])
    np.testing.assert_array_equal(part.x, bank.x[:, [3, 0]])
    assert part.statistic_names == ("mean", "spike_count")
    for names in (["height"], []):
        with pytest.raises(ValueError, match="expected some of"):
            bank.select(names)


def test_clear_errors():
    bank = simulate(MODEL, 5, seed=1)
    with pytest.raises(ValueError, match="expected at least 1"):
        simulate(MODEL, 0, seed=1)
    with pytest.raises(ValueError, match="expected 1 to 5"):
        bank.first(6)
    with pytest.raises(ValueError, match="expected"):
        Bank(bank.theta, bank.x[:, :2], bank.valid, 1, bank.statistic_names)
