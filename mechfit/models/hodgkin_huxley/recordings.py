"""Recordings: what was measured, and the model under the same conditions.

A recorded cell is described by the stimulus it received and the statistics of its response. The
model receives the same current per area, starts at the first recorded voltage and is sampled and
summarized as the recording is, so that its statistics compare with the recorded ones. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mechfit.models.hodgkin_huxley.model import HodgkinHuxley
from mechfit.models.hodgkin_huxley.plausible import check_range, check_response, check_shift
from mechfit.models.model import Traces
from mechfit.models.stimuli import step_current
from mechfit.summaries.arguments import numbers
from mechfit.summaries.spikes import THRESHOLD
from mechfit.summaries.voltage import (
    STATISTIC_NAMES,
    STATISTIC_UNITS,
    check_window,
    voltage_statistics,
)

__all__ = ["Cell", "Recording", "read_cells"]

AFTER_MS = 5.0
SUFFIX = {"": "", "mV": "_mV", "mV²": "_mV2"}
FACTS = ("current_density_uA_per_cm2", "t_on_ms", "t_off_ms", "dt_ms", "v0_mV")
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
        threshold: Voltage (mV) above which a local maximum is a spike.
    """

    name: str
    sweep: int
    current: float
    window: tuple[float, float]
    dt: float
    v_init: float
    x: np.ndarray
    threshold: float = THRESHOLD

    def model(self) -> HodgkinHuxley:
        """The model neuron under the same stimulus, from the same first voltage on."""
        duration = self.window[1] + AFTER_MS
        current = step_current(self.current, duration, self.dt, self.window)
        how = {"window": self.window, "threshold": self.threshold}
        return HodgkinHuxley(self.dt, current, v_init=self.v_init, **how)


@dataclass(frozen=True)
class Recording:
    """One recorded current step and the response to it.

    Attributes:
        sweep: Number of the sweep.
        traces: Voltage (1, 1, time) in mV at the times (time,) in ms, the first one 0.
        current: Injected current (time,) in µA/cm².
        window: Onset and end (ms) of the step.
        threshold: Voltage (mV) above which a local maximum is a spike.
    """

    sweep: int
    traces: Traces
    current: np.ndarray
    window: tuple[float, float]
    threshold: float = THRESHOLD

    def __post_init__(self) -> None:
        voltage, time = numbers(self.traces.voltage, "traces.voltage"), self.traces.time
        current = numbers(self.current, "current")
        if voltage.shape != (1, 1, *current.shape) or current.ndim != 1 or len(current) < 2:
            raise ValueError(
                f"traces has shape {voltage.shape} and current {current.shape}, expected "
                "(1, 1, time) and (time,)"
            )
        check_range("sampling interval", float(time[1]))
        check_window(self.window, float(time[1]), len(time))
        check_response(voltage[0, 0], current, float(time[1]), self.window)
        object.__setattr__(self, "current", current)

    def model(self) -> HodgkinHuxley:
        """The model neuron under the same current, at the recorded times."""
        dt, v_init = float(self.traces.time[1]), float(self.traces.voltage[0, 0, 0])
        how = {"window": self.window, "threshold": self.threshold}
        return HodgkinHuxley(dt, self.current, v_init=v_init, **how)

    def cell(self, name: str) -> Cell:
        """Reduce the recording to its step and its statistics, as in a table of cells."""
        voltage, dt = self.traces.voltage[0, 0], float(self.traces.time[1])
        current = float(self.current[round(self.window[0] / dt)])
        x = voltage_statistics(voltage, dt, self.window, self.threshold)[0]
        stimulus = current, self.window, dt, float(voltage[0])
        return Cell(name, self.sweep, *stimulus, x, self.threshold)


def read_cells(path: str | Path) -> dict[str, Cell]:
    """Read a table of recorded cells, by name.

    Args:
        path: A CSV file in UTF-8 with the columns of ``book/artefacts/allen_cells.csv``, separated
            by commas, or by semicolons or tabs; then decimals may have commas.

    Raises:
        ValueError: A column is missing, a value is no number or not plausible, or a cell comes
            twice. To read several sweeps of a cell, give their rows names that differ.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not in UTF-8, expected 'CSV UTF-8': {error}") from error
    head = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(",;\t", key=head.count)
    reader, lines, cells = csv.reader(text.splitlines(), delimiter=mark), {}, {}
    rows = ((reader.line_num, [value.strip() for value in row]) for row in reader)
    rows = ((line, row) for line, row in rows if any(row))
    _, names = next(rows, (0, []))
    for name in ("cell", "sweep", *FACTS, *COLUMNS):
        if names.count(name) != 1:
            raise ValueError(f"{path} has {names.count(name) or 'no'} column {name!r}, expected 1")
    for line, row in rows:
        try:
            if len(row) != len(names):
                raise ValueError(f"{len(row)} values, expected {len(names)}")
            cell = cell_of(dict(zip(names, row, strict=True)), decimal="," if mark != "," else ".")
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}") from error
        if cell.name in cells:
            raise ValueError(
                f"{path} has cell {cell.name!r} in lines {lines[cell.name]} and {line} (sweeps "
                f"{cells[cell.name].sweep} and {cell.sweep}), expected names that differ"
            )
        cells[cell.name], lines[cell.name] = cell, line
    return cells


def cell_of(row: dict[str, str], decimal: str) -> Cell:
    """Make a cell of one row of the table, if its values are plausible."""
    values = {}
    for name in ("sweep", *FACTS, *COLUMNS):
        try:
            values[name] = float(row[name].replace(decimal, "."))
        except ValueError:
            values[name] = np.nan
        if not np.isfinite(values[name]):
            raise ValueError(f"{name} is {row[name]!r}, not a number that is finite")
    sweep, current, t_on, t_off, dt, v_init, *x = values.values()
    count, rest, noise, mean, variance = x[:5]
    if not row["cell"] or sweep % 1 or count % 1 or min(count, noise, variance) < 0:
        raise ValueError(
            f"cell is {row['cell']!r}, sweep {sweep:g}, spike_count {count:g}, rest_std "
            f"{noise:g}, variance {variance:g}, expected a name, whole numbers, none below 0"
        )
    check_range("sampling interval", dt)
    check_window((t_on, t_off), dt, round((t_off + AFTER_MS) / dt) + 1)
    check_range("voltage at rest", rest)
    for voltage in (v_init, mean):
        check_range("voltage", voltage)
    check_shift(mean - rest, current)
    return Cell(row["cell"], int(sweep), current, (t_on, t_off), dt, v_init, np.array(x))
