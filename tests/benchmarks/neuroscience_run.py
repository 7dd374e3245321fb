"""Posteriors of ours and of the package sbi beside exact ones, on the same simulations.

    python tests/benchmarks/neuroscience_run.py --simulations 1000 --sides mechfit

Everyone trains by the defaults, sbi with its default density (MAF) and with a spline flow (NSF).
The measure is the mean of log p(theta | x) - log q(theta | x) over held-out simulations, in nats:
the divergence from the exact posterior, with its standard error. Beside it stand the share of
true parameters in the regions of 90% probability and the processor's seconds of training. Every
row is appended at once, and a repeated call does only what is missing for the code as it is.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from neuroscience_problems import PROBLEMS, Problem
from sbibm_run import code_version
from sbibm_table import DATA, append, read
from timing import Timer, processor_seconds

from mechfit.inference import fit
from mechfit.inference.diagnostics import Amortized, calibrate
from mechfit.models import Normal
from mechfit.simulation import Bank

TABLE = DATA / "neuroscience.csv"
HELD_OUT, HELD_OUT_SEED = 1000, 1_000_000
LEVEL, LEVEL_ROWS, LEVEL_DRAWS = 0.9, 500, 100


class Row(NamedTuple):
    """What is kept of a training; the first five fields tell what is measured."""

    problem: str
    simulations: int
    side: str
    seed: int
    version: str
    nats: float
    excess: float
    error: float
    coverage: float
    seconds: float
    date: str


def ours(problem: Problem, bank: Bank, seed: int) -> Amortized:
    """Our posterior."""
    return fit(bank, problem.prior, seed=seed)


def theirs(problem: Problem, bank: Bank, seed: int, *, flow: str) -> Amortized:
    """The posterior of sbi, which needs not be there for ours."""
    from sbi_peer import Peer, box_of, normal_of, sbi_runs, tensors, trained

    normal = isinstance(problem.prior.parameters[0].distribution, Normal)
    prior = (normal_of if normal else box_of)(problem.prior)
    with TemporaryDirectory() as folder, sbi_runs(Path(folder), seed):
        posterior = trained(prior, *tensors(bank), flow).build_posterior()
    return Peer(problem.prior, posterior.posterior_estimator)


class Side(NamedTuple):
    """A way to posteriors, and what tells its version."""

    fit: Callable[[Problem, Bank, int], Amortized]
    version: Callable[[], str]


SIDES = {
    "mechfit": Side(ours, partial(code_version, "mechfit.inference.fit")),
    "sbi-maf": Side(partial(theirs, flow="maf"), partial(version, "sbi")),
    "sbi-nsf": Side(partial(theirs, flow="nsf"), partial(version, "sbi")),
}


@cache
def held_out(name: str) -> tuple[Bank, np.ndarray]:
    """Fresh simulations, and the exact log p(theta | x) (n,) of each."""
    bank = PROBLEMS[name].bank(HELD_OUT, HELD_OUT_SEED)
    return bank, log_density(PROBLEMS[name], bank)


def log_density(posterior: Amortized, bank: Bank) -> np.ndarray:
    """Log-density (n,) of each parameter set given its own data."""
    return posterior.log_prob_batched(bank.theta[:, None], x=bank.x)[:, 0]


def measure(name: str, simulations: int, side: str, seed: int) -> Row:
    """Train once and compare with the exact posterior."""
    bank = PROBLEMS[name].bank(simulations, seed)
    with Timer(processor_seconds) as timer:
        posterior = SIDES[side].fit(PROBLEMS[name], bank, seed)
    fresh, exact = held_out(name)
    log_q = log_density(posterior, fresh)
    excess = exact - log_q
    values = (
        -log_q.mean(),
        excess.mean(),
        excess.std() / len(fresh) ** 0.5,
        calibrate(posterior, fresh.first(LEVEL_ROWS), draws=LEVEL_DRAWS, seed=1).coverage(LEVEL),
        timer.seconds,
    )
    rounded = [round(float(v), 4) for v in values]
    key = name, simulations, side, seed, SIDES[side].version()
    return Row(*key, *rounded, date.today().isoformat())


def run(
    cells: Iterable[tuple[str, int, str, int]],
    table: Path,
    row_of: Callable[..., NamedTuple] = measure,
    kind: type[NamedTuple] = Row,
) -> None:
    """Measure those of the cells (problem, simulations, side, seed) that the table lacks."""
    done = {row[:5] for row in read(table, kind)}
    for cell in cells:
        if (*cell, SIDES[cell[2]].version()) not in done:
            append(table, row_of(*cell))


def lines(rows: Sequence[Row]) -> list[str]:
    """Table of the newest row of every cell, with the means over its seeds."""
    cells, newest = defaultdict(list), {row[:4]: row for row in rows}
    for row in newest.values():
        cells[row.problem, row.simulations, row.side].append(row)
    head = f"{'excess nats, coverage of 90%, seconds':40}"
    out = [head + "".join(f"{side:>30}" for side in SIDES)]
    for problem, simulations in dict.fromkeys(key[:2] for key in cells):
        out.append(f"{problem:32}{simulations:8d}")
        for side in SIDES:
            found = cells.get((problem, simulations, side))
            text = ""
            if found:
                columns = zip(*[row[6:10] for row in found], strict=True)
                text = "{:.3f} ± {:.3f} {:5.3f} {:6.0f}".format(*map(np.mean, columns))
            out[-1] += f"{text:>30}"
    return out


def run_as_told(
    what: str,
    problems: Iterable[str],
    simulations: Sequence[int],
    seeds: Sequence[int],
    table: Path,
    row_of: Callable[..., NamedTuple],
    kind: type[NamedTuple],
) -> list[NamedTuple]:
    """Measure what the command line asks for and the table lacks; return the table's rows.

    Problems, simulations, seeds and table are those where the command line names none.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--problems", nargs="*", choices=problems, default=list(problems))
    parser.add_argument("--simulations", type=int, nargs="+", default=simulations)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--seeds", type=int, nargs="+", default=seeds)
    parser.add_argument("--table", type=Path, default=table)
    given = parser.parse_args()
    cells = product(given.problems, given.simulations, given.sides, given.seeds)
    run(cells, given.table, row_of, kind)
    return read(given.table, kind)


def main() -> None:
    """Measure what the table lacks, and print it."""
    told = PROBLEMS, [1000, 10_000], [1], TABLE, measure, Row
    print("\n".join(lines(run_as_told(__doc__.splitlines()[0], *told))))


if __name__ == "__main__":
    main()
