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
from numba.extending import register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.noise import normal_pair
from mechfit.models.pyloric_recorder import LANES, ROWS, pass_on, take
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
from mechfit.models.transpose import WIDTH, transpose

__all__ = ["run_lanes", "table"]

LOW, HIGH, GRID = -130.0, 110.0, 0.025
OPEN = 12
"""Column of the steady state of a synapse after the neuron."""
f32, i32, u32 = np.float32, np.int32, np.uint32
conductances_single, membrane_single = single(conductances), single(membrane_step)
noise_single = single(normal_pair)
ONLY_KCA = np.array([float(z == KCA) for z in range(WIDTH)], f32)
OTHERS = 1 - ONLY_KCA
GLUTAMATE, CHOLINERGIC = f32(E_GLUTAMATE), f32(E_CHOLINERGIC)
GLUTAMATE_2, CHOLINERGIC_2, ONE = f32(E_GLUTAMATE**2), f32(E_CHOLINERGIC**2), f32(1)


def table(dt: float, faster: np.ndarray) -> np.ndarray:
    """Rows (v, 32): steady states, and 1 - exp(-dt faster / tau); a line between two rows.

    Values are moved by a twelfth of their second difference, so that the error of the line has no
    mean over a row.
    """
    values = np.zeros((int((HIGH - LOW) / GRID) + 4, 2 * WIDTH))
    fill(values, dt, faster)
    return (values[1:-1] - np.diff(values, 2, axis=0) / 12).astype(f32)


@compiled
def fill(values, dt, faster):
    """Write the steady states and movements at every voltage of the grid."""
    for k in range(len(values)):
        v = LOW + (k - 1) * GRID
        steady, tau = steady_states(v), time_constants(v)
        for x in range(11):
            values[k, x] = steady[x]
            values[k, WIDTH + x] = -np.expm1(-dt * faster[x] / tau[x])
        values[k, OPEN], values[k, WIDTH + OPEN] = opening(v), 1.0


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
def arrive(g, y, into):
    """Write what arrives over the synapses: the sums (3, rows) of g, of g E and of g E²."""
    for w in range(LANES):
        glutamate, cholinergic = g[4, w] * y[2, w], f32(0)
        put(into, w, glutamate, cholinergic)
        glutamate, cholinergic = g[0, w] * y[0, w] + g[6, w] * y[3, w], g[1, w] * y[1, w]
        put(into, LANES + w, glutamate, cholinergic)
        glutamate, cholinergic = g[2, w] * y[0, w] + g[5, w] * y[2, w], g[3, w] * y[1, w]
        put(into, 2 * LANES + w, glutamate, cholinergic)


@register_jitable
def put(into, n, a, b):
    """Write the sums of a neuron from its conductances of glutamate and cholinergic synapses."""
    into[0, n] = a + b
    into[1, n] = a * GLUTAMATE + b * CHOLINERGIC
    into[2, n] = a * GLUTAMATE_2 + b * CHOLINERGIC_2


@register_jitable
def compensated(value, change, lost):
    """Sum, and what its rounding took from the change and from what was lost before."""
    change -= lost
    now = value + change
    return now, (now - value) - change


@compiled_fast
def relax(rows, place, part, share, x, lost):
    """Move the gates x (rows, 16); what rounding takes from a step is `lost` and comes later."""
    for n in range(ROWS):
        row, above, f, s, e = rows[place[n]], rows[place[n] + u32(1)], part[n], x[n], lost[n]
        for z in range(WIDTH):
            to = (row[z] + f * (above[z] - row[z])) * (OTHERS[z] + ONLY_KCA[z] * share[n])
            moved = row[WIDTH + z] + f * (above[WIDTH + z] - row[WIDTH + z])
            s[z], e[z] = compensated(s[z], (to - s[z]) * moved, e[z])


@compiled_fast
def transmit(opened, dt, quick, y):
    """Move the synapses y (4, lanes) opened by AB with glutamate, by PD, LP and PY."""
    for w in range(LANES):
        o, p, q = opened[w], opened[LANES + w], opened[2 * LANES + w]
        slow = dt / (ONE - o)
        y[0, w] += (o - y[0, w]) * min(slow * quick[0], ONE)
        y[1, w] += (o - y[1, w]) * min(slow * quick[1], ONE)
        y[2, w] += (p - y[2, w]) * min(dt / (ONE - p) * quick[2], ONE)
        y[3, w] += (q - y[3, w]) * min(dt / (ONE - q) * quick[3], ONE)


@compiled_fast
def run_lanes(rows, g, synaptic, tau, clock, std, key, index, window, weights, kept, voltage=None):
    """Simulate `LANES` circuits.

    Args:
        rows: Table of the gates, see `table`.
        g: Conductances (8, rows) in mS, the lanes of AB/PD first, then LP, then PY.
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
    x, lost = np.zeros((ROWS, WIDTH), f32), np.zeros((ROWS, WIDTH), f32)
    gates = np.zeros((WIDTH, ROWS), f32)
    v, ca = np.full(ROWS, f32(V_FIRST)), np.full(ROWS, f32(CA_REST))
    v_lost, ca_lost = np.zeros(ROWS, f32), np.zeros(ROWS, f32)
    share, part, power = np.zeros(ROWS, f32), np.zeros(ROWS, f32), np.zeros(ROWS, f32)
    y, into, noise = np.zeros((4, LANES), f32), np.zeros((3, ROWS), f32), np.zeros((2, ROWS), f32)
    place = np.zeros(ROWS, u32)
    size = 1
    while size <= len(weights):
        size *= 2
    memory = np.zeros((size, ROWS), f32), np.full((3, ROWS), f32(V_FIRST)), np.zeros(ROWS, i32)
    quick = f32(1 / tau[0]), f32(1 / tau[1]), f32(1 / tau[4]), f32(1 / tau[6])
    for i in range(1, window[1]):
        if std > 0 and (i == 1 or i % 2 == 0):
            draw(noise, key, index, 3 * (i // 2))
        arrive(synaptic, y, into)
        for n in range(ROWS):
            q = (min(max(v[n], f32(LOW)), f32(HIGH)) - f32(LOW)) * f32(1 / GRID)
            place[n] = u32(q)
            part[n] = q - f32(place[n])
            m = (
                *(gates[0, n], gates[1, n], gates[2, n], gates[3, n], gates[4, n], gates[5, n]),
                *(gates[6, n], gates[7, n], gates[8, n], gates[9, n], gates[10, n]),
            )
            k = (g[0, n], g[1, n], g[2, n], g[3, n], g[4, n], g[5, n], g[6, n])
            sodium, calcium, potassium, h = conductances_single(m, k)
            dv, dca, share[n], power[n] = membrane_single(
                v[n],
                ca[n],
                (sodium, calcium, potassium, h, g[7, n], into[0, n], into[1, n], into[2, n]),
                std * noise[i % 2, n],
                clock,
            )
            v[n], v_lost[n] = compensated(v[n], dv, v_lost[n])
            ca[n], ca_lost[n] = compensated(ca[n], dca, ca_lost[n])
        relax(rows, place, part, share, x, lost)
        for first in range(0, ROWS, WIDTH):
            transpose(x, first, gates)
        transmit(gates[OPEN], clock[0], quick, y)
        if voltage is not None:
            for n in range(ROWS):
                voltage[n, i] = v[n]
        if i >= window[0]:
            take(i - window[0], v, power, weights, memory, kept)
    pass_on(window[1] - window[0] - 1, kept)
