"""Simulate the pyloric circuit from its prior: ``python book/artefacts/pyloric_bank.py``.

As many simulations as the study had, on an NVIDIA GPU where there is one (two cores take most
of a day). They come in pieces, each with its own seed, of which the valid simulations are kept
in ``.work/``; a re-run takes up where the last one stopped.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numba import cuda

from mechfit.inference.files import write_arrays
from mechfit.models import Pyloric
from mechfit.simulation import Bank, simulate

WORK = Path(__file__).parent / ".work"
SEED, PIECE, PIECES = 1_000, 2**18, 71
PATIENCE = 3000.0
GPU = str(cuda.get_current_device().name) if cuda.is_available() else None
AT_ONCE = 2 if GPU else 1
"""Pieces: while a GPU simulates one, the processor stores the other."""


def piece(k: int) -> Path:
    """Simulate the k-th piece, and keep its valid simulations."""
    file = WORK / "pyloric-prior" / f"{k:03d}.npz"
    if not file.exists():
        started, device = time.time(), "cuda" if GPU else "cpu"
        made = simulate(Pyloric(patience=PATIENCE, device=device), PIECE, SEED + k)
        told = {"simulations": len(made), "seconds": time.time() - started}
        rows = {"theta": made.theta[made.valid], "x": made.x[made.valid]}
        rows = {name: values.astype(np.float32) for name, values in rows.items()}
        write_arrays(file, **rows, **told, device=GPU or "processor", at_once=AT_ONCE)
        print(f"{file.name}: {made.valid.sum()} valid, {told['seconds']:.1f} s", flush=True)
    return file


def valid_of_prior() -> tuple[Bank, dict]:
    """The valid simulations, and what it took to make them; makes what is missing."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = [np.load(file) for file in pool.map(piece, range(PIECES))]
    theta, x = (np.concatenate([m[name] for m in made]).astype(float) for name in ("theta", "x"))
    told = {
        "simulations": int(sum(m["simulations"] for m in made)),
        "seconds": round(float(sum(m["seconds"] / m["at_once"] for m in made))),
        "device": str(made[0]["device"]),
    }
    return Bank(theta, x, np.ones(len(x), bool), SEED, Pyloric.statistic_names), told


if __name__ == "__main__":
    valid_of_prior()
