"""Pyloric recorder: what lanes of circuits remember of their voltages, so that no trace is kept.

The voltage is smoothed as it comes, by the weights of the statistics; a neuron keeps the samples
of its spikes and of its crossings of the plateau's threshold, sums of powers of its voltage, and
the energy that its currents spent in each `BIN` of samples.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_coeffs

from mechfit.compile import compiled_fast
from mechfit.models.transpose import WIDTH
from mechfit.summaries.activity import CENTER_MV
from mechfit.summaries.bursts import DEGREE, PLATEAU_MV, SPIKE_MV

__all__ = ["LANES", "ROWS", "Recorder", "pass_on", "take"]

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
            the numbers of both (2, rows); sums (5, rows) that are not yet passed on, of powers of
            the voltage and of the power spent; the same sums of the powers, all (4, rows); and
            the energy of each bin (bins, rows), in nW and samples.
    """

    def __init__(self, smoothing: int, samples: int) -> None:
        self.samples = samples
        self.weights = savgol_coeffs(smoothing, DEGREE).astype(f32)
        bins = -(-samples // BIN)
        self.kept = (
            *np.empty((2, ROWS, MOST), i32),
            np.zeros((2, ROWS), i32),
            np.zeros((5, ROWS), f32),
            np.zeros((4, ROWS)),
            np.empty((bins, ROWS), f32),
        )

    def clear(self) -> None:
        """Forget all."""
        for numbers in self.kept[2:5]:
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
        total, energy = self.kept[4:]
        ends = np.minimum(BIN * np.arange(len(energy) + 1), self.samples)
        until = np.zeros((3, len(ends)))
        np.cumsum(energy[:, lane::LANES].T, 1, float, out=until[:, 1:])
        return total[:, lane::LANES] / self.samples, ends, until


@compiled_fast
def smooth(ring, weights, middle, out):
    """Smoothed voltages (rows,) at a sample; the ring (2**k, rows) holds those around it."""
    half, last = len(weights) // 2, u32(len(ring) - 1)
    center = ring[u32(middle) & last]
    for r in range(ROWS):
        out[r] = weights[half] * center[r]
    for k in range(1, half + 1):
        before, after = ring[u32(middle - k) & last], ring[u32(middle + k) & last]
        w = weights[half + k]
        for r in range(ROWS):
            out[r] += w * (before[r] + after[r])


@compiled_fast
def record(older, old, new, up, now, spikes, crossings, counts):
    """Keep spikes and crossings; the last three smoothed voltages (rows,), the newest at `now`."""
    some = 0
    for r in range(ROWS):
        some += (old[r] > SPIKE) | ((new[r] > PLATEAU) != (up[r] > 0))
    if some == 0:
        return
    for r in range(ROWS):
        if old[r] > SPIKE and old[r] >= older[r] and new[r] <= old[r] and counts[0, r] < MOST:
            spikes[r, counts[0, r]] = now - 2
            counts[0, r] += 1
        if (new[r] > PLATEAU) != (up[r] > 0):
            up[r] = 1 - up[r]
            if counts[1, r] < MOST:
                crossings[r, counts[1, r]] = now
                counts[1, r] += 1


@compiled_fast
def add(v, power, sums):
    """Add the powers of V + 50 mV and the power spent (rows,) to the sums (5, rows)."""
    for n in range(ROWS):
        d = v[n] - CENTER
        square = d * d
        sums[0, n] += d
        sums[1, n] += square
        sums[2, n] += square * d
        sums[3, n] += square * square
        sums[4, n] += power[n]


@compiled_fast
def pass_on(now, kept):
    """Pass the sums of the bin that ends at a sample on."""
    sums, total, energy = kept[3:]
    for n in range(ROWS):
        for p in range(4):
            total[p, n] += sums[p, n]
        energy[now // BIN, n] = sums[4, n]
    sums[:] = 0


@compiled_fast
def take(now, v, power, weights, memory, kept):
    """Take the voltages and powers (rows,) of a sample.

    Args:
        now: Number of the sample, counted from the first one.
        v: Voltages in mV.
        power: Power spent, in nW.
        weights: Those of the smoothing.
        memory: Last voltages (2**k, rows), last smoothed voltages (3, rows), and whether each
            neuron is above the plateau's threshold (rows,).
        kept: What a `Recorder` keeps.
    """
    spikes, crossings, counts, sums, _, _ = kept
    ring, seen, up = memory
    if now % BIN == 0 and now > 0:
        pass_on(now - 1, kept)
    add(v, power, sums)
    ring[now & (len(ring) - 1)] = v
    half = len(weights) // 2
    middle = now - half
    if middle >= half:
        smooth(ring, weights, middle, seen[middle % 3])
        if middle >= half + 2:
            older, old = seen[(middle - 2) % 3], seen[(middle - 1) % 3]
            record(older, old, seen[middle % 3], up, middle, spikes, crossings, counts)
