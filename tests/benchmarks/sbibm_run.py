"""C2ST of posteriors on the public benchmark, one row of a table for every observation.

    python tests/benchmarks/sbibm_run.py --task two_moons --budget 1000 --method npe --members 5

Every finished observation is appended at once, and a repeated call does only what is missing;
amortized fits are kept beside it. The members of an ensemble learn from the same simulations with
other weights and batches, and each draw comes from one of them, chosen by chance. All seconds are
those of the processor.
"""

import argparse
import ast
import csv
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, astuple, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import psutil
import sbibm_data
from loky import ProcessPoolExecutor
from sbibm_table import TABLE, print_tables
from sbibm_tasks import TASKS, Task
from threadpoolctl import threadpool_limits

import mechfit.inference
from mechfit.inference import (
    MAF,
    NPE,
    NSF,
    SNPE_C,
    TSNPE,
    Posterior,
    c2st,
    fit,
    infer,
    load,
    save,
)
from mechfit.simulation import simulate

WORK = Path(__file__).with_name(".work")
DRAWS = 10_000
ROUNDS = 10
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
IDLE = 300
"""Seconds after which a process without work ends, also where the one that started it is gone."""


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


@dataclass(frozen=True)
class Row:
    """What is kept of an observation; the seconds of simulation and training are the fit's.

    In rounds, simulations count as training, and the members are those of the last round; what an
    earlier process did is not counted.
    """

    task: str
    budget: int
    method: str
    observation: int
    seed: int
    c2st: float
    seconds_simulate: float
    seconds_train: float
    seconds_sample: float
    seconds_c2st: float
    version: str
    date: str

    @property
    def key(self) -> tuple:
        """What makes two rows the same measurement."""
        return self.task, self.budget, self.method, self.observation, self.seed


class Fitted(NamedTuple):
    """Posteriors of all members, and the seconds they took together."""

    members: list[Posterior]
    seconds_simulate: float
    seconds_train: float


@dataclass(frozen=True)
class Method:
    """A way to posteriors.

    Attributes:
        fit: Called with the cell, the folder to keep fits in and the observation x_o.
        amortized: Whether one fit, made with x_o None, serves all observations.
        entry: Module of `mechfit.inference` that it enters by.
    """

    fit: Callable[[Cell, Path, np.ndarray | None], Fitted]
    amortized: bool
    entry: str


def amortized(flow: MAF | NSF | None = None) -> Method:
    """One round of neural posterior estimation with draws of the prior, by `fit`'s defaults."""

    def fit_members(cell: Cell, work: Path, x_o: None) -> Fitted:
        task = TASKS[cell.task]
        start = time.process_time()
        bank = simulate(task, cell.budget, seed=cell.seed)
        seconds_simulate = time.process_time() - start
        members, seconds = [], []
        for member in range(cell.members):
            name = f"{cell.task}-{cell.budget}-{cell.method}-{cell.seed}-{member}"
            path, times = work / name, work / f"{name}.seconds"
            if not times.exists():
                start = time.process_time()
                save(fit(bank, task.prior, flow=flow, seed=1000 * cell.seed + member), path)
                times.write_text(json.dumps(time.process_time() - start))
            members.append(load(path))
            seconds.append(json.loads(times.read_text()))
        return Fitted(members, seconds_simulate, sum(seconds))

    return Method(fit_members, amortized=True, entry="fit")


def sequential(method: TSNPE | SNPE_C) -> Method:
    """Ten rounds around each observation; a stopped one goes on where it stood."""

    def fit_rounds(cell: Cell, work: Path, x_o: np.ndarray) -> Fitted:
        label = hashlib.sha256(x_o.tobytes()).hexdigest()[:8]
        store = work / f"{cell.task}-{cell.budget}-{cell.method}-{cell.seed}-{label}"
        start = processor_seconds()
        task, settings = TASKS[cell.task], {"method": method, "seed": cell.seed, "store": store}
        each = cell.budget // ROUNDS
        posterior = infer(task, x_o, rounds=ROUNDS, simulations=each, **settings)
        if cell.members > 1:
            npe = NPE(task.prior, x_o, names=task.statistic_names, **settings)
            last = {**npe.settings, "seed": npe.seeds(ROUNDS - 1)[1], "members": cell.members}
            posterior = method.learn(npe.rounds, task.prior, **last).at(x_o)
        return Fitted([posterior], 0.0, processor_seconds() - start)

    return Method(fit_rounds, amortized=False, entry="rounds")


