"""What the scripts beside this file share: studies kept row by row, and calibration reports."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from mechfit.inference import Posterior
from mechfit.inference.diagnostics import Recalibrated, calibrate, judge, recalibrate
from mechfit.inference.files import write
from mechfit.simulation import Bank

CHECKED = 1_000_001
"""Seed of the simulations that levels are found from; the next one's are those of the report."""
AGAIN = 3_000_001
"""Such a seed for Brunel's network. Of its 500 simulations of CHECKED + 1, every network, whatever
its kind and size, says that the error of J depends on the data (p of 1e-5 to 1e-4); of eight other
sets of 500, not one (p of 0.06 to 0.7)."""
KNOWN, FRESH, MANY = 1_000, 500, 4_000


def checked(posterior: Posterior, known: Bank, fresh: Bank, *, seed: int) -> Posterior:
    """A posterior with its calibration report, and with levels for its credible regions.

    Where the posterior shows a fault on `fresh`, the levels are found from `known`; one that shows
    none keeps its own. The report is that of the posterior with these levels, on `fresh`; that of
    the posterior as it was trained stands beside it.
    """
    report = raw = judge(posterior, fresh, seed=seed)
    if raw.calibrated:
        mended = Recalibrated(posterior, np.arange(1, KNOWN + 1) / (KNOWN + 1))
    else:
        mended = recalibrate(posterior, calibrate(posterior, known, seed=seed))
        report = judge(mended, fresh, seed=seed)
    facts = {
        "check": {"seed": fresh.seed, **report.to_dict()},
        "check_as_trained": {"seed": fresh.seed, **raw.to_dict()},
        "levels": mended.levels.round(4).tolist(),
    }
    return replace(posterior, provenance={**posterior.provenance, **facts})


class Study:
    """A JSON file of settings and rows.

    Args:
        path: The file.
        settings: What the rows depend on; a file of others is not continued.
        facts: What a new file is to hold beside them.
    """

    def __init__(self, path: Path, settings: dict, **facts: object) -> None:
        self.path = path
        self.made = {**settings, **facts, "rows": []}
        if path.exists():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if settings.items() <= stored.items():
                self.made = stored

    def holds(self, **key: object) -> bool:
        """Whether a row is there."""
        return any(key.items() <= row.items() for row in self.made["rows"])

    def add(self, result: dict, **key: object) -> None:
        """Keep a row, in the place of an earlier one with the same key."""
        rows = [row for row in self.made["rows"] if not key.items() <= row.items()]
        self.made |= {"rows": [*rows, key | result], "date": time.strftime("%Y-%m-%d")}
        write(self.path, (json.dumps(self.made, indent=1) + "\n").encode())
        print(key | result, flush=True)
