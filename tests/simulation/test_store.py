"""A bank on disk survives whatever happens to the process that writes it."""

import os
import resource
import signal
import subprocess
import sys
import time
from threading import Event, Thread

import numpy as np
import pytest
import zarr

from mechfit.models import HodgkinHuxley, Model, Prior
from mechfit.simulation import open_bank, simulate
from mechfit.simulation import tasks as engine
from mechfit.simulation.store import Store

SETTINGS = {"duration": 30.0, "window": (5.0, 25.0)}
MODEL = HodgkinHuxley(**SETTINGS)
MODEL.block = 512
INNER = Prior.uniform(MODEL.prior.names, MODEL.truth * 0.9, MODEL.truth * 1.1)
N = 3000
BANK = simulate(MODEL, N, seed=3)
CHILD = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from mechfit.models import HodgkinHuxley
from mechfit.simulation import simulate
model = HodgkinHuxley(**{SETTINGS})
model.block = 512
"""


ENDLESS = 10_000_000
"""Simulations of a process that will be interrupted, however late."""


def child(store, code, **how):
    """Start a process that simulates, with `model` defined."""
    env = {**os.environ, "MECHFIT_PROGRESS": "0"}
    return subprocess.Popen([sys.executable, "-c", CHILD + code, str(store)], env=env, **how)


def interrupt(process, store, rows, number):
    """Send a signal when as many rows are stored, and wait for the end; return what it said."""
    while not (store.exists() and len(open_bank(store)) >= rows):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    return process.communicate()[1]


def assert_same(bank, reference):
    np.testing.assert_array_equal(bank.theta, reference.theta)
    np.testing.assert_array_equal(bank.x, reference.x)
    np.testing.assert_array_equal(bank.valid, reference.valid)
    assert bank.statistic_names == reference.statistic_names
    assert bank.seed == reference.seed


def simulated_rows(monkeypatch):
    """Count the rows that are really simulated."""
    counted, simulate_rows = [], engine.simulate_rows

    def counting(model, theta, seed, first):
        counted.append(len(theta))
        return simulate_rows(model, theta, seed, first)

    monkeypatch.setattr(engine, "simulate_rows", counting)
    return counted


def test_stored_equals_memory_and_a_second_call_simulates_nothing(tmp_path, monkeypatch):
    counted = simulated_rows(monkeypatch)
    for _ in range(2):
        assert_same(simulate(MODEL, N, seed=3, store=tmp_path / "bank"), BANK)
        assert sum(counted) == N


def test_growing_adds_only_what_is_missing(tmp_path, monkeypatch):
    counted = simulated_rows(monkeypatch)
    store = tmp_path / "bank"
    for n in (100, 700, 600, N):
        assert_same(simulate(MODEL, n, seed=3, store=store), BANK.first(n))
    assert sum(counted) == N
    assert len(open_bank(store)) == N
    assert_same(open_bank(store).first(600).select(MODEL.statistic_names), BANK.first(600))


def test_given_parameters_are_kept_and_others_refused(tmp_path, monkeypatch):
    counted, store = simulated_rows(monkeypatch), tmp_path / "bank"
    theta = BANK.theta[:1300][::-1]
    x = MODEL.statistics(theta, 3)
    for n in (700, 1300, 20):
        bank = simulate(MODEL, seed=3, theta=theta[:n], store=store)
        np.testing.assert_array_equal(bank.theta, theta[:n])
        np.testing.assert_array_equal(bank.x, x[:n])
    assert sum(counted) == 1300
    other = theta.copy()
    other[1200, 0] *= 1 + 1e-12
    for how in ({"theta": other}, {"n": 20}):
        with pytest.raises(ValueError, match="from another proposal, or other theta"):
            simulate(MODEL, seed=3, store=store, **how)
    assert sum(counted) == 1300


def test_any_zarr_reader_understands_it(tmp_path):
    simulate(MODEL, N, seed=3, store=tmp_path / "bank")
    group = zarr.open_group(tmp_path / "bank", mode="r")
    np.testing.assert_array_equal(group["x"][:], BANK.x)
    np.testing.assert_array_equal(group["valid"][:], BANK.valid)
    assert group["blocks"].attrs["columns"] == ["seed", "rows", "crc32"]
    assert group["blocks"][:, 1].tolist() == [512] * 5 + [440]
    assert group.attrs["mechfit"]["fingerprint"]["dt"] == "0.01"


@pytest.mark.parametrize(
    ("model", "seed", "proposal", "reason"),
    [
        (HodgkinHuxley(0.02, **SETTINGS), 3, None, "dt was 0.01, is 0.02"),
        (HodgkinHuxley(precision="float64", **SETTINGS), 3, None, "precision was 'float32'"),
        (HodgkinHuxley(current=2 * MODEL.current, **SETTINGS), 3, None, "current was array"),
        (MODEL, 4, None, "seed was 3, is 4"),
        (MODEL, 3, INNER, "another proposal"),
    ],
)
def test_other_settings_are_refused(tmp_path, model, seed, proposal, reason):
    model.block = 512
    simulate(MODEL, 600, seed=3, store=tmp_path / "bank")
    with pytest.raises(ValueError, match=reason):
        simulate(model, 700, seed, store=tmp_path / "bank", proposal=proposal)
    assert_same(open_bank(tmp_path / "bank"), BANK.first(600))


def test_an_edited_function_is_another_model(tmp_path):
    prior = Prior.uniform(["a"], [0.0], [1.0])
    one = Model.from_function(lambda theta, rng: theta, prior, ["x"])
    two = Model.from_function(lambda theta, rng: 2 * theta, prior, ["x"])
    simulate(one, 5, seed=1, store=tmp_path / "bank")
    with pytest.raises(ValueError, match="f was .*lambda"):
        simulate(two, 5, seed=1, store=tmp_path / "bank")


def test_another_version_of_the_package_is_refused(tmp_path, monkeypatch):
    simulate(MODEL, 10, seed=3, store=tmp_path / "bank")
    monkeypatch.setattr("mechfit.simulation.fingerprint.__version__", "9.0")
    with pytest.raises(ValueError, match=r"package was mechfit .*, is mechfit 9\.0"):
        simulate(MODEL, 10, seed=3, store=tmp_path / "bank")


def test_what_is_no_bank_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not a bank"):
        simulate(MODEL, 10, seed=3, store=tmp_path)
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ValueError, match="is not a bank"):
            open_bank(path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_without_zarr(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ImportError, match=r"pip install 'mechfit\[scale\]'"):
        simulate(MODEL, 10, seed=3, store=tmp_path / "bank")


def test_one_writer_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("mechfit.simulation.store.BRIEFLY", 0.1)
    simulate(MODEL, 600, seed=3, store=tmp_path / "bank")
    with Store(tmp_path / "bank", MODEL, 600, 3):
        with pytest.raises(RuntimeError, match="another process is adding"):
            simulate(MODEL, 700, seed=3, store=tmp_path / "bank")
        assert_same(open_bank(tmp_path / "bank"), BANK.first(600))


def test_two_that_find_a_store_full_take_turns(tmp_path):
    simulate(MODEL, 600, seed=3, store=tmp_path / "bank")
    opened = Event()

    def read_briefly():
        with Store(tmp_path / "bank", MODEL, 600, 3):
            opened.set()
            time.sleep(0.5)

    Thread(target=read_briefly).start()
    opened.wait()
    assert_same(simulate(MODEL, 600, seed=3, store=tmp_path / "bank"), BANK.first(600))


@pytest.mark.slow
def test_reading_while_writing(tmp_path):
    store, lengths = tmp_path / "bank", set()
    writer = child(store, "simulate(model, 40_000, 3, store=sys.argv[1])")
    while writer.poll() is None:
        if store.exists() and len(bank := open_bank(store)):
            lengths.add(len(bank))
            m = min(N, len(bank))
            assert_same(bank.first(m), BANK.first(m))
    assert writer.returncode == 0
    assert min(lengths) < 40_000  # a part of it was read
    assert len(open_bank(store)) == 40_000


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2000, 9000])
def test_kill_in_mid_bank(tmp_path, after):
    store = tmp_path / "bank"
    writer = child(store, f"simulate(model, {ENDLESS}, 3, store=sys.argv[1])")
    interrupt(writer, store, after, signal.SIGKILL)
    kept = len(open_bank(store))
    assert after <= kept < ENDLESS
    assert_same(open_bank(store).first(min(kept, N)), BANK.first(min(kept, N)))
    more = kept + 1000
    assert_same(simulate(MODEL, more, seed=3, store=store), simulate(MODEL, more, seed=3))


@pytest.mark.slow
def test_ctrl_c_in_mid_bank(tmp_path):
    store = tmp_path / "bank"
    code = f"simulate(model, {ENDLESS}, 3, store=sys.argv[1])"
    writer = child(store, code, stderr=subprocess.PIPE, text=True)
    assert "KeyboardInterrupt" in interrupt(writer, store, 2000, signal.SIGINT)
    assert 2000 <= len(open_bank(store)) < ENDLESS
    assert_same(simulate(MODEL, N, seed=3, store=store), BANK)


@pytest.mark.slow
def test_full_disk(tmp_path):
    store = tmp_path / "bank"
    limit = f"""
