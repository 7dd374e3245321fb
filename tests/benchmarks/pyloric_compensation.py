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
from pathlib import Path

import numpy as np
from paper_density import FILE, PaperDensity, reference_file

from mechfit.geometry import active_subspace, pair_correlations
from mechfit.inference.files import write
from mechfit.models import Pyloric
from mechfit.simulation.workers import cores

ARTEFACTS = Path(__file__).parents[2] / "book" / "artefacts"
WORK = ARTEFACTS / ".work" / "compensation"
TOLD = ARTEFACTS / "pyloric-compensation.json"
MINE = ARTEFACTS / "pyloric-compensation.npz"
SEED, DRAWS, BLOCK, STORED, SLOPES = 8, 500, 10, 500, 1000
PAIRS = ((3, 6), (11, 14), (19, 22), (6, 28), (14, 24), (14, 25), (14, 30), (22, 26), (22, 27),
         (22, 29))  # fmt: skip
ALL = np.stack(np.triu_indices(31, 1), 1)
TEN = np.array([np.flatnonzero((pair == ALL).all(1))[0] for pair in PAIRS])
BOX = np.sqrt(3)
STEPS = {
    "ours": (DRAWS, ALL, None, SEED),
    "published": (DRAWS, ALL, 50, SEED),
    "other draws": (DRAWS, ALL, None, SEED + 1),
    "fine": (BLOCK, np.array(PAIRS), 200, SEED),
    "half as fine": (BLOCK, np.array(PAIRS), 100, SEED),
}
"""Draws, pairs, points a side and seed of each step."""


def take(density: PaperDensity, quick: PaperDensity, step: str) -> None:
    """Correlations at the draws of a step that are not there yet, block by block."""
    draws, pairs, grid, seed = STEPS[step]
    z = density.sample(DRAWS, seed)
    for first in range(0, draws, BLOCK):
        file = WORK / f"{step}-{first:03d}.json"
        if file.exists():
            continue
        rows, began, busy = z[first : first + BLOCK], time.time(), time.process_time()
        rho = pair_correlations(quick.log_prob, rows, -BOX, BOX, pairs, grid=grid)
        seconds, busy = time.time() - began, time.process_time() - busy
        made = {"rho": rho.tolist(), "seconds": seconds, "cpu_seconds": busy}
        write(file, json.dumps(made).encode())
        print(file.name, f"{seconds:.1f} s", flush=True)


def taken(step: str) -> dict:
    """Correlations (n, p) of the finished blocks of a step up to a gap, and their time."""
    blocks = []
    for first in range(0, STEPS[step][0], BLOCK):
        file = WORK / f"{step}-{first:03d}.json"
        if not file.exists():
            break
        blocks.append(json.loads(file.read_text("utf-8")))
    rho = np.concatenate([block["rho"] for block in blocks]) if blocks else np.empty((0, 1))
    spent = {k: round(sum(b[k] for b in blocks), 1) for k in ("seconds", "cpu_seconds")}
    return {"rho": rho, "draws": len(rho)} | spent


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
    exact = fine["rho"][:n].mean(0)
    near = {"ours": parts["ours"]["rho"][:n, TEN], "published": parts["published"]["rho"][:n, TEN]}
    near |= {"half as fine": half["rho"][:n]}
    off = {name: float(abs(rho.mean(0) - exact).max()) for name, rho in near.items()}
    return told | {"greatest_difference": {name: round(v, 4) for name, v in off.items()}}


def stiffness(density: PaperDensity) -> dict:
    """Mean squared slopes along all directions, and the three stiffest directions."""
    z = density.sample(SLOPES, SEED)
    found = active_subspace(density.log_prob, z, grad=density.log_prob_grad)
    leading = found.directions[:3].round(4).tolist()
    return {"draws": SLOPES, "values": found.values.round(2).tolist(), "leading": leading}


def alike(stored: np.ndarray) -> dict:
    """How the correlations of our own posterior, of geometry.py, go with the published ones."""
    with np.load(MINE) as kept:
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
    write(TOLD, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    print(json.dumps({k: v for k, v in told.items() if k != "slopes"}, indent=1))


def main() -> None:
    path = reference_file()
    if path is None:
        raise SystemExit(f"MECHFIT_REFERENCE_DATA names no folder with {FILE}")
    WORK.mkdir(parents=True, exist_ok=True)
    density, quick = PaperDensity(path), PaperDensity(path, np.float32)
    for step in sys.argv[1:] or STEPS:
        if step != "tell":
            take(density, quick, step)
    tell(density)


if __name__ == "__main__":
    main()
