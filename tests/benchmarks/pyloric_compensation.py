"""Conditional correlations on the published density, beside the published ones.

``MECHFIT_REFERENCE_DATA=folder python tests/benchmarks/pyloric_compensation.py [step ...]`` takes
all 465 pairs at 500 draws, on adapted lattices (``ours``) and on the published grid of 50 x 50
over the box (``published``), the first again at 500 other draws (``other draws``), which tells how
much of a difference is chance, and ten pairs at a few draws on grids so fine that a finer one
changes nothing (``fine``, and ``half as fine``). Finished draws are kept in ``.work/`` and a
re-run goes on from there; the numbers so far, and the stiff directions of the density, go to
book/artefacts/pyloric-compensation.json (``tell`` does only that). The density itself is the
authors' and stays where it is.
"""

import json
import sys
import time
from itertools import takewhile

import numpy as np
from artefacts import ARTEFACTS, record
from joblib import Memory
from paper_density import BOX, PaperDensity, density_or_exit
from timing import Timer

from mechfit.geometry import active_subspace, pair_correlations
from mechfit.models import Pyloric
from mechfit.simulation.workers import cores

SEED, DRAWS, BLOCK, STORED, SLOPES = 8, 500, 10, 500, 1000
PAIRS = ((3, 6), (11, 14), (19, 22), (6, 28), (14, 24), (14, 25), (14, 30), (22, 26), (22, 27),
         (22, 29))  # fmt: skip
ALL = np.stack(np.triu_indices(31, 1), 1)
TEN = np.array([np.flatnonzero((pair == ALL).all(1))[0] for pair in PAIRS])
STEPS = {
    "ours": (DRAWS, ALL, None, SEED),
    "published": (DRAWS, ALL, 50, SEED),
    "other draws": (DRAWS, ALL, None, SEED + 1),
    "fine": (BLOCK, np.array(PAIRS), 200, SEED),
    "half as fine": (BLOCK, np.array(PAIRS), 100, SEED),
}
"""Draws, pairs, points a side and seed of each step."""


@Memory(ARTEFACTS / ".work" / "compensation", verbose=0).cache
def block(step: str, first: int) -> tuple[np.ndarray, float, float]:
    """Correlations (BLOCK, p) at draws of a step, and their seconds of the clock and processor."""
    _, pairs, grid, seed = STEPS[step]
    z, quick = density_or_exit().sample(DRAWS, seed), density_or_exit(np.float32)
    with Timer(time.perf_counter) as clock, Timer() as processor:
        rows = z[first : first + BLOCK]
        rho = pair_correlations(quick.log_prob, rows, -BOX, BOX, pairs, grid=grid)
    print(step, first, f"{clock.seconds:.1f} s", flush=True)
    return rho, clock.seconds, processor.seconds


def taken(step: str) -> dict:
    """Correlations (n, p) of the finished blocks of a step up to a gap, and their time."""
    keys = [(step, first) for first in range(0, STEPS[step][0], BLOCK)]
    blocks = [block(*key) for key in takewhile(lambda k: block.check_call_in_cache(*k), keys)]
    rho = np.concatenate([np.empty((0, len(STEPS[step][1]))), *(b[0] for b in blocks)])
    spent = {"seconds": sum(b[1] for b in blocks), "cpu_seconds": sum(b[2] for b in blocks)}
    return {"rho": rho, "draws": len(rho)} | {k: round(v, 1) for k, v in spent.items()}


def beside(found: dict, stored: np.ndarray, names: list[str]) -> dict:
    """A matrix beside the published one (465,), which is the mean over draws of its own."""
    rho = found.pop("rho")
    mean, sd = rho.mean(0), rho.std(0, ddof=1)
    away = mean - stored
    far = abs(away) / (sd * np.sqrt(1 / len(rho) + 1 / STORED))
    worst = int(abs(away).argmax())
    return found | {
        "correlations": mean[TEN].round(3).tolist(),
        "errors": (sd / np.sqrt(len(rho)))[TEN].round(4).tolist(),
        "within_4_errors": int((far < 4).sum()),
        "greatest_difference": round(float(away[worst]), 3),
        "there": names[worst],
        "in_errors_there": round(float(far[worst]), 1),
        "greatest_in_errors": round(float(far.max()), 1),
        "rms_in_errors": round(float(np.sqrt((far**2).mean())), 2),
    }


def converged(parts: dict) -> dict:
    """How far the means of ten pairs over a few draws lie from those of the finest grid."""
    fine, half = parts["fine"], parts["half as fine"]
    n = min(len(part["rho"]) for step, part in parts.items() if step != "other draws")
    told = {"draws": n, "grid": STEPS["fine"][2]}
    if not n:
        return told
    near = {step: parts[step]["rho"][:, TEN] for step in ("ours", "published")}
    near["half as fine"] = half["rho"]
    off = {s: abs(rho[:n].mean(0) - fine["rho"][:n].mean(0)).max() for s, rho in near.items()}
    return told | {"greatest_difference": {s: round(float(v), 4) for s, v in off.items()}}


def stiffness(density: PaperDensity) -> dict:
    """Mean squared slopes along all directions, and the three stiffest directions."""
    z = density.sample(SLOPES, SEED)
    found = active_subspace(density.log_prob, z, grad=density.log_prob_grad)
    leading = found.directions[:3].round(4).tolist()
    return {"draws": SLOPES, "values": found.values.round(2).tolist(), "leading": leading}


def alike(stored: np.ndarray) -> dict:
    """How the correlations of our own posterior, of geometry.py, go with the published ones."""
    with np.load(ARTEFACTS / "pyloric-compensation.npz") as kept:
        mine = kept["mean"].astype(float)
    off = abs(mine - stored)
    return {
        "correlation": round(float(np.corrcoef(mine, stored)[0, 1]), 3),
        "mean_difference": round(float(off.mean()), 3),
        "greatest_difference": round(float(off.max()), 3),
    }


def tell(density: PaperDensity) -> None:
    """Write the numbers of what is finished."""
    symbols = [p.symbol for p in Pyloric.prior.parameters]
    names = [f"{symbols[i]} and {symbols[j]}" for i, j in ALL]
    stored, parts = density.file["rho_symm_stored"][tuple(ALL.T)], {s: taken(s) for s in STEPS}
    told = {
        "command": "python tests/benchmarks/pyloric_compensation.py",
        "date": time.strftime("%Y-%m-%d"),
        "cores": cores(),
        "pairs": [names[k] for k in TEN],
        "stored": stored[TEN].round(3).tolist(),
        "converged": converged(parts),
        "slopes": stiffness(density),
        "our posterior": alike(stored),
    }
    for step in ("ours", "published", "other draws"):
        if len(parts[step]["rho"]) > 1:
            told[step] = beside(parts[step], stored, names)
    record("pyloric-compensation", told)
    print(json.dumps({k: v for k, v in told.items() if k != "slopes"}, indent=1))


def main() -> None:
    density = density_or_exit()
    for step in sys.argv[1:] or STEPS:
        if step != "tell":
            for first in range(0, STEPS[step][0], BLOCK):
                block(step, first)
    tell(density)


if __name__ == "__main__":
    main()
