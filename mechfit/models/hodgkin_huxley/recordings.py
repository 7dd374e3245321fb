"""Recordings: what was measured, and the model under the same conditions.

A recorded cell is described by the stimulus it received and the statistics of its response. The
model receives the same current per area, starts at the first recorded voltage and is summarized in
the same window, so that its statistics compare with the recorded ones. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mechfit.models.hodgkin_huxley.model import HodgkinHuxley
from mechfit.models.model import Traces
from mechfit.models.stimuli import step_current
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS, voltage_statistics

__all__ = ["Cell", "Recording", "read_cells"]

AFTER_MS = 5.0
SUFFIX = {"": "", "mV": "_mV", "mV²": "_mV2"}
COLUMNS = [n + SUFFIX[u] for n, u in zip(STATISTIC_NAMES, STATISTIC_UNITS, strict=True)]


@dataclass(frozen=True)
class Cell:
    """One recorded current-clamp sweep.

    Attributes:
        name: Number of the cell in its database.
        sweep: Number of the sweep.
        current: Injected current (µA/cm²) during the step.
        window: Onset and end (ms) of the step.
        dt: Sampling interval (ms).
        v_init: First recorded voltage (mV).
        x: The seven recorded statistics (7,), in the order of `mechfit.summaries`.
    """

    name: str
    sweep: int
    current: float
    window: tuple[float, float]
    dt: float
    v_init: float
    x: np.ndarray

    def model(self) -> HodgkinHuxley:
        """The model neuron under the same stimulus, from the same first voltage on."""
        duration = self.window[1] + AFTER_MS
        current = step_current(self.current, duration, self.dt, self.window)
        return HodgkinHuxley(self.dt, current, v_init=self.v_init, window=self.window)


@dataclass(frozen=True)
class Recording:
    """One recorded current step and the response to it.

    Attributes:
        sweep: Number of the sweep.
        traces: Voltage (1, 1, time) in mV at the times (time,) in ms, the first one 0.
        current: Injected current (time,) in µA/cm².
        window: Onset and end (ms) of the step.
    """

    sweep: int
    traces: Traces
    current: np.ndarray
    window: tuple[float, float]

    def model(self) -> HodgkinHuxley:
        """The model neuron under the same current, at the recorded times."""
        dt, v_init = float(self.traces.time[1]), float(self.traces.voltage[0, 0, 0])
        return HodgkinHuxley(dt, self.current, v_init=v_init, window=self.window)

    def cell(self, name: str) -> Cell:
        """Reduce the recording to its step and its statistics, as in a table of cells."""
        voltage, dt = self.traces.voltage[0, 0], float(self.traces.time[1])
        current = float(self.current[round(self.window[0] / dt)])
        x = voltage_statistics(voltage, dt, self.window)[0]
        return Cell(name, self.sweep, current, self.window, dt, float(voltage[0]), x)


def read_cells(path: str | Path) -> dict[str, Cell]:
    """Read a table of recorded cells, by name.

    Args:
        path: A CSV file with the columns of ``book/artefacts/allen_cells.csv``.

    Raises:
        ValueError: A column is missing, or a value is not a number.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        return {row["cell"]: cell_of(row) for row in rows}
    except KeyError as error:
        raise ValueError(f"{path} has no column {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} has a value that is not a number: {error}") from error


def cell_of(row: dict[str, str]) -> Cell:
    """Make a cell of one row of the table."""
    return Cell(
        name=row["cell"],
        sweep=int(row["sweep"]),
        current=float(row["current_density_uA_per_cm2"]),
        window=(float(row["t_on_ms"]), float(row["t_off_ms"])),
        dt=float(row["dt_ms"]),
        v_init=float(row["v0_mV"]),
        x=np.array([float(row[c]) for c in COLUMNS]),
    )
