"""NWB: a current step of a recorded sweep, in the units of the model neuron.

A file of Neurodata Without Borders holds the response of a sweep in volts and its stimulus in
amperes, each as ``conversion`` data + ``offset`` at a fixed rate. With the liquid-junction
potential V_j and the membrane's area A they become

    V = 10³ response + V_j  (mV),    I = 10⁶ stimulus / A  (µA/cm²),

cut to the time around the step. Rübel et al. (2022), doi:10.7554/eLife.78362. Inference from
recordings is taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mechfit.models.hodgkin_huxley.plausible import check_range
from mechfit.models.hodgkin_huxley.recordings import AFTER_MS, Recording
from mechfit.models.hodgkin_huxley.steps import cut_to_step

__all__ = ["load_recording"]

UNITS = {"volts": ("volts", "volt", "v"), "amperes": ("amperes", "ampere", "amps", "amp", "a")}
SERIES = (  # group in the file; category and column in the table of recordings; type
    ("acquisition", "responses", "response", "CurrentClampSeries"),
    ("stimulus", "stimuli", "stimulus", "CurrentClampStimulusSeries"),
)


def load_recording(
    path: str | Path,
    sweep: int,
    *,
    area: float,
    junction: float = 0.0,
    before: float = 205.0,
    after: float = AFTER_MS,
) -> Recording:
    """Read a current-clamp sweep of an NWB file and cut it to its current step.

    The step is the longest stretch of current that is not 0. It must be constant; shorter
    stretches may precede it, as the test pulse does in the files of the Allen Institute. If the
    first of several is the longest, or two are, the sweep is refused. A holding current
    (``bias_current``) is not part of the stimulus; for the model it shifts the leak's reversal.
    A response that stops early, and numbers that no membrane has, as of a wrong unit, are refused.

    Args:
        path: File of NWB version 2 or later; reading it needs the extra ``nwb``.
        sweep: The ``sweep_number`` of the series, or in a file without it the id of a row in the
            table of intracellular recordings.
        area: Area of the membrane (cm²); at 1 µF/cm², its time constant (s) over its input
            resistance (MΩ).
        junction: Shift (mV) added to the voltage; -14 for the cells of the Allen Institute.
        before: Time (ms) to keep before the step, to within a sample.
        after: Time (ms) to keep after the step, to within a sample.

    Returns:
        The recording; its times and its window count from the start of the cut.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no NWB file, has no such sweep, or the sweep has no current step or no
            plausible response to it.

    Example:
        >>> step = load_recording("cell.nwb", 57, area=1.86e-4, junction=-14.0)  # doctest: +SKIP
        >>> model, x_o = step.model(), step.cell("518290966").x  # doctest: +SKIP
    """
    check_range("area", area)
    place = f"sweep {sweep} of {path}"
    voltage, current, dt = read_sweep(Path(path), sweep, place)
    return cut_to_step(
        1e3 * voltage + junction, 1e6 * current / area, dt, place, sweep, before, after
    )


def read_sweep(path: Path, sweep: int, place: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the response (time,) in V, the stimulus (time,) in A and their interval (ms)."""
    with opened(path) as file:
        sweeps = sweeps_of(file)
        responses, stimuli = sweeps[sweep]
        if not len(responses) == len(stimuli) == 1:
            names = [[series.name for series, _ in kind] for kind in (responses, stimuli)]
            known = sorted(number for number, kinds in sweeps.items() if kinds[0])
            raise ValueError(
                f"{place} has the responses {names[0]} and the stimuli {names[1]} in current "
                f"clamp, expected one of each; the file has the sweeps {known}"
            )
        voltage, dt, start = samples_of(*responses[0], "volts", place)
        current, other_dt, other_start = samples_of(*stimuli[0], "amperes", place)
    shifted = 1e3 * abs(start - other_start) > dt / 2  # not so if a start is NaN, which is unknown
    if len(voltage) != len(current) or not np.isclose(dt, other_dt, 1e-6, 0) or shifted:
        raise ValueError(
            f"{place} has a response of {len(voltage)} samples, every {dt:g} ms from {start:g} s, "
            f"and a stimulus of {len(current)}, every {other_dt:g} ms from {other_start:g} s, "
            "expected the same times"
        )
    # conversion and offset may leave a rounding error where there is no current
    current[np.abs(current) < 1e-6 * np.nan_to_num(np.abs(current)).max()] = 0
    return voltage, current, dt


def sweeps_of(file: Any) -> defaultdict[int, tuple[list, list]]:
    """Return the responses and the stimuli of every sweep, each a series and a slice of it."""
    sweeps = defaultdict(lambda: ([], []))
    for kind, (group, _, _, name) in enumerate(SERIES):
        for series in getattr(file, group).values():
            if series.neurodata_type == name and series.sweep_number is not None:
                sweeps[int(series.sweep_number)][kind].append((series, slice(0, None)))
    if not sweeps and (table := file.intracellular_recordings) is not None:
        for kind, (_, category, column, name) in enumerate(SERIES):
            for row, number in enumerate(table.id[:]):
                first, count, series = table[category][column][row]
                if series is not None and series.neurodata_type == name:
                    sweeps[int(number)][kind].append((series, slice(first, first + count)))
    return sweeps


def samples_of(series: Any, part: slice, unit: str, place: str) -> tuple[np.ndarray, float, float]:
    """Return samples (time,) in their unit, their interval (ms) and the time (s) of the first."""
    given = getattr(series.data, "attrs", {}).get("unit")  # that of pynwb is always the right one
    given = given.decode() if isinstance(given, bytes) else given
    if str(given).lower() not in UNITS[unit]:
        raise ValueError(f"{place} has {series.name!r} in {given}, expected {unit}")
    shape, times = series.data.shape, series.timestamps
    if len(shape) != 1 or len(data := series.data[part].astype(float)) < 2:
        raise ValueError(f"{place} has {series.name!r} of shape {shape}, expected (n,), n > 1")
    if times is None:
        even, dt = series.rate > 0, 1e3 / np.float64(series.rate)
    else:
        gaps = 1e3 * np.diff(times[part])
        even, dt = times.shape == shape and np.ptp(gaps) < 0.01 * gaps[0], gaps.mean()
    if not even:
        raise ValueError(f"{place} has {series.name!r} at uneven times, expected a fixed rate")
    start = series.starting_time + part.start * dt / 1e3 if times is None else times[part.start]
    return series.conversion * data + series.offset, float(dt), float(start)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an NWB file for reading, and close it whatever happens."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}, expected an NWB file")
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")  # what pynwb warns of, units and lengths, is checked here
        try:
            import h5py
            from pynwb import NWBHDF5IO
        except ImportError as error:
            raise ImportError("load_recording needs pynwb: pip install 'mechfit[nwb]'") from error
        try:
            file = stack.enter_context(h5py.File(path, "r"))
            if "nwb_version" in file:  # an attribute since version 2
                raise ValueError("it is of version 1")
            nwb = stack.enter_context(NWBHDF5IO(file=file, mode="r")).read()
        except Exception as error:  # pynwb has no error of its own
            raise ValueError(f"{path} is no readable NWB file of version 2: {error}") from error
        try:
            yield nwb
        except (KeyError, OSError, RuntimeError) as error:  # h5py reads the samples only now
            raise ValueError(f"{path} is damaged: {error}") from error
