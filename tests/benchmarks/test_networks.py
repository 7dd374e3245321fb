"""Speed of the networks beside Brian2 and NEST, in one run, seconds of the processor alone.

The peers need an environment of their own, whose Python MECHFIT_PEERS names:

    python -m venv ../peers && ../peers/bin/pip install brian2 nest-simulator "numpy<2.4"
    MECHFIT_PEERS=../peers/bin/python make bench

Each side simulates a second of the same networks, built, wired and compiled beforehand, in turns.
Brian2 (C++, one thread) gets our wiring and start and is timed in single and double precision;
NEST wires by the same rule, and simulates 50 ms, as it is slower. Then networks of the prior with
their wiring and statistics, in threads.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from timing import one_core, peer, processor_seconds

from mechfit.models import COBA, CUBA, Brunel
from mechfit.models.networks.network_model import NetworkModel
from mechfit.simulation import simulate

PEERS = os.environ.get("MECHFIT_PEERS")
CALLED = PEERS, "network_peers.py"
SECOND, SHORT, ROUNDS = 1000.0, 50.0, 5
NETWORKS = {
    "COBA": (COBA(4000, 0.02), COBA.truth, 10),
    "CUBA": (CUBA(4000, 0.02), CUBA.truth, 7),
    "Brunel": (Brunel(12_500, 1250), np.array([5.0, 2.0, 0.1, 1.5]), 20),
}
"""Model, parameters, and how many times faster than the best peer it has to be."""


def ours(model: NetworkModel, theta: np.ndarray, file: Path) -> Callable[[], list[float]]:
    """Keep a network in a file, and return what simulates it for a second."""
    network = model.network(theta, 1)
    v, g = model.start_of(1)
    wiring = network.wiring
    np.savez(
        file,
        v=v,
        g_e=g[0],
        g_i=g[1],
        pointers=wiring.pointers,
        targets=wiring.targets,
        excitatory=wiring.excitatory,
        weights=network.weights,
        delay=network.delay,
        input_rate=network.input_rate,
    )

    def run() -> list[float]:
        with one_core():
            start = time.thread_time()
            spikes = network.spikes(v, SECOND, 1, g=g)
            return [time.thread_time() - start, len(spikes) / len(wiring) / SECOND * 1000]

    return run


@pytest.mark.skipif(not PEERS, reason="MECHFIT_PEERS names no Python with brian2 and nest")
@pytest.mark.parametrize("name", NETWORKS)
def test_beside_peers(name, tmp_path):
    model, theta, bar = NETWORKS[name]
    file = tmp_path / "network.npz"
    run = ours(model, theta, file)
    run()
    given = {"name": name, "file": str(file)}
    with peer(*CALLED, "brian2") as brian2, peer(*CALLED, "nest") as nest:
        sides = {
            "mechfit": run,
            "Brian2, float64": lambda: brian2(duration=SECOND, precision="float64", **given),
            "Brian2, float32": lambda: brian2(duration=SECOND, precision="float32", **given),
        }
        rounds = [{side: each() for side, each in sides.items()} for _ in range(ROUNDS)]
        found = {side: min(r[side] for r in rounds) for side in sides}
        seconds, rate = nest(duration=SHORT, precision="float64", **given)
        found["NEST"] = [seconds * SECOND / SHORT, rate]
    print(
        f"\n\n{name}, {model.n} neurons: seconds of the processor per second   ratio   rate (Hz)"
    )
    for side, (seconds, rate) in found.items():
        print(f"{side:20} {seconds:10.3f} {seconds / found['mechfit'][0]:10.1f} {rate:10.1f}")
    best = min(seconds for side, (seconds, _) in found.items() if side != "mechfit")
    assert best > bar * found["mechfit"][0]


def test_networks_of_the_prior(monkeypatch):
    monkeypatch.setenv("MECHFIT_PROGRESS", "0")
    model = Brunel()
    model.statistics(model.truth, 1)
    start, before = time.perf_counter(), processor_seconds()
    simulate(model, 256, seed=1)
    wall, seconds = time.perf_counter() - start, processor_seconds() - before
    print(f"\n\n256 networks of 1,250: {seconds / 256:.4f} s of the processor each, {wall:.1f} s")
    minutes = 10_000 * seconds / 256 / 2 / 60
    print(f"10,000 on two free cores: {minutes:.1f} minutes")
    assert minutes < 8
