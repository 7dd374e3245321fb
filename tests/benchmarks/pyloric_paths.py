"""Paths on the published density, beside the published one.

``MECHFIT_REFERENCE_DATA=folder python tests/benchmarks/pyloric_paths.py`` writes the numbers to
book/artefacts/pyloric-published.json; the density itself is the authors' and stays where it is.
"""

import json

import numpy as np
from artefacts import record
from harmonics import harmonic_path
from paper_density import BOX, PaperDensity, density_or_exit
from timing import Timer

from mechfit.geometry import along, high_probability_path, length, straight, surprisal


def measured(density: PaperDensity, path: np.ndarray) -> dict:
    """What a path costs in the published measure, its lowest log-density and its length."""
    path = along(path, 80)
    log_q = density.log_prob(path)
    mean = -np.trapezoid(log_q, dx=1 / 79)
    told = {"integral": 79 * length(path) * mean, "lowest": log_q.min(), "length": length(path)}
    return {name: round(float(value), 3) for name, value in told.items()}


def main() -> None:
    density = density_or_exit()
    ends = density.file["start"], density.file["end"]
    what, how = (density.log_prob, *ends), {"log_prob_grad": density.log_prob_grad}
    box = how | {"low": -BOX, "high": BOX}
    searches = {
        "its kind, to the end": lambda: harmonic_path(*what, **how).nodes(800),
        "free nodes, −log q": lambda: high_probability_path(*what, weight=surprisal, **box),
        "free nodes, ours": lambda: high_probability_path(*what, **box),
    }
    paths = {
        "straight line": measured(density, straight(*ends)),
        "published": measured(density, density.file["path_high"]),
    }
    for name, search in searches.items():
        with Timer() as timer:
            path = search()
        paths[name] = measured(density, path) | {"seconds": round(timer.seconds, 1)}
    command = "python tests/benchmarks/pyloric_paths.py"
    record("pyloric-published", {"command": command, "paths": paths})
    print(json.dumps(paths, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
