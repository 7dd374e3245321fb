"""Posteriors from a hundred to a thousand simulations: losses and seconds over training seeds.

    python tests/benchmarks/few_simulations_run.py --sides mechfit
    python tests/benchmarks/few_simulations_run.py --sides sbi-maf --seeds 1 2 3

Everyone trains by the defaults on the same simulations, which are those of one seed, after a first
training whose seconds are those of imports and compilers. The measure is the mean of
-log q(theta | x) over fresh simulations, in nats, beside that of the prior: a training that is
worse than the prior has learned less than nothing, and one whose loss depends on its seed is a
lottery. Rows are appended at once; a repeated call does only what is missing.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np
from neuroscience_run import LEVEL, LEVEL_DRAWS, SIDES, log_density, run_as_told
from sbibm_table import DATA
from sbibm_tasks import TASKS, Task
from timing import Timer, processor_seconds

from mechfit.inference.diagnostics import calibrate
from mechfit.models import Uniform
from mechfit.simulation import Bank, simulate

TABLE = DATA / "few_simulations.csv"
BANK, FRESH, FRESH_SEED = 1, 1000, 1_000_000


def weak(theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Two parameters in noise three quarters as wide as the prior: a posterior near the prior."""
    return theta + 3.0 * noise


PROBLEMS = {
    **{name: TASKS[name] for name in ("slcp", "two_moons", "gaussian_linear", "bernoulli_glm")},
    "weak": Task(weak, [Uniform(-2.0, 2.0)] * 2, 2, 2),
}


class Row(NamedTuple):
    """What is kept of a training; the first five fields tell what is measured."""

    problem: str
    simulations: int
    side: str
    seed: int
    version: str
    nats: float
    coverage: float
    seconds: float
    date: str


@cache
def fresh(name: str) -> Bank:
    """Simulations that nobody learns from."""
    return simulate(PROBLEMS[name], FRESH, FRESH_SEED)


@cache
def warm(side: str) -> None:
    """Train for the first time."""
    SIDES[side].fit(PROBLEMS["weak"], simulate(PROBLEMS["weak"], 100, BANK), 0)


def measure(name: str, simulations: int, side: str, seed: int) -> Row:
    """Train once, and judge on fresh simulations."""
    bank = simulate(PROBLEMS[name], simulations, BANK)
    warm(side)
    with Timer(processor_seconds) as timer:
        posterior = SIDES[side].fit(PROBLEMS[name], bank, seed)
    nats = -log_density(posterior, fresh(name)).mean()
    covered = calibrate(posterior, fresh(name), draws=LEVEL_DRAWS, seed=1).coverage(LEVEL)
    rounded = [round(float(v), 4) for v in (nats, covered, timer.seconds)]
    key = name, simulations, side, seed, SIDES[side].version()
    return Row(*key, *rounded, date.today().isoformat())


def lines(rows: Sequence[Row]) -> list[str]:
    """Least and largest loss, its spread over seeds, mean coverage and seconds of every cell."""
    cells, newest = defaultdict(list), {row[:4]: row for row in rows}
    for row in newest.values():
        cells[row.problem, row.simulations, row.side].append(row)
    out = ["problem, n, nats of the prior; least to largest, spread, coverage, seconds (seeds)"]
    for problem, n in dict.fromkeys(key[:2] for key in cells):
        prior = -PROBLEMS[problem].prior.log_prob(fresh(problem).theta).mean()
        out.append(f"{problem:16}{n:6d}{prior:8.2f}")
        for side in SIDES:
            if found := cells.get((problem, n, side)):
                nats = np.array([row.nats for row in found])
                means = np.mean([row[6:8] for row in found], axis=0)
                text = "{:8.2f} to {:6.2f} {:6.3f} {:5.2f} {:6.1f} ({})"
                values = nats.min(), nats.max(), np.ptp(nats), *means, len(nats)
                out[-1] += f"  {side}:" + text.format(*values)
    return out


def main() -> None:
    """Measure what the table lacks, and print it."""
    told = PROBLEMS, [100, 200, 500, 1000], list(range(1, 11)), TABLE, measure, Row
    print("\n".join(lines(run_as_told(__doc__.splitlines()[0], *told))))


if __name__ == "__main__":
    main()
