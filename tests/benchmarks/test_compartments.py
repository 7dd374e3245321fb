"""Speed of a neuron with a shape beside NEURON and jaxley, in one run, seconds of the processor.

The peers need an environment of their own, whose Python MECHFIT_COMPARTMENT_PEERS names, and
NEURON a C++ compiler for the channels:

    python -m venv ../peers && ../peers/bin/pip install neuron==9.0.2 jaxley==0.14.0
    MECHFIT_COMPARTMENT_PEERS=../peers/bin/python make bench

All simulate 100 ms of the stored tree (102 compartments) with draws of the prior, in turns; ours
with its noise and the 16 statistics, the peers without either. Ours must give their spike counts
without noise. Then how the cost grows with the number of compartments.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from timing import on_one_core, peer

from mechfit.models import Compartments, Morphology, Protocol, read_swc

PEERS = os.environ.get("MECHFIT_COMPARTMENT_PEERS")
CALLED = PEERS, "compartment_peers.py"
SWC = Path(__file__).parents[1] / "data" / "compartments_tree_a.swc"
PROTOCOL = Protocol(window=(60.0, 100.0), duration=100.0)
LONGEST, ROUNDS, CHECKED = 28.0, 3, 128
BARS = {"NEURON, float64": 20, "jaxley, float32": 5}
SIDES = {"NEURON, float64": ("neuron", 8), "jaxley, float32": ("jaxley", 128)}
"""Which peer, and how many simulations it makes in a round."""


def tree_model(**how) -> Compartments:
    """The stored tree with its three sites."""
    tree = read_swc(SWC).discretize(max_length=LONGEST)
    distance = np.where(tree.area > 0, tree.distance, np.inf)
    sites = [int(np.argmin(abs(distance - d))) for d in (0.0, 206.7, 636.2)]
    return Compartments(tree, sites, PROTOCOL, **how)


@pytest.mark.skipif(not PEERS, reason="MECHFIT_COMPARTMENT_PEERS names no Python with the peers")
def test_beside_peers(tmp_path):
    fast, reference = tree_model(), tree_model(precision="float64")
    theta = fast.prior.sample(CHECKED, seed=1)
    np.save(tmp_path / "theta.npy", theta)
    given = {"swc": str(SWC), "longest": LONGEST, "file": str(tmp_path / "theta.npy")}
    with peer(*CALLED, "neuron") as neuron, peer(*CALLED, "jaxley") as jaxley:
        ask = {"neuron": neuron, "jaxley": jaxley}
        candidates = {
            "mechfit, float32": on_one_core(lambda: fast.statistics(theta, seed=1), CHECKED),
            "mechfit, float64": on_one_core(lambda: reference.statistics(theta[:32], 1), 32),
        }
        rounds = []
        for _ in range(ROUNDS + 1):
            found = {side: c.simulations / c.seconds() for side, c in candidates.items()}
            counts = {}
            for side, (name, n) in SIDES.items():
                seconds, counts[side] = ask[name](**given, n=n)
                found[side] = n / seconds
            rounds.append(found)
    best = {side: max(r[side] for r in rounds[1:]) for side in rounds[0]}
    print("\n\n100 ms of 102 compartments: simulations per second of the processor     ratio")
    for side, speed in best.items():
        print(f"{side:20} {speed:10.1f} {best['mechfit, float32'] / speed:10.1f}")
    quiet = tree_model(precision="float64", sigma=0.0).statistics(theta, seed=1)[:, 5]
    neuron_counts = counts["NEURON, float64"]
    assert neuron_counts == quiet[: len(neuron_counts)].tolist()
    # jaxley, in single precision, has half a soma's resistance before the trunks
    assert np.mean(counts["jaxley, float32"] == quiet) > 0.9
    for side, bar in BARS.items():
        assert best["mechfit, float32"] > bar * best[side], side
    assert best["mechfit, float64"] > 4 * best["NEURON, float64"]


def test_cost_is_linear_in_compartments():
    brief = Protocol(test_window=(5.0, 10.0), window=(10.0, 19.0), duration=20.0)
    cost = {}
    for n in (10, 30, 100, 300, 1000):
        tree = Morphology.ball_and_stick(20.0, 1000.0, 2.0).discretize(per_section=[1, n - 1])
        model = Compartments(tree, (0, n // 2, n - 1), brief)
        theta = model.prior.sample(32 * max(1, 300 // n), seed=1)
        run = on_one_core(lambda m=model, t=theta: m.statistics(t, seed=1), len(theta))
        steps = len(theta) * n * (len(model.time) - 1)
        cost[n] = min(run.seconds() for _ in range(8)) / steps * 1e9
    print("\n\nns of the processor per compartment, step and simulation:", cost)
    assert max(cost.values()) < 1.2 * min(cost.values())
