"""The recordings of the eight cells, as they were sampled."""

from pathlib import Path

import numpy as np

from mechfit.models import Recording, Traces, read_cells
from mechfit.models.stimuli import step_current

PER_MV, JUNCTION = 32, -14.0
"""Stored steps in a mV, and the liquid junction potential, mV."""


def recordings(folder: str | Path) -> dict[str, Recording]:
    """Read the sweeps of the cells of ``allen_cells.csv``, by name.

    Args:
        folder: Folder of the table and of ``allen_recordings.npz``, which holds the differences of
            neighboring samples, as whole numbers.
    """
    cells = read_cells(Path(folder) / "allen_cells.csv")
    with np.load(Path(folder) / "allen_recordings.npz") as stored:
        names, steps = stored["cell"], stored["steps"]
    found = {}
    for name, step in zip(names, steps, strict=True):
        cell = cells[name]
        voltage = np.cumsum(step, dtype=int) / PER_MV + JUNCTION
        time = cell.dt * np.arange(len(voltage))
        current = step_current(cell.current, time[-1], cell.dt, cell.window)
        found[str(name)] = Recording(
            cell.sweep, Traces(voltage[None, None], time), current, cell.window
        )
    return found
