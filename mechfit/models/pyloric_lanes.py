"""Pyloric lanes: many circuits side by side in single precision, with spikes found on the way.

What depends on V alone, where the gates go and how far in a step, is read from a table by linear
interpolation: one row of 64 numbers, in order, for each neuron and step. What needs logarithms,
exponentials and divisions is the same function as in the reference, inlined into a loop over all
neurons of all lanes, which the compiler turns into vector instructions. The voltage is smoothed as
it comes, by the weights of the statistics; a lane keeps the samples of its spikes and of its
crossings of the plateau's threshold, and no trace. Taught in ``book/geometry/pyloric-circuit.md``.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_coeffs

from mechfit.compile import compiled, compiled_fast
from mechfit.models.noise import normal_pair
from mechfit.models.pyloric_reference import KCA
from mechfit.models.pyloric_step import (
    CA_REST,
    E_CHOLINERGIC,
    E_GLUTAMATE,
    V_FIRST,
    conductances,
    membrane_step,
    opening,
    steady_states,
    time_constants,
)
from mechfit.models.single import single
from mechfit.summaries.bursts import DEGREE, PLATEAU_MV, SPIKE_MV

__all__ = ["Recorder", "run_lanes", "table"]

LANES = 16
ROWS = 3 * LANES
MOST = 16_384
"""Spikes, and crossings, of a neuron that are kept."""
LOW, HIGH, GRID = -130.0, 110.0, 0.05
OPEN, RATE = 12, 13
"""Columns of a table's row: steady state of a synapse after the neuron, and dt / (1 - that)."""
WIDTH, MOVED, SLOPE = 16, 16, 32
f32, i32, u32 = np.float32, np.int32, np.uint32
conductances_single, membrane_single = single(conductances), single(membrane_step)
noise_single = single(normal_pair)
GLUTAMATE, CHOLINERGIC = f32(E_GLUTAMATE), f32(E_CHOLINERGIC)
SPIKE, PLATEAU, ONE = f32(SPIKE_MV), f32(PLATEAU_MV), f32(1.0)


def table(dt: float, faster: np.ndarray) -> np.ndarray:
    """Rows (v, 64): steady states, 1 - exp(-dt faster / tau), and their steps to the next row."""
    values = np.zeros((int((HIGH - LOW) / GRID) + 2, SLOPE))
    fill(values, dt, faster)
    return np.concatenate([values[:-1], np.diff(values, axis=0)], 1).astype(f32)


@compiled
def fill(values, dt, faster):
    """Write the steady states and movements at every voltage of the grid."""
    for k in range(len(values)):
        v = LOW + k * GRID
        steady, tau, s = steady_states(v), time_constants(v), opening(v)
        for x in range(11):
            values[k, x] = steady[x]
            values[k, MOVED + x] = -np.expm1(-dt * faster[x] / tau[x])
        values[k, OPEN], values[k, RATE] = s, dt / (1.0 - s) if s < 1.0 else 1e30


