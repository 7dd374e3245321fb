"""CUDA kernels of the circuit: one neuron per thread of an NVIDIA GPU, in single precision.

The three threads of a circuit make a step with the functions of the reference and exchange the
openings of their synapses in shared events. Exponentials are the GPU's own, so there is no table;
the noise has the key (seed, simulation, pair), as on the processor, so that circuits agree within
float32. No trace is stored: a thread keeps its bursts and crossings (``spike_state.py``). The
state of all threads is stored between two launches, so that a launch can advance some circuits
alone. Taught in ``book/geometry/pyloric-circuit.md``.
"""

from collections.abc import Callable
from math import exp, factorial

import numpy as np

from mechfit.models.numerics.gpu import compiler
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single
from mechfit.models.pyloric.equations import (
    E_CHOLINERGIC,
    E_GLUTAMATE,
    conductances,
    membrane_step,
    opening,
    steady_states,
    time_constants,
)
from mechfit.models.pyloric.lanes import compensated
from mechfit.models.pyloric.reference import KCA
from mechfit.models.pyloric.spike_state import RING, close, slide, smooth, update_spike_state
from mechfit.summaries.triphasic import write_rhythm

__all__ = ["CIRCUITS", "GATES", "THREADS", "make_kernels"]

CIRCUITS, THREADS = 10, 32
"""Circuits and threads of a block, which is a warp; two threads repeat the first circuit's."""
NORMALS = 6 * CIRCUITS
GATES = 11
f32, i32, u32 = np.float32, np.int32, np.uint32
GLUTAMATE_2, CHOLINERGIC_2 = E_GLUTAMATE**2, E_CHOLINERGIC**2
C2, C3, C4, C5, C6 = (1.0 / factorial(k) for k in range(2, 7))


def relaxed_share(x: f32) -> f32:
    """1 - exp(-x) by its series, to 2e-4 at x = 1 and 1e-7 at x = 1/4.

    Near 0 the GPU's fast exponential would lose it to rounding.
    """
    return x * (1.0 - x * (C2 - x * (C3 - x * (C4 - x * (C5 - x * C6)))))


def step_gate(x: f32, lost: f32, to: f32, tau: f32, scaled_dt: f32) -> tuple[f32, f32]:
    """Step a gate towards its steady state; return it and the rounding error."""
    return compensated(x, (to - x) * relaxed_share(scaled_dt / tau), lost)


def step_sodium_gate(x: f32, lost: f32, to: f32, tau: f32, scaled_dt: f32) -> tuple[f32, f32]:
    """Step a gate of sodium, whose time constant may be shorter than a step."""
    return compensated(x, (to - x) * (1.0 - exp(-scaled_dt / tau)), lost)


def step_gates(x: tuple, lost: tuple, v: f32, share: f32, scaled_dt: tuple) -> tuple[tuple, tuple]:
    """Step all gates (11,) of a neuron at v; return them and their rounding errors."""
    to, tau = steady_states(v), time_constants(v)
    a, a_lost = step_sodium_gate(x[0], lost[0], to[0], tau[0], scaled_dt[0])
    b, b_lost = step_gate(x[1], lost[1], to[1], tau[1], scaled_dt[1])
    c, c_lost = step_gate(x[2], lost[2], to[2], tau[2], scaled_dt[2])
    d, d_lost = step_gate(x[3], lost[3], to[3], tau[3], scaled_dt[3])
    e, e_lost = step_gate(x[KCA], lost[KCA], to[KCA] * share, tau[KCA], scaled_dt[KCA])
    f, f_lost = step_gate(x[5], lost[5], to[5], tau[5], scaled_dt[5])
    g, g_lost = step_gate(x[6], lost[6], to[6], tau[6], scaled_dt[6])
    h, h_lost = step_sodium_gate(x[7], lost[7], to[7], tau[7], scaled_dt[7])
    i, i_lost = step_gate(x[8], lost[8], to[8], tau[8], scaled_dt[8])
    j, j_lost = step_gate(x[9], lost[9], to[9], tau[9], scaled_dt[9])
    k, k_lost = step_gate(x[10], lost[10], to[10], tau[10], scaled_dt[10])
    lost = a_lost, b_lost, c_lost, d_lost, e_lost, f_lost, g_lost, h_lost, i_lost, j_lost, k_lost
    return (a, b, c, d, e, f, g, h, i, j, k), lost


def neuron_step(
    state: tuple,
    g: tuple,
    glutamate: f32,
    cholinergic: f32,
    drive: f32,
    clock: tuple,
    scaled_dt: tuple,
) -> tuple:
    """One step of a neuron: V, [Ca], gates, and their rounding errors.

    Args:
        state: V (mV), [Ca] (µM), their rounding errors, gates (11,), their rounding errors.
        g: Maximal conductances (8,) in mS.
        glutamate: Conductance of its glutamatergic synapses (mS).
        cholinergic: That of its cholinergic ones.
        drive: Noise current (µA).
        clock: dt (ms), temperature (K), 1 - exp(-dt / tau_Ca).
        scaled_dt: dt (ms) times how much faster each gate is than at 283 K (11,).
    """
    v, ca, v_lost, ca_lost, x, lost = state
    sodium, calcium, potassium, h = conductances(x, g)
    total = glutamate + cholinergic
    driven = glutamate * E_GLUTAMATE + cholinergic * E_CHOLINERGIC
    squares = glutamate * GLUTAMATE_2 + cholinergic * CHOLINERGIC_2
    now = (sodium, calcium, potassium, h, g[7], total, driven, squares)
    dv, dca, share, _ = membrane_step(v, ca, now, drive, clock)
    x, lost = step_gates(x, lost, v, share, scaled_dt)
    v, v_lost = compensated(v, dv, v_lost)
    ca, ca_lost = compensated(ca, dca, ca_lost)
    return v, ca, v_lost, ca_lost, x, lost


