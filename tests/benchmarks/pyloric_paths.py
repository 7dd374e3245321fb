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

from mechfit.geometry import (
    along,
    high_probability_path,
    length,
    orthogonal_path,
    straight,
    surprisal,
)
from mechfit.models import Pyloric

SEEDS, NODES = range(1, 6), 20


def measured(density: PaperDensity, path: np.ndarray) -> dict:
    """What a path costs in the published measure, its lowest log-density and its length."""
    path = along(path, 80)
    log_q = density.log_prob(path)
    mean = -np.trapezoid(log_q, dx=1 / 79)
    told = {"integral": 79 * length(path) * mean, "lowest": log_q.min(), "length": length(path)}
    return {name: round(float(value), 3) for name, value in told.items()}


def across(density: PaperDensity) -> np.ndarray:
    """Walk away from the published path, where its authors did."""
    path, start = density.file["path_high"], int(density.file["ortho_start_index"])
    slope, box = density.log_prob_grad, {"low": -BOX, "high": BOX}
    return orthogonal_path(density.log_prob, path, start, log_prob_grad=slope, **box)


def walked(density: PaperDensity, path: np.ndarray) -> dict:
    """Log-densities at both ends and between, and how many circuits of a path work at each seed.

    The circuits are spaced equally along the path; one works if all its statistics are defined.
    """
    log_q, theta = density.log_prob(path), density.to_theta(along(path, NODES))
    works = [np.isfinite(Pyloric().statistics(theta, seed)).all(1) for seed in SEEDS]
    told = {"first": log_q[0], "last": log_q[-1], "lowest": log_q.min(), "highest": log_q.max()}
    counts = {"nodes": NODES, "work": np.sum(works, 1).tolist()}
    counts["ever"] = int(np.any(works, 0).sum())
    return {name: round(float(value), 3) for name, value in told.items()} | counts


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
    walks = {"along": density.file["path_high"], "across": across(density)}
    walks = {name: walked(density, path) for name, path in walks.items()}
    record("pyloric-published", {"command": command, "paths": paths, "walks": walks})
    print(json.dumps({**paths, **walks}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
