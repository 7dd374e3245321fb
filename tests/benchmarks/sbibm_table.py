"""The table of the public benchmark: our C2ST beside what others published.

An observation's value is its mean over the seeds of training. `sd obs` is the standard deviation
of these values, `sd seed` that of the seeds' means. Columns of others come from
`data/sbibm_targets.csv`, whose sources are in README.md: a column in means is compared with our
mean over the observations, one in medians with our median. A plus says that ours is lower, which
is better.
"""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median, stdev
from typing import NamedTuple

DATA = Path(__file__).with_name("data")
TABLE = DATA / "sbibm.csv"
TARGETS = DATA / "sbibm_targets.csv"


class Row(NamedTuple):
    """What is kept of an observation; the seconds of simulation and training are the fit's.

    The first five fields tell what is measured. In rounds, simulations count as training, and the
    members are those of the last round; what an earlier process did is not counted.
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


def records(path: Path) -> list[dict[str, str]]:
    """Lines of a file under its line of names."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(table: Path, kind: type[NamedTuple] = Row) -> list[NamedTuple]:
    """Rows of a table; none if there is no file."""
    types = kind.__annotations__
    lines = records(table) if table.exists() else []
    return [kind(**{name: types[name](value) for name, value in r.items()}) for r in lines]


def append(table: Path, row: NamedTuple) -> None:
    """Add a row, under a line of names if it is the first."""
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not file.tell():
            writer.writerow(row._fields)
        writer.writerow(row)


def targets() -> dict[tuple[str, int], dict[str, float | None]]:
    """Published C2ST by task and budget; None where there is none."""
    return {
        (r.pop("task"), int(r.pop("budget"))): {k: float(v) if v else None for k, v in r.items()}
        for r in records(TARGETS)
    }


def print_tables(rows: Sequence[Row]) -> None:
    """Print one table for every method."""
    methods = defaultdict(lambda: defaultdict(list))
    for row in rows:
        methods[row.method][row.task, row.budget].append(row)
    for method, cells in sorted(methods.items()):
        print("\n" + "\n".join(lines(method, cells)))


def means(rows: Sequence[Row], by: str) -> dict[int, float]:
    """Mean C2ST of the rows of every observation, or of every seed."""
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row.c2st)
    return {key: mean(values) for key, values in groups.items()}


def lines(method: str, cells: dict[tuple[str, int], list[Row]]) -> list[str]:
    """Lines of one method's table."""
    others = targets()
    columns = list(next(iter(others.values())))
    head = f"{method:23} {'sims':>6} {'seeds':>5} {'obs':>3}"
    head += "".join(f" {name:>7}" for name in ("median", "mean", "sd obs", "sd seed"))
    out, wins = [head + "".join(f"  {c:>17}" for c in columns)], {c: [] for c in columns}
    for key in [k for k in others if k in cells] + [k for k in cells if k not in others]:
        at = means(cells[key], "observation")
        values = list(at.values())
        off = [row._replace(c2st=row.c2st - at[row.observation]) for row in cells[key]]
        seeds = list(means(off, "seed").values())
        ours = {"median": median(values), "mean": mean(values)}
        line = f"{key[0]:23} {key[1]:6d} {len(seeds):5d} {len(values):3d}"
        line += "".join(f" {value:7.3f}" for value in ours.values())
        line += "".join(f" {stdev(v):7.3f}" if len(v) > 1 else f" {'':7}" for v in (values, seeds))
        for column in columns:
            theirs = others.get(key, {}).get(column)
            if theirs is None:
                line += f"  {'':>17}"
                continue
            wins[column].append(ours[column.rpartition("_")[2]] < theirs)
            line += f"  {theirs:>15.3f} {'+' if wins[column][-1] else '-'}"
        out.append(line + "~" * (len({row.version for row in cells[key]}) > 1))
    counts = [f"{sum(w)} of {len(w)}" if w else "" for w in wins.values()]
    return [*out, f"{'won':{len(head)}}" + "".join(f"  {c:>17}" for c in counts)]
