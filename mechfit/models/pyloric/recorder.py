"""Recorder: the events of circuits side by side, found during the simulation without a trace.

Voltages come in bins of `BIN` samples and are smoothed by the weights of Savitzky & Golay. Kept
are the samples of each neuron's spikes and of its crossings of the plateau's threshold, sums of
powers of its voltage, and the energy that its currents spent in each bin.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.signal import savgol_coeffs

from mechfit.compile import compiled_fast
from mechfit.models.pyloric.registers import WIDTH
from mechfit.summaries.activity import CENTER_MV, powers
from mechfit.summaries.bursts import (
    DEGREE,
    PLATEAU_MV,
    SPIKE_MV,
    crossings,
    smoothed,
    spike_samples,
)

__all__ = ["BIN", "ROWS", "Events", "Recorder", "record_bin"]

ROWS = 3 * WIDTH
MOST = 16_384
"""Spikes, and crossings, of a neuron that are kept."""
BIN = 40
f32, i32 = np.float32, np.int32
SPIKE, PLATEAU, CENTER = f32(SPIKE_MV), f32(PLATEAU_MV), f32(CENTER_MV)


@dataclass(frozen=True)
class Events:
    """What the statistics of one circuit are computed from; samples count from the burn-in's end.

    Attributes:
        spikes: Samples (s,) of the spikes of each neuron, one before the peak.
        crossings: Samples (c,) at which the smoothed voltage of each crosses -30 mV.
        powers: Mean powers (4, 3) of V + 50 mV.
        ends: Samples (m,) at which the energy is known, increasing from 0.
        energy: Sum (3, m) over the samples before each end of the power spent, in nW.
    """

    spikes: list[np.ndarray]
    crossings: list[np.ndarray]
    powers: np.ndarray
    ends: np.ndarray
    energy: np.ndarray

    @classmethod
    def of(cls, voltage: np.ndarray, dt: float, power: np.ndarray | None = None) -> Self:
        """Find them in voltages (3, time) in mV; `power` (3, time) in nW is 0 by default."""
        v, ends = smoothed(voltage, dt), np.arange(voltage.shape[1] + 1)
        energy = np.zeros((3, len(ends)))
        if power is not None:
            np.cumsum(power, 1, out=energy[:, 1:])
        spikes, changes = [spike_samples(r) for r in v], [crossings(r) for r in v]
        return cls(spikes, changes, powers(voltage), ends, energy)


class Recorder:
    """Records the events of `WIDTH` circuits, in rows: all AB/PD, then all LP, then all PY.

    Args:
        smoothing: Number of samples, an odd one, over which voltages are smoothed.
        samples: Number of samples that will be recorded.

    Attributes:
        weights: Weights (smoothing,) of the smoothing, symmetric.
        kept: Samples of the spikes (rows, MOST), and of the crossings (rows, MOST); the numbers of
            both (2, rows); sums of powers of the voltage (4, rows); and the sum over the samples
            of each bin of the power spent (bins, rows), in nW.
    """

    def __init__(self, smoothing: int, samples: int) -> None:
        self.samples = samples
        self.weights = savgol_coeffs(smoothing, DEGREE).astype(f32)
        self.kept = (
            *np.empty((2, ROWS, MOST), i32),
            np.zeros((2, ROWS), i32),
            np.zeros((4, ROWS)),
            np.empty((-(-samples // BIN), ROWS), f32),
        )

    def clear(self) -> None:
        """Begin with new circuits."""
        for numbers in self.kept[2:4]:
            numbers[:] = 0

    def events(self, lane: int) -> Events:
        """The events of one circuit; they are overwritten by the next ones."""
        spikes, changes, counts, total, energy = self.kept
        rows = range(lane, ROWS, WIDTH)
        ends = np.minimum(BIN * np.arange(len(energy) + 1), self.samples)
        until = np.zeros((3, len(ends)))
        np.cumsum(energy[:, lane::WIDTH].T, 1, float, out=until[:, 1:])
        return Events(
            [spikes[r, : counts[0, r]] for r in rows],
            [changes[r, : counts[1, r]] for r in rows],
            total[:, lane::WIDTH] / self.samples,
            ends,
            until,
        )


@compiled_fast
def smooth_voltages(volts, weights, center, seen, to):
    """Write the smoothed voltages (rows,) around a row of volts to a row of seen."""
    half = len(weights) // 2
    for r in range(ROWS):
        seen[to, r] = weights[half] * volts[center, r]
    for k in range(1, half + 1):
        w = weights[half + k]
        for r in range(ROWS):
            seen[to, r] += w * (volts[center - k, r] + volts[center + k, r])


@compiled_fast
def record_events(seen, new, now, up, spikes, changes, counts):
    """Keep spikes and crossings; `new` is the row of seen that belongs to the sample `now`."""
    some = i32(0)
    for r in range(ROWS):
        some |= i32(seen[new - 1, r] > SPIKE) | (i32(seen[new, r] > PLATEAU) ^ up[r])
    if some == 0:
        return
    for r in range(ROWS):
        v = seen[new - 1, r]
        if v > SPIKE and v >= seen[new - 2, r] and seen[new, r] <= v and counts[0, r] < MOST:
            spikes[r, counts[0, r]] = now - 2
            counts[0, r] += 1
        if i32(seen[new, r] > PLATEAU) != up[r]:
            up[r] = 1 - up[r]
            if counts[1, r] < MOST:
                changes[r, counts[1, r]] = now
                counts[1, r] += 1


@compiled_fast
def add_sums(volts, power, first, n, sums, total, energy, b):
    """Add powers of V + 50 mV, n rows from the first, to the total, and power to the energy."""
    sums[:] = 0
    for t in range(n):
        for r in range(ROWS):
            d = volts[first + t, r] - CENTER
            square = d * d
            sums[0, r] += d
            sums[1, r] += square
            sums[2, r] += square * d
            sums[3, r] += square * square
            sums[4, r] += power[t, r]
    for r in range(ROWS):
        energy[b, r] = sums[4, r]
        for p in range(4):
            total[p, r] += sums[p, r]


@compiled_fast
def record_bin(start, n, have, volts, power, weights, seen, up, sums, kept):
    """Record a bin of voltages and powers; return the rows of volts that the next one needs.

    Args:
        start: Number of its first sample, counted from the first bin's.
        n: Number of its samples.
        have: Rows of volts from before; those that the next bin needs become the first ones.
        volts: Voltages (have + n or more, rows) in mV, of these samples after those from before.
        power: Power spent (n or more, rows), in nW.
        weights: Those of the smoothing.
        seen: Smoothed voltages, of the last two samples before.
        up: Whether each neuron is above the plateau's threshold (rows,).
        sums: Work space (5, rows).
        kept: See `Recorder`.
    """
    spikes, changes, counts, total, energy = kept
    add_sums(volts, power, have, n, sums, total, energy, start // BIN)
    half, rows, new = len(weights) // 2, have + n, 2
    for center in range(half, rows - half):
        now = start - have + center
        smooth_voltages(volts, weights, center, seen, new)
        if now >= half + 2:
            record_events(seen, new, now, up, spikes, changes, counts)
        new += 1
    keep = min(rows, 2 * half)
    for r in range(ROWS):
        seen[0, r], seen[1, r] = seen[new - 2, r], seen[new - 1, r]
    for k in range(keep):
        for r in range(ROWS):
            volts[k, r] = volts[rows - keep + k, r]
    return keep