import resource
simulate(model, 1000, 3, store=sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
simulate(model, {N}, 3, store=sys.argv[1])
"""
    writer = child(store, limit, stderr=subprocess.PIPE, text=True)
    said = writer.communicate()[1]
    assert writer.returncode == 1
    assert "File too large" in said
    assert f"Finished blocks are safe in {store}" in said
    assert len(open_bank(store)) == 1000
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert_same(simulate(MODEL, N, seed=3, store=store), BANK)


def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


DAMAGES = {
    "a bit flipped": flip,
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "emptied": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("chunk", ["theta/c/2/0", "x/c/2/0", "valid/c/2", "blocks/c/2/0"])
def test_a_damaged_block_is_noticed_and_made_again(tmp_path, monkeypatch, chunk, damage):
    store = tmp_path / "bank"
    simulate(MODEL, N, seed=3, store=store)
    DAMAGES[damage](store / chunk)
    if "blocks" not in chunk:
        with pytest.raises(ValueError, match=r"is damaged; repeat the call"):
            _ = open_bank(store).x
    counted = simulated_rows(monkeypatch)
    assert_same(simulate(MODEL, N, seed=3, store=store), BANK)
    assert sum(counted) == 512


def test_failures_are_stored(tmp_path):
    def f(theta, rng):
        if theta[0] > 0.5:
            raise ValueError("too much – ‘half’ is the limit")
        return theta

    model = Model.from_function(f, Prior.uniform(["a"], [0.0], [1.0]), ["x"], block=32)
    for n in (20, 60):  # the second call extends the block with the first failure
        with pytest.warns(UserWarning, match="too much"):
            bank = simulate(model, n, seed=1, store=tmp_path / "bank")
    first = np.argmax(bank.theta[:, 0] > 0.5)
    assert first < 20
    said = f"simulation {first}: ValueError: too much – ‘half’ is the limit"
    assert bank.failure == open_bank(tmp_path / "bank").failure == said
    told = tmp_path / "bank" / "failures" / "c" / "0" / "0"
    told.write_bytes(b"")
    assert open_bank(tmp_path / "bank").failure == ""
