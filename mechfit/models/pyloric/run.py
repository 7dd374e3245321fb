"""Running circuits: in double precision, side by side in single precision, or on a GPU.

Each way gives the `Events` of a circuit or its statistics. In single precision `WIDTH` circuits
share a loop; the last group repeats its last circuit. With patience, all circuits are first
simulated until it ends, and only those whose neurons have all burst are simulated to the end.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mechfit.models.numerics.noise import key_of
from mechfit.models.pyloric.equations import SYNAPSES
from mechfit.models.pyloric.gpu import circuit_statistics
from mechfit.models.pyloric.lanes import run_lanes, table
from mechfit.models.pyloric.recorder import Events, Recorder
from mechfit.models.pyloric.reference import circuit
from mechfit.models.pyloric.registers import WIDTH
from mechfit.summaries.bursts import bursts, window

if TYPE_CHECKING:
    from mechfit.models.pyloric.model import Pyloric

TAU = np.array([synapse[3] for synapse in SYNAPSES])


def statistics(model: "Pyloric", theta: np.ndarray, seed: int, first: int) -> np.ndarray:
    """Simulate theta (n, 31) and return the statistics (n, k)."""
    numbers, start = first + np.arange(len(theta)), model.burn_in_samples
    if model.precision == "float64":
        runs = (
            circuit(model.setting(row), model.noise(seed, number))
            for row, number in zip(theta, numbers.tolist(), strict=True)
        )
        events = (Events.of(v[:, start:], model.dt, power[:, start:]) for v, power in runs)
        return np.stack([summarized(model, each) for each in events])
    x, rows = np.full((len(theta), len(model.statistic_names)), np.nan), np.arange(len(theta))
    deadline = patience_samples(model)
    if model.device == "cuda":
        x, unknown = circuit_statistics(
            model.setting(theta),
            model.noise_std,
            key_of(seed),
            first,
            (start, model.samples),
            model.burst_threshold,
            deadline,
        )
        rows = np.flatnonzero(unknown)
    elif deadline is not None:
        stop = min(start + deadline + window(model.dt), model.samples)
        early = in_lanes(model, theta, seed, numbers, stop)
        rows = rows[[bursts_in_time(model, events) for events in early]]
    events = in_lanes(model, theta[rows], seed, numbers[rows], model.samples)
    for row, each in zip(rows, events, strict=True):
        x[row] = summarized(model, each)
    return x


def in_lanes(
    model: "Pyloric", theta: np.ndarray, seed: int, numbers: np.ndarray, samples: int
) -> Iterator[Events]:
    """Simulate theta (n, 31) for so many samples in single precision, `WIDTH` at a time."""
    recorder = Recorder(window(model.dt), samples - model.burn_in_samples)
    for start in range(0, len(theta), WIDTH):
        rows = np.minimum(np.arange(start, start + WIDTH), len(theta) - 1)
        settings = [model.setting(theta[r]) for r in rows]
        one = settings[0]
        recorder.clear()
        run_lanes(
            table(model.dt, tuple(one.faster)),
            np.stack([s.membrane.T for s in settings], 2).reshape(8, -1).astype(np.float32),
            np.stack([s.synaptic for s in settings], 1).astype(np.float32),
            TAU / one.closing,
            tuple(np.float32(c) for c in one.clock),
            np.float32(model.noise_std),
            key_of(seed),
            numbers[rows].astype(np.uint32),
            (model.burn_in_samples, samples),
            recorder.weights,
            recorder.kept,
        )
        yield from (recorder.events(lane) for lane in range(min(WIDTH, len(theta) - start)))


def patience_samples(model: "Pyloric") -> int | None:
    """Samples after the burn-in at which the model's patience ends, or None."""
    return None if model.patience is None else math.ceil(model.patience / model.dt - 1e-9)


def bursts_in_time(model: "Pyloric", events: Events) -> bool:
    """Whether each neuron has burst before the model's patience ends."""
    deadline = patience_samples(model)
    if deadline is None:
        return True
    early = [s[s < deadline] for s in events.spikes]
    return all(len(bursts(s, model.dt, model.burst_threshold)) for s in early)


def summarized(model: "Pyloric", events: Events) -> np.ndarray:
    """Statistics (k,) of a circuit; NaN if a neuron has not burst when patience ends."""
    if not bursts_in_time(model, events):
        return np.full(len(model.statistic_names), np.nan)
    return model.of_events(events)
