"""How long each chapter runs on an idle machine: ``python book/_ext/running_times.py``.

A build on a busy machine says little about a reader's. This takes the times of the last build from
its execution cache, after a ``make html`` in which every chapter was executed and nothing else
ran, and keeps them in running_times.json; the pages show these.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from pathlib import Path

from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_suffix(".json")
CACHE = ROOT / "_build" / ".jupyter_cache"


@cache
def stored() -> dict[str, float]:
    """Return the seconds of every chapter that was measured, by its page."""
    return json.loads(FILE.read_text(encoding="utf-8"))["seconds"] if FILE.exists() else {}


def measured(folder: Path) -> dict[str, float]:
    """Return the seconds of the latest execution of every page in an execution cache."""
    records = sorted(get_cache(folder).list_cache_records(), key=lambda record: record.created)
    pages = {Path(r.uri).with_suffix("").as_posix(): r.data for r in records}
    return {page: round(data["execution_seconds"], 1) for page, data in sorted(pages.items())}


if __name__ == "__main__":
    seconds = {str(Path(p).relative_to(ROOT)): s for p, s in measured(CACHE).items()}
    kept = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "seconds": seconds}
    FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{len(seconds)} chapters, {sum(seconds.values()):.0f} s in all")
