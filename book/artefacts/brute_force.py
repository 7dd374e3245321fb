"""Make the posterior that no network made: ``python book/artefacts/brute_force.py``.

Simulations of a broadened posterior are kept where every statistic lies within two standard
deviations of its noise; smoothed, they are the proposal of the simulations that count. Two million
simulations of the prior show what would have been kept without a proposal. The banks are kept in
``.work/``; a run that was stopped takes up where it stood.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from mechfit.inference import DefensiveProposal, KernelProposal, importance_abc, load
from mechfit.inference.files import write
from mechfit.inference.sequential.losses import effective_sample_size
from mechfit.models import HodgkinHuxley
from mechfit.simulation import simulate

HERE = Path(__file__).parent
WORK = HERE / ".work"
NAME = "hodgkin-huxley-brute-force"
FIRST, SECOND, PRIOR = 1_000_000, 5_000_000, 2_000_000
REPEATS = 100
WIDTHS = 2, 3, 4
"""Standard deviations of the noise to accept within: the first that leaves `ENOUGH` draws."""
ENOUGH = 1000
SEED = 1


def count(simulations: int, weights: np.ndarray) -> dict[str, int]:
    """How many draws were kept, and how many equally weighted ones they are worth."""
    worth = round(effective_sample_size(weights))
    return {"simulations": simulations, "accepted": len(weights), "effective": worth}


def main() -> None:
    """Simulate, importance_abc, store."""
    model, started = HodgkinHuxley(), time.perf_counter()
    x_o = model.summarize(model.simulate(model.truth, SEED))[0]
    repeats = np.tile(model.truth, (REPEATS, 1))
    noise = simulate(model, seed=SEED + 1, theta=repeats).x.std(0)

    broad = DefensiveProposal.around(load(HERE / "hodgkin-huxley"), x_o, 2 * noise, seed=SEED)
    bank = simulate(model, FIRST, SEED + 2, proposal=broad, store=WORK / f"{NAME}-first")
    rows, weights = importance_abc(bank, broad, x_o, WIDTHS[0] * noise)
    first = count(FIRST, weights)

    smoothed = KernelProposal(model.prior, bank.theta[rows], weights)
    bank = simulate(model, SECOND, SEED + 3, proposal=smoothed, store=WORK / f"{NAME}-second")
    for width in WIDTHS:
        rows, weights = importance_abc(bank, smoothed, x_o, width * noise)
        if effective_sample_size(weights) >= ENOUGH:
            break
    second = count(SECOND, weights)
    kept = {"theta": bank.theta[rows], "x": bank.x[rows], "weights": weights}

    bank = simulate(model, PRIOR, SEED + 4, store=WORK / f"{NAME}-prior")
    away = np.abs(bank.x - x_o)
    near = away <= width * noise
    noisy = noise > 0
    nearest = (away[:, noisy] / noise[noisy]).max(1)[near[:, ~noisy].all(1)]
    alone = {
        "simulations": PRIOR,
        "accepted": int(near.all(1).sum()),
        "each": near.sum(0).tolist(),
        "nearest": round(float(nearest.min()), 1),
    }
    arrays = {k: np.ascontiguousarray(v, np.float32) for k, v in kept.items()}
    write(HERE / f"{NAME}.safetensors", save(arrays))
    facts = {
        "command": "python book/artefacts/brute_force.py",
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(time.perf_counter() - started),
        "width": width,
        "noise": noise.tolist(),
        "first": first,
        "second": second,
        "prior": alone,
    }
    write(HERE / f"{NAME}.json", (json.dumps(facts, indent=1) + "\n").encode())
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    main()
