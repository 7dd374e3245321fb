"""In a notebook: a long cell is interrupted, and running it again goes on where it stood."""

import os
import time
from pathlib import Path
from queue import Empty

import pytest

from mechfit.simulation import open_bank

ROOT = Path(__file__).resolve().parents[2]
START = """
import warnings; warnings.simplefilter("ignore")
import time
from mechfit.models import Model, Prior
from mechfit.simulation import simulate, open_bank
from mechfit.inference import NPE, Training, fit, infer

def slow(theta, rng):
    time.sleep(0.02)
    return theta + rng.normal(size=2)

model = Model.from_function(slow, Prior.uniform(["a", "b"], [0, 0], [1, 1]), ["x", "y"], block=8)
"""
BANK = "bank = simulate(model, 600, seed=1, store='bank')\nprint('made', len(bank))"
ROUNDS = """
posterior = infer(model, [0.5, 0.5], rounds=2, simulations=150, seed=1, store="rounds",
                  training=Training(epochs=3))
print("made", len(posterior.sample(5, 1)))
"""

pytestmark = pytest.mark.slow


def kept_in(store: Path) -> int:
    """Number of simulations in a store, 0 where there is none yet."""
    try:
        return len(open_bank(store))
    except (FileNotFoundError, ValueError):
        return 0


@pytest.fixture
def run(tmp_path):
    """Run code in a kernel in an empty folder; interrupt it once a store has simulations."""
    from jupyter_client.manager import start_new_kernel

    env = {**os.environ, "PYTHONPATH": str(ROOT), "MECHFIT_PROGRESS": "1"}
    manager, client = start_new_kernel(cwd=str(tmp_path), env=env, startup_timeout=120)

    def once(code: str, store: str = "") -> tuple[str, list[str]]:
        """Return what was printed, and the kinds of messages with the errors' names."""
        asked = client.execute(code)
        said, kinds, start = "", [], time.monotonic()
        while True:
            assert time.monotonic() - start < 300
            if store and kept_in(tmp_path / store):
                manager.interrupt_kernel()
                store = ""
            try:
                message = client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            said += content.get("text", "") if kind == "stream" else ""
            kinds.append(content["ename"] if kind == "error" else kind)
            if kind == "status" and content["execution_state"] == "idle":
                return said, kinds

    yield once
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_simulations_in_a_store_go_on(run, tmp_path):
    run(START)
    said, kinds = run(BANK, store="bank")
    assert "made" not in said
    assert "KeyboardInterrupt" in kinds
    assert 0 < kept_in(tmp_path / "bank") < 600
    said, kinds = run(BANK)
    assert "made 600" in said
    assert "error" not in kinds


def test_rounds_go_on(run):
    run(START)
    said, kinds = run(ROUNDS, store="rounds/round-0/bank")
    assert "made" not in said
    assert "KeyboardInterrupt" in kinds
    said, _ = run(ROUNDS)
    assert "made" in said


def test_bars_are_drawn_by_the_notebook(run):
    run(START)
    _, kinds = run("bank = simulate(model, 200, seed=1)")
    assert kinds.count("comm_msg") > 10
