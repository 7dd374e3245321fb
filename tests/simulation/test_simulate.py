"""The same seed gives the same bank, whoever computes it."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.models import HodgkinHuxley, Model, Prior
from mechfit.simulation import Bank, progress_bar, simulate, workers

MODEL = HodgkinHuxley(duration=30.0, window=(5.0, 25.0))
BANK = simulate(MODEL, 2500, seed=3)


def assert_same(bank, rows):
    """The bank holds these rows of `BANK`."""
    np.testing.assert_array_equal(bank.theta, BANK.theta[rows])
    np.testing.assert_array_equal(bank.x, BANK.x[rows])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_cannot_be_seen(threads, monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: threads)
    assert_same(simulate(MODEL, 2500, seed=3), slice(None))


@pytest.mark.parametrize("n", [1, 32, 700])
def test_given_parameters_are_simulated_as_the_model_does(n):
    theta = BANK.theta[100 : 100 + n]
    for first in (0, 100):
        bank = simulate(MODEL, seed=3, theta=theta, first=first)
        np.testing.assert_array_equal(bank.theta, theta)
        np.testing.assert_array_equal(bank.x, MODEL.statistics(theta, 3, first=first))
        np.testing.assert_array_equal(bank.valid, np.isfinite(bank.x).all(1))
        assert (bank.seed, bank.statistic_names) == (3, MODEL.statistic_names)
    np.testing.assert_array_equal(bank.x, BANK.x[100 : 100 + n])


def test_given_parameters_may_lie_outside_the_prior():
    outside = np.array(MODEL.truth) * 3
    assert np.isneginf(MODEL.prior.log_prob(outside))
    bank = simulate(MODEL, seed=1, theta=outside)
    np.testing.assert_array_equal(bank.x, MODEL.statistics(outside, 1))


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({}, "n is None, expected at least 1, or theta"),
        ({"n": 2, "theta": BANK.theta[:2]}, "expected only one of them"),
        ({"proposal": MODEL.prior, "theta": BANK.theta[:2]}, "expected only one of them"),
        ({"theta": BANK.theta[:2, :3]}, r"theta has shape \(2, 3\), expected \(n, 8\)"),
        ({"theta": np.where(np.eye(8) > 0, np.nan, 1.0)[5:]}, r"not finite in rows \[0, 1, 2\]"),
        ({"theta": BANK.theta[:0]}, "expected at least one row"),
        ({"n": 2, "first": 5}, "first is 5, expected 0"),
        ({"theta": BANK.theta[:2], "first": 5, "store": "bank"}, "first is 5, expected 0"),
    ],
)
def test_exactly_one_of_n_and_finite_theta(how, error):
    with pytest.raises(ValueError, match=error):
        simulate(MODEL, seed=1, **how)
    with pytest.raises(TypeError, match="seed is missing"):
        simulate(MODEL, **how)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 600), st.integers(0, 2499))
def test_any_part_can_be_simulated_alone(size, start):
    rows = slice(start, start + size)
    x = MODEL.statistics(BANK.theta[rows], seed=3, first=start)
    np.testing.assert_array_equal(x, BANK.x[rows])


@pytest.mark.parametrize("block", [1, 100, 2500, 5000])
def test_blocks_cannot_be_seen(block, monkeypatch):
    monkeypatch.setattr(MODEL, "block", block, raising=False)
    n = 50 if block == 1 else 2500
    assert_same(simulate(MODEL, n, seed=3), slice(n))


@pytest.mark.parametrize("n", [1, 7, 2048, 2049])
def test_a_longer_bank_begins_with_the_shorter_one(n):
    np.testing.assert_array_equal(simulate(MODEL, n, seed=3).x, BANK.first(n).x)
    assert not np.array_equal(BANK.theta[:n], simulate(MODEL, n, seed=4).theta)


def test_parameters_of_blocks_are_independent_draws_of_the_prior():
    u, _ = MODEL.prior.to_unit(BANK.theta)
    assert abs(u.mean(0) - 0.5).max() < 5 / np.sqrt(12 * len(u))
    assert len(np.unique(BANK.theta[:, 0])) == len(BANK)


def test_proposal_replaces_the_prior():
    inner = Prior.uniform(MODEL.prior.names, MODEL.truth * 0.9, MODEL.truth * 1.1)
    bank = simulate(MODEL, 20, seed=1, proposal=inner)
    assert np.isfinite(inner.log_prob(bank.theta)).all()


def test_progress_is_silent_when_asked(capsys, monkeypatch):
    monkeypatch.setenv("MECHFIT_PROGRESS", "0")
    simulate(MODEL, 3, seed=1)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("MECHFIT_PROGRESS", "1")
    simulate(MODEL, 3, seed=1)
    assert "simulations" in capsys.readouterr().err
    with progress_bar(2, " whole"):
        simulate(MODEL, 3, seed=1)
    said = capsys.readouterr().err
    assert "whole" in said
    assert "simulations" not in said


@pytest.fixture
def interruptible():
    """A process started in the background may have been told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Interrupted(HodgkinHuxley):
    """A neuron at whose third block someone presses Ctrl-C."""

    block = 64

    def statistics(self, theta, seed, *, first=0):
        if first >= 3 * self.block:
            signal.raise_signal(signal.SIGINT)
        return super().statistics(theta, seed, first=first)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_what_is_finished(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 1)
    model = Interrupted(duration=30.0, window=(5.0, 25.0))
    with pytest.warns(UserWarning, match=r"stopped: kept the first \d+ of 640 simulations"):
        bank = simulate(model, 640, seed=3)
    assert 0 < len(bank) < 640
    np.testing.assert_array_equal(bank.x, MODEL.statistics(bank.theta, seed=3))


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_without_any_result_is_an_interrupt(monkeypatch):
    monkeypatch.setattr(Interrupted, "block", 2048)
    model = Interrupted(duration=30.0, window=(5.0, 25.0))
    monkeypatch.setattr(model, "statistics", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        simulate(model, 640, seed=3)


def test_impossible_parameters_are_an_error_not_an_invalid_row():
    below = Prior.uniform(MODEL.prior.names, MODEL.truth - 100, MODEL.truth)
    with pytest.raises(ValueError, match="expected finite numbers"):
        simulate(MODEL, 50, seed=1, proposal=below)


class Odd:
    """A proposal that draws an array of the wrong shape."""

    def __init__(self, *shape):
        self.shape = shape

    def sample(self, n, seed):
        return np.zeros(self.shape)


@pytest.mark.parametrize(
    ("proposal", "said"),
    [
        ("prior", "the proposal is of type str, expected a prior, a region"),
        (np.zeros((3, 8)), "the proposal is of type ndarray"),
        (Odd, "the proposal is of type type"),
        (Odd(5, 8), r"drew an array \(5, 8\), expected \(2048, d\)"),
        (Odd(2048), r"drew an array \(2048,\), expected \(2048, d\)"),
        (Odd(2048, 7), r"theta has shape \(\d+, 7\), expected \(n, 8\)"),
        (Prior.uniform("abcdefgh", [0] * 8, [1] * 8), "the proposal is of .*'a', .*expected .*g_"),
    ],
)
def test_what_is_no_proposal_is_refused(proposal, said):
    with pytest.raises((TypeError, ValueError), match=said):
        simulate(MODEL, 50, seed=1, proposal=proposal)


@pytest.mark.slow
def test_memory_does_not_grow_with_n_when_stored(tmp_path):
    code = f"""
import resource
from mechfit.models import HodgkinHuxley
from mechfit.simulation import simulate
model = HodgkinHuxley(dt=0.1, duration=4.0, window=(2.0, 3.9))
for n in (20_000, 400_000):
    simulate(model, n, 1, store={str(tmp_path / "bank")!r})
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    env = {**os.environ, "MECHFIT_PROGRESS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    few, many = (int(line) for line in done.stdout.split())
    # 400,000 rows of 15 numbers are 48 MB
    assert many - few < 20_000


def test_select_by_name():
    bank = BANK.first(5)
    part = bank.select(["mean", "spike_count"])
    np.testing.assert_array_equal(part.x, bank.x[:, [3, 0]])
    assert part.statistic_names == ("mean", "spike_count")
    assert repr(part) == "<Bank of 5 simulations, statistics mean, spike_count>"
    for names in (["height"], []):
        with pytest.raises(ValueError, match="expected some of"):
            bank.select(names)


def test_choose_rows():
    bank = BANK.first(5)
    mask = np.array([True, False, True, True, False])
    for chosen in (mask, np.flatnonzero(mask)):
        part = bank.rows(chosen)
        assert_same(part, [0, 2, 3])
        assert (len(part), part.seed) == (3, bank.seed)


def test_clear_errors():
    bank = BANK.first(5)
    with pytest.raises(ValueError, match="expected at least 1"):
        simulate(MODEL, 0, seed=1)
    with pytest.raises(ValueError, match="expected 1 to 5"):
        bank.first(6)
    with pytest.raises(ValueError, match="expected"):
        Bank(bank.theta, bank.x[:, :2], bank.valid, 1, bank.statistic_names)
    with pytest.raises(ValueError, match="expected at least 1 and above 0 s"):
        Model.from_function(abs, MODEL.prior, ["x"], time_limit=0)
