"""Circuits side by side in single precision: `WIDTH` of them, with their events found on the way.

Steady states of the gates and how far they move in a step depend on V alone; they are read from a
table by linear interpolation (``registers.py``). What needs logarithms, exponentials and divisions
is the function of the reference, inlined into a loop over all neurons of all circuits, which the
compiler turns into vector instructions. Voltage and calcium are summed with compensation (Kahan):
in a slow phase a step is so small that rounding would lose it. Every `BIN` samples the voltages go
to a recorder (``recorder.py``); no trace is kept. Taught in ``book/geometry/pyloric-circuit.md``.
"""

from functools import lru_cache

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single
from mechfit.models.pyloric.equations import (
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
from mechfit.models.pyloric.recorder import BIN, ROWS, record_bin
from mechfit.models.pyloric.reference import KCA
from mechfit.models.pyloric.registers import WIDTH, step_gates

__all__ = ["run_lanes", "table"]

LOW, HIGH, GRID = -130.0, 110.0, 0.025
OPEN = 12
"""Column of the steady state of a synapse after the neuron."""
f32, i32, u32 = np.float32, np.int32, np.uint32
conductances_single, membrane_single = single(conductances), single(membrane_step)
noise_single = single(normal_pair)
ONLY_KCA = np.array([float(z == KCA) for z in range(WIDTH)], f32)
GLUTAMATE, CHOLINERGIC = f32(E_GLUTAMATE), f32(E_CHOLINERGIC)
GLUTAMATE_2, CHOLINERGIC_2, ONE = f32(E_GLUTAMATE**2), f32(E_CHOLINERGIC**2), f32(1)


@lru_cache(maxsize=8)
def table(dt: float, faster: tuple[float, ...]) -> np.ndarray:
    """Tabulate steady states and 1 - exp(-dt faster / tau) over the voltage, rows (v, 32).

    Values are shifted by a twelfth of their second difference, so that the error of linear
    interpolation has no mean over a row.
    """
    values = np.zeros((int((HIGH - LOW) / GRID) + 4, 2 * WIDTH))
    fill(values, dt, np.array(faster))
    return (values[1:-1] - np.diff(values, 2, axis=0) / 12).astype(f32)


@compiled
def fill(values, dt, faster):
    """Write the steady states and fractions per step at every voltage of the grid."""
    for k in range(len(values)):
        v = LOW + (k - 1) * GRID
        steady, tau = steady_states(v), time_constants(v)
        for x in range(11):
            values[k, x] = steady[x]
            values[k, WIDTH + x] = -np.expm1(-dt * faster[x] / tau[x])
        values[k, OPEN], values[k, WIDTH + OPEN] = opening(v), 1.0


@compiled_fast
def draw(start, stop, key, index, noise):
    """Write normals of the samples from start, an even one; normal 3 i + j is neuron j's at i."""
    for i in range(start, stop, 2):
        for p in range(3):
            a, b = 2 * p, 2 * p + 1
            first, second = i - start + a // 3, i - start + b // 3
            for w in range(WIDTH):
                one, other = noise_single(key[0], key[1], index[w], u32(3 * (i // 2) + p))
                noise[first, a % 3 * WIDTH + w], noise[second, b % 3 * WIDTH + w] = one, other


@compiled_fast
def synaptic_sums(g, y, into):
    """Write the sums (3, rows) over the synapses onto each neuron of g, of g E and of g E²."""
    for w in range(WIDTH):
        glutamate, cholinergic = g[4, w] * y[2, w], f32(0)
        write_sums(into, w, glutamate, cholinergic)
        glutamate, cholinergic = g[0, w] * y[0, w] + g[6, w] * y[3, w], g[1, w] * y[1, w]
        write_sums(into, WIDTH + w, glutamate, cholinergic)
        glutamate, cholinergic = g[2, w] * y[0, w] + g[5, w] * y[2, w], g[3, w] * y[1, w]
        write_sums(into, 2 * WIDTH + w, glutamate, cholinergic)


@register_jitable
def write_sums(into, n, a, b):
    """Write those of neuron n from its glutamatergic and cholinergic conductances."""
    into[0, n] = a + b
    into[1, n] = a * GLUTAMATE + b * CHOLINERGIC
    into[2, n] = a * GLUTAMATE_2 + b * CHOLINERGIC_2


@register_jitable
def compensated(value, change, lost):
    """Kahan summation: the sum, and the rounding error to subtract from the next change."""
    change -= lost
    now = value + change
    return now, (now - value) - change


@compiled_fast
def transmit(gates, dt, rates, y):
    """Step the synapses y (4, WIDTH): glutamatergic ones of AB, cholinergic ones of PD, LP, PY."""
    for w in range(WIDTH):
        o, p, q = gates[OPEN, w], gates[OPEN, WIDTH + w], gates[OPEN, 2 * WIDTH + w]
        slow = dt / (ONE - o)
        y[0, w] += (o - y[0, w]) * min(slow * rates[0], ONE)
        y[1, w] += (o - y[1, w]) * min(slow * rates[1], ONE)
        y[2, w] += (p - y[2, w]) * min(dt / (ONE - p) * rates[2], ONE)
        y[3, w] += (q - y[3, w]) * min(dt / (ONE - q) * rates[3], ONE)


@compiled_fast
def run_lanes(rows, g, synaptic, tau, clock, std, key, index, window, weights, kept):
    """Simulate `WIDTH` circuits.

    Args:
        rows: Table of the gates, see `table`.
        g: Conductances (8, rows) in mS, the lanes of AB/PD first, then LP, then PY.
        synaptic: Conductances (7, WIDTH) in mS.
        tau: Closing time constants (7,) in ms.
        clock: dt (ms), temperature (K), 1 - exp(-dt / tau_Ca).
        std: Standard deviation of the noise (µA).
        key: Two words of the seed.
        index: Numbers of the simulations (WIDTH,).
        window: First sample of the statistics, and number of samples.
        weights: Those of a `Recorder`.
        kept: What it keeps.
    """
    v, ca = np.full(ROWS, f32(V_FIRST)), np.full(ROWS, f32(CA_REST))
    v_lost, ca_lost = np.zeros(ROWS, f32), np.zeros(ROWS, f32)
    x, x_lost = np.zeros((ROWS, WIDTH), f32), np.zeros((ROWS, WIDTH), f32)
    gates, y, into = (
        np.zeros((WIDTH, ROWS), f32),
        np.zeros((4, WIDTH), f32),
        np.zeros((3, ROWS), f32),
    )
    place, part, share = np.zeros(ROWS, i32), np.zeros(ROWS, f32), np.zeros(ROWS, f32)
    noise, power = np.zeros((BIN + 2, ROWS), f32), np.zeros((BIN, ROWS), f32)
    volts, seen = np.zeros((BIN + len(weights), ROWS), f32), np.zeros((BIN + 2, ROWS), f32)
    drive, spent = np.zeros(ROWS, f32), np.zeros(ROWS, f32)
    up, sums = np.zeros(ROWS, i32), np.zeros((5, ROWS), f32)
    rates = f32(1 / tau[0]), f32(1 / tau[1]), f32(1 / tau[4]), f32(1 / tau[6])
    start, have = 1, 0
    while start < window[1]:
        stop = min(start + BIN, window[1] if start >= window[0] else window[0])
        if std > 0:
            draw(start - start % 2, stop, key, index, noise)
        for t in range(stop - start):
            synaptic_sums(synaptic, y, into)
            for r in range(ROWS):
                drive[r] = std * noise[start % 2 + t, r]
            for r in range(ROWS):
                q = (min(max(v[r], f32(LOW)), f32(HIGH)) - f32(LOW)) * f32(1 / GRID)
                place[r] = i32(q)
                part[r] = q - f32(place[r])
                m = (
                    *(gates[0, r], gates[1, r], gates[2, r], gates[3, r], gates[4, r]),
                    *(gates[5, r], gates[6, r], gates[7, r], gates[8, r], gates[9, r]),
                    gates[10, r],
                )
                k = (g[0, r], g[1, r], g[2, r], g[3, r], g[4, r], g[5, r], g[6, r])
                sodium, calcium, potassium, h = conductances_single(m, k)
                dv, dca, share[r], spent[r] = membrane_single(
                    v[r],
                    ca[r],
                    (sodium, calcium, potassium, h, g[7, r], into[0, r], into[1, r], into[2, r]),
                    drive[r],
                    clock,
                )
                v[r], v_lost[r] = compensated(v[r], dv, v_lost[r])
                ca[r], ca_lost[r] = compensated(ca[r], dca, ca_lost[r])
            for r in range(ROWS):
                volts[have + t, r], power[t, r] = v[r], spent[r]
            for first in range(0, ROWS, WIDTH):
                step_gates(rows, place, part, ONLY_KCA, share, first, x, x_lost, gates)
            transmit(gates, clock[0], rates, y)
        if start >= window[0]:
            now, n = start - window[0], stop - start
            have = record_bin(now, n, have, volts, power, weights, seen, up, sums, kept)
        start = stop
