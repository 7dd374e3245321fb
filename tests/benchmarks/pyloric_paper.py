"""Compare our posterior of the pyloric circuit with the density that the paper's authors trained.

Run ``MECHFIT_REFERENCE_DATA=folder python tests/benchmarks/pyloric_paper.py`` where the folder
holds their file; the numbers go to ``book/artefacts/pyloric-paper.json``, the density does not.
Draws of both are simulated by the same code. Volumes are those of a box whose density is that of
the draws, exp(-E log q), as shares of the prior; a conditional correlation is that of two
parameters on a grid over the prior, all others held at a draw, in the mean over draws.
"""

import json
import time

import numpy as np
from artefacts import ARTEFACTS, record
from paper_density import BOX, density_or_exit
from pyloric_compensation import PAIRS as TEN
from pyloric_compensation import SEED

from mechfit.geometry import pair_correlations
from mechfit.inference import c2st, load
from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Pyloric

PAIRS = (*TEN, (10, 11), (2, 4))
DRAWS, SIMULATED, CONDITIONED, GRID = 5_000, 500, 40, 50


def predicted(theta: np.ndarray) -> dict:
    """What simulations of draws (n, 31) are like."""
    x = Pyloric().statistics(theta, SEED)
    good = np.isfinite(x).all(1)
    away = abs(x[good, :15] - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD
    return {
        "draws": len(theta),
        "valid": round(float(good.mean()), 4),
        "distance": round(float(np.median(away, 1).mean()), 4),
        "distance_by_statistic": round(float(np.median(away, 0).mean()), 4),
        "within": round(float((away < 1).all(1).sum() / len(theta)), 4),
    }


def main() -> None:
    paper, model = density_or_exit(), Pyloric()
    z = paper.sample(DRAWS, SEED)
    box, inside = 31 * np.log(2 * BOX), paper.inside(20_000, SEED)
    stored = paper.file["rho_symm_stored"]
    names = [p.symbol for p in model.prior.parameters]
    result = {
        "command": "python tests/benchmarks/pyloric_paper.py",
        "date": time.strftime("%Y-%m-%d"),
        "predicted": predicted(paper.to_theta(z[:SIMULATED])),
        "log_volume": float(-(paper.log_prob(z) - np.log(inside)).mean() - box),
        "pairs": [f"{names[i]} and {names[j]}" for i, j in PAIRS],
        "correlations_stored": [round(float(stored[p]), 3) for p in PAIRS],
        "ours": {},
    }
    for name in ("pyloric-prior", "pyloric-rounds"):
        posterior = load(ARTEFACTS / name).at(RECORDED_RHYTHM)
        theta = posterior.sample(DRAWS, SEED)
        ours = paper.to_z(theta)
        volumes = model.prior.log_prob(theta) - posterior.log_prob(theta)
        rho = pair_correlations(
            lambda points, q=posterior: q.log_prob(paper.to_theta(points)),
            *(ours[:CONDITIONED], -BOX, BOX, PAIRS),
            grid=GRID,
        ).mean(0)
        result["ours"][name] = {
            "predicted": predicted(theta[:SIMULATED]),
            "c2st": round(float(c2st(z, ours, seed=SEED)), 4),
            "log_volume": float(volumes.mean()),
            "correlations": rho.round(3).tolist(),
            "correlations_of_draws": CONDITIONED,
        }
        print(name, json.dumps(result["ours"][name], indent=1), flush=True)
    record("pyloric-paper", result)
    print(json.dumps({k: v for k, v in result.items() if k != "ours"}, indent=1))


if __name__ == "__main__":
    main()
