"""Paths on the published density, beside the published one.

``MECHFIT_REFERENCE_DATA=folder python tests/benchmarks/pyloric_paths.py`` writes the numbers to
book/artefacts/pyloric-published.json; the density itself is the authors' and stays where it is.
"""

import json
import time
from pathlib import Path

import numpy as np
from harmonics import harmonic_path
from paper_density import FILE, PaperDensity, reference_file

from mechfit.geometry import along, high_probability_path, length, straight, surprisal
from mechfit.inference.files import write

TOLD = Path(__file__).parents[2] / "book" / "artefacts" / "pyloric-published.json"
BOX = np.sqrt(3)


def measured(density: PaperDensity, path: np.ndarray, seconds: float | None = None) -> dict:
    """What a path costs in the published measure, its lowest log-density and its length."""
    path = along(path, 80)
    log_q = density.log_prob(path)
    mean = -np.trapezoid(log_q, dx=1 / 79)
    told = {"integral": 79 * length(path) * mean, "lowest": log_q.min(), "length": length(path)}
    told = {name: round(float(value), 3) for name, value in told.items()}
    return told if seconds is None else told | {"seconds": round(seconds, 1)}


def timed(search) -> tuple[np.ndarray, float]:
    started = time.process_time()
    return search(), time.process_time() - started


def main() -> None:
    path = reference_file()
    if path is None:
        raise SystemExit(f"MECHFIT_REFERENCE_DATA names no folder with {FILE}")
    density = PaperDensity(path)
    ends = density.file["start"], density.file["end"]
    how = {"log_prob_grad": density.log_prob_grad}
    box = how | {"low": -BOX, "high": BOX}
    searches = {
        "its kind, to the end": lambda: harmonic_path(density.log_prob, *ends, **how).nodes(800),
        "free nodes, −log q": lambda: high_probability_path(
            density.log_prob, *ends, weight=surprisal, **box
        ),
        "free nodes, ours": lambda: high_probability_path(density.log_prob, *ends, **box),
    }
    paths = {
        "straight line": measured(density, straight(*ends)),
        "published": measured(density, density.file["path_high"]),
    } | {name: measured(density, *timed(search)) for name, search in searches.items()}
    told = {"command": "python tests/benchmarks/pyloric_paths.py", "paths": paths}
    write(TOLD, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    print(json.dumps(paths, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
