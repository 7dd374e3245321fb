"""Voltage tables: a current step recorded in a CSV file, in the units of the model neuron.

Each of three columns has a name and a unit, such as ``time_ms``, ``voltage_mV`` and
``current_pA``, or ``voltage (V)``. Time and voltage are converted to ms and mV, a current I in
amperes to I / A in µA/cm², with the membrane's area A. Used in
``book/inference/real-neurons.md``.
"""

import csv
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from mechfit.models.hodgkin_huxley.abf import read_abf
from mechfit.models.hodgkin_huxley.plausible import check_range
from mechfit.models.hodgkin_huxley.recordings import AFTER_MS, Recording
from mechfit.models.hodgkin_huxley.steps import cut_to_step
from mechfit.summaries.arguments import array_of

__all__ = ["read_recording"]

DENSITY = {"uA/cm2": 1.0, "µA/cm²": 1.0, "uA_per_cm2": 1.0, "µA/cm2": 1.0}
UNITS = {
    "time": {"s": 1e3, "ms": 1.0, "us": 1e-3, "µs": 1e-3},
    "voltage": {"V": 1e3, "mV": 1.0, "uV": 1e-3, "µV": 1e-3},
    "current": {"A": 1e6, "mA": 1e3, "uA": 1.0, "µA": 1.0, "nA": 1e-3, "pA": 1e-6, **DENSITY},
}
"""Units of each column, and their size in ms, mV and µA or µA/cm²."""
SHORT = {"t": "time", "v": "voltage", "vm": "voltage", "i": "current", "stimulus": "current"}
HEAD = re.compile(r"([^\W\d_]+)(?:[\s_]*[\[(]|[\s_]+)\s*(.+?)\s*[\])]?")


def read_recording(
    path: str | Path,
    *,
    area: float | None = None,
    junction: float = 0.0,
    before: float = 205.0,
    after: float = AFTER_MS,
    step: tuple[float, float, float] | None = None,
    sweep: int = 0,
) -> Recording:
    """Read a sweep from a CSV or ABF file and cut it to its current step.

    Args:
        path: File of one sweep in UTF-8, with a line of names and columns for time (s, ms, µs),
            voltage (V, mV, µV) and current (A to pA, or uA/cm2), separated by commas, or by
            semicolons or tabs; then decimals may have commas. Or an ABF file, ending in
            ``.abf``, which needs the extra ``abf``.
        area: Area of the membrane (cm²), which a current in amperes needs.
        junction: Shift (mV) added to the voltage.
        before: Time (ms) to keep before the step, or all there is if less.
        after: The same after the step.
        step: Amplitude (pA), onset and end (ms) of the step, for a file without its current.
        sweep: Number of the sweep in an ABF file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A column, a unit or a step is missing, or no membrane has such numbers.
    """
    path = Path(path)
    if path.suffix.lower() == ".abf":
        unit, (time, voltage, current) = "pA", read_abf(path, sweep)
        if (step is None) == (current is None):
            held = "no current, expected a" if step is None else "its current, expected no"
            raise ValueError(f"{path} has {held} step=(amplitude in pA, onset and end in ms)")
    else:
        time, voltage, current, unit = read_table(path, ["time", "voltage"] if step else UNITS)
    gaps = np.diff(time)
    dt = float(gaps.mean())
    if not (dt > 0 and np.ptp(gaps) < 0.05 * dt):
        rises = np.diff(voltage)
        swapped = rises.min() > 0 and np.ptp(rises) < 0.05 * rises.mean()
        raise ValueError(
            f"{path} has times {gaps.min():g} to {gaps.max():g} ms apart, expected even ones"
            + ("; are the columns of time and voltage exchanged?" if swapped else "")
        )
    if step is not None:
        amplitude, on, off = array_of("step", step, "(3,)")
        inside = (time > on - dt / 2) & (time < off - dt / 2)
        current, unit = np.where(inside, 1e-6 * amplitude, 0.0), "pA"
    if unit not in DENSITY:
        if area is None:
            raise ValueError(
                f"{path} has its current in {unit}, and the model's is in µA/cm²: "
                "give the membrane's area (cm²; on the command line --area or --capacitance)"
            )
        check_range("area", area)
        current = current / area
    on = np.flatnonzero(current)
    if len(on):
        before = min(before, on[0] * dt)
        after = min(after, (len(time) - 2 - on[-1]) * dt)
    return cut_to_step(voltage + junction, current, dt, str(path), 0, before, after)


def read_table(
    path: Path, wanted: Collection[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, str]:
    """Return time (ms), voltage (mV), the current if it is wanted, and its unit."""
    text = path.read_text(encoding="utf-8-sig")
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    rows = [row for row in csv.reader(text.splitlines(), delimiter=mark) if any(row)]
    places = columns_of(rows[0] if rows else [], str(path), wanted)
    try:
        data = np.array([[number(row[j], mark) for j, *_ in places] for row in rows[1:]])
    except (IndexError, ValueError) as error:
        count = {2: "two", 3: "three"}[len(places)]
        raise ValueError(f"{path} has a line without {count} numbers: {error}") from error
    if len(data) < 100:
        raise ValueError(f"{path} has {len(data)} samples, expected a sweep of at least 100")
    time, voltage, *current = (data * [size for _, size, _ in places]).T
    return time, voltage, *(current or [None]), places[-1][2]


def columns_of(
    head: list[str], path: str, wanted: Collection[str]
) -> list[tuple[int, float, str]]:
    """Return place, size of the unit and unit of the wanted columns of `UNITS`."""
    found = {}
    for j, name in enumerate(head):
        if match := HEAD.fullmatch(name.strip()):
            what = match[1].lower()
            found[SHORT.get(what, what)] = j, match[2]
    for what in wanted:
        units = UNITS[what]
        if what not in found or found[what][1] not in units:
            given = f"in {found[what][1]!r}" if what in found else "missing, or has no unit"
            raise ValueError(
                f"{path} has the columns {', '.join(head) or 'none'}: {what} is {given}, expected "
                f"a column {what}_UNIT with one of the units {', '.join(units)}"
            )
    return [(j, UNITS[what][unit], unit) for what in wanted for j, unit in [found[what]]]


def number(text: str, mark: str) -> float:
    """Read a number; between semicolons or tabs its decimals may have a comma."""
    return float(text if mark == "," else text.replace(",", "."))
