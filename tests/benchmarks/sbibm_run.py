"""C2ST of posteriors on the public benchmark, one row of a table for every observation.

    python tests/benchmarks/sbibm_run.py --task two_moons --budget 1000 --method npe --members 5

Every finished observation is appended at once, and a repeated call does only what is missing;
amortized fits are kept beside it. The members of an ensemble learn from the same simulations with
other weights and batches, and each draw comes from one of them, chosen by chance. All seconds are
those of the processor.
"""

import argparse
import ast
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sbibm_data
from joblib import Parallel, delayed
from sbibm_table import TABLE, Row, append, print_tables, read
from sbibm_tasks import TASKS, Task
from threadpoolctl import threadpool_limits
from timing import Timer, processor_seconds

import mechfit
from mechfit.inference import MAF, NPE, NSF, SNPE_C, TSNPE, Posterior, c2st, fit, infer, load, save
from mechfit.simulation import simulate

WORK = Path(__file__).with_name(".work")
DRAWS = 10_000
SEEDS = [1, 2, 3]
ROUNDS = 10
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef


@dataclass(frozen=True)
class Cell:
    """A cell of the table: a task, a number of simulations, a method and its seed."""

    task: str
    budget: int
    method: str
    members: int = 1
    seed: int = 1

    @property
    def label(self) -> str:
        """Name of the method in the table."""
        return self.method if self.members == 1 else f"{self.method}*{self.members}"

    @property
    def stem(self) -> str:
        """Beginning of the names of its files."""
        return f"{self.task}-{self.budget}-{self.method}-{self.seed}"


class Fitted(NamedTuple):
    """Posteriors of all members, and the seconds they took together."""

    members: list[Posterior]
    seconds_simulate: float
    seconds_train: float


class Method(NamedTuple):
    """A way to posteriors.

    Attributes:
        fit: Called with the cell, the folder to keep fits in and the observation x_o.
        amortized: Whether one fit, made with x_o None, serves all observations.
        entry: Module by which it enters `mechfit.inference`.
    """

    fit: Callable[[Cell, Path, np.ndarray | None], Fitted]
    amortized: bool
    entry: str


def amortized(flow: MAF | NSF | None = None, networks: int | None = 1) -> Method:
    """One round of neural posterior estimation with draws of the prior, by `fit`'s defaults.

    They make an ensemble where `networks` is None, and members that are trained apart otherwise.
    """

    def fit_members(cell: Cell, work: Path, x_o: None) -> Fitted:
        task = TASKS[cell.task]
        with Timer() as simulating:
            bank = simulate(task, cell.budget, seed=cell.seed)
        members, seconds = [], 0.0
        for member in range(cell.members):
            path = work / f"{cell.stem}-{member}"
            times = path.with_name(f"{path.name}.seconds")
            if not times.exists():
                with Timer(processor_seconds) as training:
                    seed = 1000 * cell.seed + member
                    made = fit(bank, task.prior, flow=flow, members=networks, seed=seed)
                save(made, path)
                times.write_text(json.dumps(training.seconds))
            members.append(load(path))
            seconds += json.loads(times.read_text())
        return Fitted(members, simulating.seconds, seconds)

    return Method(fit_members, amortized=True, entry="mechfit.inference.fit")


def sequential(method: TSNPE | SNPE_C) -> Method:
    """Ten rounds around each observation; a stopped one goes on where it stood."""

    def fit_rounds(cell: Cell, work: Path, x_o: np.ndarray) -> Fitted:
        store = work / f"{cell.stem}-{hashlib.sha256(x_o.tobytes()).hexdigest()[:8]}"
        task, settings = TASKS[cell.task], {"method": method, "seed": cell.seed, "store": store}
        each = cell.budget // ROUNDS
        with Timer(processor_seconds) as timer:
            posterior = infer(task, x_o, rounds=ROUNDS, simulations=each, **settings)
            if cell.members > 1:
                npe = NPE(task.prior, x_o, names=task.statistic_names, **settings)
                last = {**npe.settings, "seed": npe.seeds(ROUNDS - 1)[1], "members": cell.members}
                posterior = method.learn(npe.rounds, task.prior, **last).at(x_o)
        return Fitted([posterior], 0.0, timer.seconds)

    return Method(fit_rounds, amortized=False, entry="mechfit.inference.sequential.infer")


