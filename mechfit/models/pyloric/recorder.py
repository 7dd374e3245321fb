"""Pyloric recorder: what lanes of circuits remember of their voltages, so that no trace is kept.

Voltages come in bins of samples. They are smoothed by the weights of the statistics; a neuron
keeps the samples of its spikes and of its crossings of the plateau's threshold, sums of powers of
its voltage, and the energy that its currents spent in each bin.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_coeffs

from mechfit.compile import compiled_fast
from mechfit.models.pyloric.registers import WIDTH
from mechfit.summaries.activity import CENTER_MV
from mechfit.summaries.bursts import DEGREE, PLATEAU_MV, SPIKE_MV

__all__ = ["BIN", "LANES", "ROWS", "Recorder", "remember"]

LANES = WIDTH
ROWS = 3 * LANES
MOST = 16_384
"""Spikes, and crossings, of a neuron that are kept."""
BIN = 40
f32, i32, u32 = np.float32, np.int32, np.uint32
SPIKE, PLATEAU, CENTER = f32(SPIKE_MV), f32(PLATEAU_MV), f32(CENTER_MV)


class Recorder:
    """What the lanes remember of their neurons, from a first sample on.

    Args:
        smoothing: Number of samples, an odd one, over which voltages are smoothed.
        samples: Number of samples that will come.

    Attributes:
        weights: Weights (smoothing,) of the smoothing, symmetric.
        kept: Samples of the spikes (rows, MOST), each one before its peak; samples at which the
            smoothed voltage crossed the plateau's threshold, up and down in turn (rows, MOST);
            the numbers of both (2, rows); sums of powers of the voltage (4, rows); and the energy
            of each bin (bins, rows), in nW and samples.
    """

    def __init__(self, smoothing: int, samples: int) -> None:
        self.samples = samples
        self.weights = savgol_coeffs(smoothing, DEGREE).astype(f32)
        bins = -(-samples // BIN)
        self.kept = (
            *np.empty((2, ROWS, MOST), i32),
            np.zeros((2, ROWS), i32),
            np.zeros((4, ROWS)),
            np.empty((bins, ROWS), f32),
        )

    def clear(self) -> None:
        """Forget all."""
        for numbers in self.kept[2:4]:
            numbers[:] = 0

    def events(self, lane: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Spikes and crossings of the three neurons of a lane."""
        spikes, crossings, counts = self.kept[:3]
        rows = range(lane, ROWS, LANES)
        return [spikes[r, : counts[0, r]] for r in rows], [
            crossings[r, : counts[1, r]] for r in rows
        ]

    def sums(self, lane: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean powers of V + 50 mV (4, 3), ends of the bins (b + 1,), and energy until each.

        The energy (3, b + 1) is a sum over samples, in nW.
        """
        total, energy = self.kept[3:]
        ends = np.minimum(BIN * np.arange(len(energy) + 1), self.samples)
        until = np.zeros((3, len(ends)))
        np.cumsum(energy[:, lane::LANES].T, 1, float, out=until[:, 1:])
        return total[:, lane::LANES] / self.samples, ends, until


@compiled_fast
def smooth(volts, weights, center, seen, to):
    """Write the smoothed voltages (rows,) around a row of volts to a row of seen."""
    half = len(weights) // 2
    for r in range(ROWS):
        seen[to, r] = weights[half] * volts[center, r]
    for k in range(1, half + 1):
        w = weights[half + k]
        for r in range(ROWS):
            seen[to, r] += w * (volts[center - k, r] + volts[center + k, r])


@compiled_fast
def record(seen, new, now, up, spikes, crossings, counts):
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
                crossings[r, counts[1, r]] = now
                counts[1, r] += 1


@compiled_fast
def add(volts, power, first, n, sums, total, energy, b):
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
def remember(start, n, have, volts, power, weights, seen, up, sums, kept):
    """Take the next bin of voltages and powers.

    Args:
        start: Number of its first sample, counted from the first bin's.
        n: Number of its samples.
        have: Rows of volts from before.
        volts: Voltages (have + n or more, rows) in mV, of these samples after those from before.
        power: Power spent (n or more, rows), in nW.
        weights: Those of the smoothing.
        seen: Smoothed voltages, of the last two samples before.
        up: Whether each neuron is above the plateau's threshold (rows,).
        sums: Space for sums (5, rows).
        kept: What a `Recorder` keeps.

    Returns:
        Rows of volts, now the first ones, that the next bin needs.
    """
    spikes, crossings, counts, total, energy = kept
    add(volts, power, have, n, sums, total, energy, start // BIN)
    half, rows, new = len(weights) // 2, have + n, 2
    for center in range(half, rows - half):
        now = start - have + center
        smooth(volts, weights, center, seen, new)
        if now >= half + 2:
            record(seen, new, now, up, spikes, crossings, counts)
        new += 1
    keep = min(rows, 2 * half)
    for r in range(ROWS):
        seen[0, r], seen[1, r] = seen[new - 2, r], seen[new - 1, r]
    for k in range(keep):
        for r in range(ROWS):
            volts[k, r] = volts[rows - keep + k, r]
    return keep
