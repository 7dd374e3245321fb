"""The table of the public benchmark: our C2ST beside what others published.

Columns of others come from `data/sbibm_targets.csv`, whose sources are in README.md: a column in
means is compared with our mean over the observations, one in medians with our median. A plus says
that ours is lower, which is better.
"""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sbibm_run import Row

DATA = Path(__file__).with_name("data")
TABLE = DATA / "sbibm.csv"
TARGETS = DATA / "sbibm_targets.csv"


def targets() -> dict[tuple[str, int], dict[str, float | None]]:
    """Published C2ST by task and budget; None where there is none."""
    with TARGETS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        (r.pop("task"), int(r.pop("budget"))): {k: float(v) if v else None for k, v in r.items()}
        for r in rows
    }


def print_tables(rows: Sequence["Row"]) -> None:
    """Print one table for every method."""
    methods = defaultdict(lambda: defaultdict(list))
    for row in rows:
        methods[row.method][row.task, row.budget].append(row)
    for method, cells in sorted(methods.items()):
        print("\n" + "\n".join(lines(method, cells)))


def lines(method: str, cells: dict[tuple[str, int], list["Row"]]) -> list[str]:
    """Lines of one method's table."""
    others = targets()
    columns = list(next(iter(others.values())))
    head = f"{method:16} {'sims':>7} {'n':>3} {'median':>7} {'mean':>7}"
    out = [head + "".join(f"  {c:>17}" for c in columns)]
    won, compared = dict.fromkeys(columns, 0), dict.fromkeys(columns, 0)
    for key in [k for k in others if k in cells] + [k for k in cells if k not in others]:
        values = [row.c2st for row in cells[key]]
        ours = {"median": median(values), "mean": mean(values)}
        numbers = "".join(f" {value:7.3f}" for value in ours.values())
        mixed = "~" if len({row.version for row in cells[key]}) > 1 else ""
        line = f"{key[0]:16} {key[1]:7d} {len(values):3d}{numbers}"
        for column in columns:
            theirs = others.get(key, {}).get(column)
            if theirs is None:
                line += f"  {'':>17}"
                continue
            better = ours[column.rpartition("_")[2]] < theirs
            won[column] += better
            compared[column] += 1
            line += f"  {theirs:>15.3f} {'+' if better else '-'}"
        out.append(line + mixed)
    counts = [f"{won[c]} of {compared[c]}" if compared[c] else "" for c in columns]
    return [*out, f"{'won':{len(head)}}" + "".join(f"  {c:>17}" for c in counts)]