class Recorder:
    """What the lanes remember of their neurons, from a first sample on.

    Args:
        samples: Number of samples, an odd one, over which voltages are smoothed.

    Attributes:
        weights: Weights (samples,) of the smoothing, symmetric.
        kept: Samples of the spikes (rows, MOST), each one before its peak; samples at which the
            smoothed voltage crossed the plateau's threshold, up and down in turn (rows, MOST);
            and the numbers of both (2, rows).
    """

    def __init__(self, samples: int) -> None:
        self.weights = savgol_coeffs(samples, DEGREE).astype(f32)
        self.kept = *np.empty((2, ROWS, MOST), i32), np.zeros((2, ROWS), i32)

    def of(self, lane: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Spikes and crossings of the three neurons of a lane."""
        spikes, crossings, counts = self.kept
        rows = [j * LANES + lane for j in range(3)]
        return [spikes[r, : counts[0, r]] for r in rows], [
            crossings[r, : counts[1, r]] for r in rows
        ]


@compiled_fast
def smooth(ring, weights, middle, out):
    """Smoothed voltages (rows,) at a sample; the ring (size, rows) holds those around it."""
    half, size = len(weights) // 2, len(ring)
    for r in range(ROWS):
        out[r] = weights[half] * ring[middle % size, r]
    for k in range(1, half + 1):
        before, after, w = ring[(middle - k) % size], ring[(middle + k) % size], weights[half + k]
        for r in range(ROWS):
            out[r] += w * (before[r] + after[r])


@compiled_fast
def record(older, old, new, up, now, spikes, crossings, counts):
    """Keep spikes and crossings; the three last smoothed voltages (rows,), the newest at `now`."""
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
def draw(noise, key, index, pair):
    """Write normals (2, rows) of two samples; normal 3 i + j is that of neuron j at sample i."""
    for p in range(3):
        a, b = 2 * p, 2 * p + 1
        first, second = noise[a // 3], noise[b // 3]
        at_first, at_second = a % 3 * LANES, b % 3 * LANES
        for w in range(LANES):
            first[at_first + w], second[at_second + w] = noise_single(
                key[0], key[1], index[w], u32(pair + p)
            )


@compiled_fast
def run_lanes(rows, g, synaptic, tau, clock, std, key, index, window, weights, kept, voltage=None):
    """Simulate `LANES` circuits.

    Args:
        rows: Table of the gates, see `table`.
        g: Conductances (rows, 8) in mS, the lanes of AB/PD first, then LP, then PY.
        synaptic: Conductances (7, LANES) in mS.
        tau: Closing time constants (7,) in ms.
        clock: dt (ms), temperature (K), 1 - exp(-dt / tau_Ca).
        std: Standard deviation of the noise (µA).
        key: Two words of the seed.
        index: Numbers of the simulations (LANES,).
        window: First sample of the statistics, and number of samples.
        weights: Those of a `Recorder`.
        kept: What it keeps.
        voltage: Receives the voltages (rows, samples), unless it is None.
    """
    spikes, crossings, counts = kept
    counts[:] = 0
    x = np.zeros((ROWS, WIDTH), f32)
    v, ca = np.full(ROWS, f32(V_FIRST)), np.full(ROWS, f32(CA_REST))
    y = np.zeros((4, LANES), f32)  # opened by AB (glutamate), PD, LP and PY
    sodium, calcium, potassium, h, synapses, driven, share, part, opened, rate = np.zeros(
        (10, ROWS), f32
    )
    place, up = np.zeros(ROWS, i32), np.zeros(ROWS, i32)
    leak, noise = g[:, 7].copy(), np.zeros((2, ROWS), f32)
    ring, seen = np.zeros((len(weights), ROWS), f32), np.full((3, ROWS), f32(V_FIRST))
    half = len(weights) // 2
    quick = f32(1 / tau[0]), f32(1 / tau[1]), f32(1 / tau[4]), f32(1 / tau[6])
    for i in range(1, window[1]):
        if std > 0 and (i == 1 or i % 2 == 0):
            draw(noise, key, index, 3 * (i // 2))
        r = noise[i % 2]
        for w in range(LANES):
            lp = synaptic[4, w] * y[2, w]
            synapses[w], driven[w] = lp, lp * GLUTAMATE
            a, b = synaptic[0, w] * y[0, w] + synaptic[6, w] * y[3, w], synaptic[1, w] * y[1, w]
            synapses[LANES + w], driven[LANES + w] = a + b, a * GLUTAMATE + b * CHOLINERGIC
            a, b = synaptic[2, w] * y[0, w] + synaptic[5, w] * y[2, w], synaptic[3, w] * y[1, w]
            synapses[2 * LANES + w] = a + b
            driven[2 * LANES + w] = a * GLUTAMATE + b * CHOLINERGIC
        for n in range(ROWS):
            s, k = x[n], g[n]
            gates = (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10])
            sodium[n], calcium[n], potassium[n], h[n] = conductances_single(
                gates, (k[0], k[1], k[2], k[3], k[4], k[5], k[6])
            )
        for n in range(ROWS):
            q = (min(max(v[n], f32(LOW)), f32(HIGH)) - f32(LOW)) * f32(1 / GRID)
            place[n] = i32(q)
            part[n] = q - f32(place[n])
            v[n], ca[n], share[n] = membrane_single(
                v[n],
                ca[n],
                (sodium[n], calcium[n], potassium[n], h[n], leak[n], synapses[n], driven[n]),
                std * r[n],
                clock,
            )
        for n in range(ROWS):
            row, f, s = rows[place[n]], part[n], x[n]
            opened[n] = row[OPEN] + f * row[SLOPE + OPEN]
            rate[n] = row[RATE] + f * row[SLOPE + RATE]
            to = (row[KCA] + f * row[SLOPE + KCA]) * share[n]
            kca = s[KCA] + (to - s[KCA]) * (row[MOVED + KCA] + f * row[SLOPE + MOVED + KCA])
            for z in range(WIDTH):
                to = row[z] + f * row[SLOPE + z]
                s[z] += (to - s[z]) * (row[MOVED + z] + f * row[SLOPE + MOVED + z])
            s[KCA] = kca
        for w in range(LANES):
            o, p, q = opened[w], opened[LANES + w], opened[2 * LANES + w]
            y[0, w] += (o - y[0, w]) * min(rate[w] * quick[0], ONE)
            y[1, w] += (o - y[1, w]) * min(rate[w] * quick[1], ONE)
            y[2, w] += (p - y[2, w]) * min(rate[LANES + w] * quick[2], ONE)
            y[3, w] += (q - y[3, w]) * min(rate[2 * LANES + w] * quick[3], ONE)
        if voltage is not None:
            for n in range(ROWS):
                voltage[n, i] = v[n]
        now = i - window[0]
        if now >= 0:
            ring[now % len(ring)] = v
            middle = now - half
            if middle >= half:
                smooth(ring, weights, middle, seen[middle % 3])
                if middle >= half + 2:
                    older, old = seen[(middle - 2) % 3], seen[(middle - 1) % 3]
                    record(older, old, seen[middle % 3], up, middle, spikes, crossings, counts)