METHODS = {
    "fit": amortized(networks=None),
    "npe": amortized(),
    "npe-nsf": amortized(NSF()),
    "npe-maf": amortized(MAF()),
    "tsnpe": sequential(TSNPE()),
    "apt": sequential(SNPE_C()),
}


def run(
    cell: Cell,
    method: Method,
    observations: Sequence[int] = sbibm_data.OBSERVATIONS,
    *,
    table: Path = TABLE,
    work: Path = WORK,
    workers: int = 2,
    draws: int = DRAWS,
) -> None:
    """Measure what the table lacks of a cell.

    Args:
        cell: What to measure.
        method: How to get posteriors; `cell.method` is only its name.
        observations: Numbers 1 to 10.
        table: File to append rows to.
        work: Folder for fits, one folder in it for every state of the code.
        workers: Processes that compute C2ST; where each observation has a fit of its own, this
            process computes it between fits, or theirs would count as the next fit's seconds.
        draws: Draws of the posterior; the benchmark's numbers are of 10,000.
    """
    done = {row[:5] for row in read(table)}
    key = cell.task, cell.budget, cell.label
    missing = [i for i in observations if (*key, i, cell.seed) not in done]
    if not missing:
        return
    task, code = TASKS[cell.task], code_version(method.entry)
    work = work / code
    work.mkdir(parents=True, exist_ok=True)
    shared = method.fit(cell, work, None) if method.amortized else None

    def judged() -> Iterator[tuple]:
        for i in missing:
            x_o, seed = sbibm_data.observation(task.name, i), 1000 * cell.seed + i
            members, *spent = shared or method.fit(cell, work, x_o)
            with Timer() as timer:
                samples = mixture(task, members, x_o, draws, seed)
            yield delayed(judge)(task.name, i, samples, [*spent, timer.seconds])

    parallel = Parallel(workers if method.amortized else 1, return_as="generator_unordered")
    for i, value, seconds in parallel(judged()):
        rounded = [round(s, 2) for s in seconds]
        today = date.today().isoformat()
        append(table, Row(*key, i, cell.seed, round(value, 4), *rounded, code, today))


def judge(task: str, number: int, samples: np.ndarray, spent: list[float]) -> tuple:
    """C2ST of an observation's samples, on one thread, and all seconds that led there."""
    reference = sbibm_data.reference(task, number)[: len(samples)]
    with threadpool_limits(1), Timer() as timer:
        value = c2st(reference, samples)
    return number, value, [*spent, timer.seconds]


def mixture(
    task: Task, members: Sequence[Posterior], x_o: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """Draws (draws, d) of the task's parameters, each from a member chosen by chance."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(draws, np.full(len(members), 1 / len(members)))
    seeds = rng.integers(2**32, size=len(members))
    parts = zip(members, counts, seeds, strict=True)
    return task.native(np.concatenate([m.at(x_o).sample(n, int(s)) for m, n, s in parts if n]))


def code_version(entry: str) -> str:
    """Version of mechfit with a hash of a module's code and of what it imports of inference.

    Comments and docstrings do not count.
    """
    root, trees, waiting = Path(mechfit.__file__).parents[1], {}, [entry]
    while waiting:
        name = waiting.pop()
        file = root / f"{name.replace('.', '/')}.py"
        if name in trees or not (name.startswith("mechfit.inference.") and file.exists()):
            continue
        trees[name] = tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                waiting += [node.module, *(f"{node.module}.{n.name}" for n in node.names)]
            elif isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
    digest = hashlib.sha256("".join(ast.dump(trees[n]) for n in sorted(trees)).encode())
    return f"{version('mechfit')}+{digest.hexdigest()[:8]}"


def main() -> None:
    """Measure one cell with every seed, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = list(sbibm_data.OBSERVATIONS)
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--method", choices=METHODS, default="npe")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--observations", type=int, nargs="+", choices=every, default=every)
    parser.add_argument("--workers", type=int, default=2, help="processes that compute C2ST")
    parser.add_argument("--table", type=Path, default=TABLE)
    given = parser.parse_args()
    if given.task:
        if not sbibm_data.installed():
            parser.exit(1, f"{sbibm_data.HINT}\n")
        chosen = METHODS[given.method]
        for seed in given.seeds:
            cell = Cell(given.task, given.budget, given.method, given.members, seed)
            run(cell, chosen, given.observations, table=given.table, workers=given.workers)
    print_tables(read(given.table))


if __name__ == "__main__":
    main()