METHODS = {
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
        workers: Processes that compute C2ST.
        draws: Draws of the posterior; the benchmark's numbers are of 10,000.
    """
    done = {row.key for row in read(table)}
    key = cell.task, cell.budget, cell.label
    missing = [i for i in observations if (*key, i, cell.seed) not in done]
    if not missing:
        return
    task, code = TASKS[cell.task], code_version(method.entry)
    work = work / code
    work.mkdir(parents=True, exist_ok=True)
    fitted = method.fit(cell, work, None) if method.amortized else None
    lock = Lock()

    def judge(i: int, samples: np.ndarray, seconds: tuple[float, ...]) -> None:
        reference = sbibm_data.reference(task.name, i)[:draws]
        value, seconds_c2st = pool.submit(score, reference, samples).result()
        rounded = [round(s, 2) for s in (*seconds, seconds_c2st)]
        today = date.today().isoformat()
        with lock:
            append(table, Row(*key, i, cell.seed, round(value, 4), *rounded, code, today))

    with (
        ProcessPoolExecutor(workers, timeout=IDLE) as pool,
        ThreadPoolExecutor(workers) as threads,
    ):
        running = []
        for i in missing:
            x_o = sbibm_data.observation(task.name, i)
            one = fitted or method.fit(cell, work, x_o)
            start = time.process_time()
            samples = mixture(task, one.members, x_o, draws, seed=1000 * cell.seed + i)
            seconds = *one[1:], time.process_time() - start
            running.append(threads.submit(judge, i, samples, seconds))
            if not method.amortized:  # or the next fit's processes were counted with this one's
                running[-1].result()
        for future in as_completed(running):
            future.result()


def mixture(
    task: Task, members: Sequence[Posterior], x_o: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """Draws (draws, d) of the task's parameters, each from a member chosen by chance."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(draws, np.full(len(members), 1 / len(members)))
    seeds = rng.integers(2**32, size=len(members))
    parts = zip(members, counts, seeds, strict=True)
    return task.native(np.concatenate([m.at(x_o).sample(n, int(s)) for m, n, s in parts if n]))


def processor_seconds() -> float:
    """Seconds that this process and those it has started have computed."""
    here = psutil.Process()
    times = [p.cpu_times() for p in (here, *here.children(recursive=True))]
    return sum(t.user + t.system for t in times)


def score(reference: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """C2ST and the seconds it took on one thread."""
    start = time.process_time()
    with threadpool_limits(1):
        value = c2st(reference, samples)
    return value, time.process_time() - start


def code_version(entry: str) -> str:
    """Version of mechfit with a hash of a module's code and of what it imports of its room.

    Comments and docstrings do not count.
    """
    room = Path(mechfit.inference.__file__).parent
    trees, waiting = {}, [entry]
    while waiting:
        name = waiting.pop()
        if name in trees:
            continue
        trees[name] = tree = ast.parse((room / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                package, _, module = node.module.rpartition(".")
                waiting += [module] * (package == "mechfit.inference")
            elif isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
    digest = hashlib.sha256("".join(ast.dump(trees[n]) for n in sorted(trees)).encode())
    return f"{version('mechfit')}+{digest.hexdigest()[:8]}"


def read(table: Path) -> list[Row]:
    """Rows of a table; none if there is no file."""
    if not table.exists():
        return []
    types = Row.__annotations__
    with table.open(newline="", encoding="utf-8") as file:
        return [Row(**{k: types[k](v) for k, v in r.items()}) for r in csv.DictReader(file)]


def append(table: Path, row: Row) -> None:
    """Add a row, under a line of names if it is the first."""
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not file.tell():
            writer.writerow(asdict(row))
        writer.writerow(astuple(row))


def numbers(text: str) -> list[int]:
    """Observations from `1-3` or `1,4`."""
    out = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    if not set(out) <= set(sbibm_data.OBSERVATIONS):
        raise ValueError(f"observations are {text}, expected numbers from 1 to 10")
    return out


def main() -> None:
    """Measure one cell, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--method", choices=METHODS, default="npe")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--observations", type=numbers, default=numbers("1-10"))
    parser.add_argument("--workers", type=int, default=2, help="processes that compute C2ST")
    parser.add_argument("--table", type=Path, default=TABLE)
    given = parser.parse_args()
    if given.task:
        if not sbibm_data.installed():
            parser.exit(1, f"{sbibm_data.HINT}\n")
        cell = Cell(given.task, given.budget, given.method, given.members, given.seed)
        chosen = METHODS[given.method]
        run(cell, chosen, given.observations, table=given.table, workers=given.workers)
    print_tables(read(given.table))


if __name__ == "__main__":
    main()