def open_synapse(s: f32, o: f32, rate: f32) -> f32:
    """Step a synapse (Euler) towards o; rate is dt over its closing time constant."""
    return s + (o - s) * min(rate / (1.0 - o), 1.0)


def make_kernels() -> tuple[Callable, Callable]:
    """Declare the kernels; they are compiled at their first launch."""
    global cuda  # where numba's simulator of a GPU looks for it
    cuda = compiler()
    device = cuda.jit(device=True, fastmath=True)
    step, opened_by, transmit = (single(f, device) for f in (neuron_step, opening, open_synapse))
    normals, sliding, smoothing = (single(f, device) for f in (normal_pair, slide, smooth))
    updated, closed = single(update_spike_state, device), single(close, device)
    write = single(write_rhythm.py_func, cuda.jit(device=True))

    @cuda.jit(fastmath=True)
    def run(g, scaled_dt, closing, clock, std, key, first, rows, span, limits, floats, ints, ring,
            found, changes):  # fmt: skip
        """Advance the circuits `rows` from sample span[0] to span[1]; look from span[2] on."""
        released = cuda.shared.array((2, 2, THREADS), f32)
        drawn = cuda.shared.array((2, NORMALS), f32)
        samples = cuda.shared.array((RING, THREADS), i32)
        line = cuda.threadIdx.x
        circuit, j = line // 3 % CIRCUITS, line % 3
        place = cuda.blockIdx.x * CIRCUITS + circuit
        row = rows[min(place, len(rows) - 1)]
        column = 3 * row + j
        mine = line < 3 * CIRCUITS and place < len(rows)
        left = 3 * circuit + (0 if j else 1)
        right = 3 * circuit + (1 if j == 2 else 2)
        number = u32(first + row)
        k = (g[0, column], g[1, column], g[2, column], g[3, column], g[4, column], g[5, column],
             g[6, column], g[7, column])  # fmt: skip
        from_left, from_right, from_ab = g[8, column], g[9, column], g[10, column]
        glutamate_rate, cholinergic_rate = closing[j], closing[3]
        f = floats[:, column]
        gates = f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13], f[14], f[15], f[16]
        lost = f[17], f[18], f[19], f[20], f[21], f[22], f[23], f[24], f[25], f[26], f[27]
        state = f[0], f[1], f[2], f[3], gates, lost
        glutamate, acetylcholine = f[4], f[5]
        n = ints[:, column]
        sums, events = (n[0], n[1], n[2]), (n[3], n[4], n[5], n[6], n[7], n[8], n[9])
        for s in range(RING):
            samples[s, line] = ring[s, column]
        noise, next_noise = f32(0), f32(0)
        half, scale = limits[0], f32(limits[1])
        for i in range(span[0], span[1]):
            released[i & 1, 0, line], released[i & 1, 1, line] = glutamate, acetylcholine
            turn = i >> 1 & 1
            fresh = std > f32(0) and (i & 1 == 0 or i == span[0])
            if fresh:
                one, other = normals(key[0], key[1], number, u32(3 * (i >> 1) + j))
                drawn[turn, 6 * circuit + 2 * j] = one
                drawn[turn, 6 * circuit + 2 * j + 1] = other
            cuda.syncthreads()
            if fresh:
                noise = drawn[turn, 6 * circuit + 3 * (i & 1) + j]
                next_noise = drawn[turn, 6 * circuit + 3 + j]
            arrived = from_left * released[i & 1, 0, left] + from_right * released[i & 1, 0, right]
            from_first = from_ab * released[i & 1, 1, 3 * circuit]
            o = opened_by(state[0])
            state = step(state, k, arrived, from_first, std * noise, clock, scaled_dt)
            glutamate = transmit(glutamate, o, glutamate_rate)
            acetylcholine = transmit(acetylcholine, o, cholinergic_rate)
            noise = next_noise
            now = i - span[2]
            if now >= 0:
                new = i32(state[0] * scale)
                old = samples[(now - 2 * half - 1) & (RING - 1), line]
                samples[now & (RING - 1), line] = new
                sums = sliding(sums, new, old, half)
                seen = smoothing(sums, limits[2])
                if now < 2 * half + 2:  # the window is not full yet
                    events = (seen, events[0]) + events[2:]
                else:
                    events = updated(
                        events, i32(now - half), seen, limits, found[column], changes[column]
                    )
        if mine:
            f[0], f[1], f[2], f[3] = state[0], state[1], state[2], state[3]
            f[4], f[5] = glutamate, acetylcholine
            for s in range(GATES):
                f[6 + s], f[6 + GATES + s] = state[4][s], state[5][s]
            for s in range(3):
                n[s] = sums[s]
            for s in range(7):
                n[3 + s] = events[s]
            for s in range(RING):
                ring[s, column] = samples[s, line]

    @cuda.jit
    def finish(rows, limits, ints, found, changes, dt, x):
        """Write the statistics of the circuits `rows`."""
        place = cuda.grid(1)
        if place < len(rows):
            row = rows[place]
            counts, ends = cuda.local.array((2, 3), i32), cuda.local.array(3, i32)
            for j in range(3):
                column = 3 * row + j
                n = ints[:, column]
                counts[0, j] = closed(n[5], n[6], n[7], limits[6], found[column])
                counts[1, j], ends[j] = n[9], n[6]
            columns = slice(3 * row, 3 * row + 3)
            write(found[columns], changes[columns], counts, ends, dt, x[row])

    return run, finish
