"""Fit eight recorded cells by a genetic algorithm: ``python book/artefacts/genetic.py``.

Each run spends what the network of all cells cost, divided by the number of cells, and ends with
one neuron. The cost is the mean squared difference of the statistics from the recorded ones, in
standard deviations under the prior. Every finished run is stored, and a stopped call goes on.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from study import Study

from mechfit.models import AnyStep, HodgkinHuxley, read_cells
from mechfit.simulation import simulate

HERE = Path(__file__).parent
TARGET = HERE / "allen-cells-genetic.json"
POPULATION, GENERATIONS = 250, 50
SEEDS = 1, 2, 3


class Cost(Problem):
    """How far a neuron's statistics are from a recording, for parameters in the unit cube."""

    def __init__(self, model: HodgkinHuxley, x: np.ndarray, scale: np.ndarray, seed: int) -> None:
        super().__init__(n_var=len(model.prior), n_obj=1, xl=0.0, xu=1.0)
        self.model, self.x, self.scale, self.seed, self.done = model, x, scale, seed, 0

    def _evaluate(self, u: np.ndarray, out: dict, *_: object, **__: object) -> None:
        theta = self.model.prior.from_unit(u)[0]
        x = simulate(self.model, seed=self.seed, theta=theta, first=self.done).x
        self.done += len(u)
        out["F"] = (((x - self.x) / self.scale) ** 2).mean(1)


def main() -> None:
    """Fit all cells that are not fitted yet."""
    cells = read_cells(HERE / "allen_cells.csv")
    model = AnyStep(cells)
    settings = {
        "command": "python book/artefacts/genetic.py",
        "simulations": POPULATION * GENERATIONS,
        "generations": GENERATIONS,
    }
    spread = simulate(model, 2048, seed=1).x[:, :7].std(0)
    study = Study(TARGET, settings, scale=spread.tolist())
    scale = np.array(study.made["scale"])
    for cell in cells.values():
        for seed in SEEDS:
            if study.holds(cell=cell.name, seed=seed):
                continue
            started = time.perf_counter()
            cost = Cost(model.under(cell.current, cell.v_init), cell.x, scale, seed)
            found = minimize(cost, GA(POPULATION), ("n_gen", GENERATIONS), seed=seed)
            fitted = {
                "theta": model.prior.from_unit(found.X)[0][0].tolist(),
                "cost": float(found.F[0]),
                "seconds": round(time.perf_counter() - started, 1),
            }
            study.add(fitted, cell=cell.name, seed=seed)


if __name__ == "__main__":
    main()
