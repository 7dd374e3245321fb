r"""The loop over steps that all networks share.

Step k takes the network from time k dt to (k + 1) dt:

1. *update*: the voltages by their step, and all conductances decay;
2. *deliver*: what arrives in step k is added, at delta synapses to V, at others to g;
3. *threshold*: a neuron with V >= threshold spikes, at the end of the step, (k + 1) dt;
4. *reset*: it stays at the reset voltage for R steps, and loses what delta synapses bring;
5. *send*: its spike arrives d >= 1 steps later, in step k + d.

This is the order of NEST. Nothing is kept per refractory neuron: those that spiked in the last R
steps are set back to the reset voltage before the threshold. Neurons are updated in blocks of
`BLOCK`, whose V, g_e and g_i lie side by side. Spikes wait for the shortest delay in their list,
and for the rest of theirs in a ring of arrivals, a single row where all have the same; then
arrivals are counted in 16 bits, see `counting`. A step costs a few operations per neuron, and one
addition per arrival or less.
"""

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.networks.counting import DIGITS, count_rows
from mechfit.models.networks.input import draw
from mechfit.models.networks.neurons import conductance_step, current_step, delta_step
from mechfit.models.numerics.single import single

__all__ = ["BLOCK", "PADDED", "run_double", "run_single"]

BLOCK = 128
PADDED = 2 * BLOCK
"""A multiple of this are the places of neurons; those in excess never spike."""
u64 = np.uint64
G_E, G_I, SIZE, WIDE, FEW = map(u64, (BLOCK, 2 * BLOCK, 3 * BLOCK, BLOCK, 8))
"""Places in a block; unsigned, as a compiler has to allow for negative places otherwise."""
conductance_single = single(conductance_step)


@register_jitable
def conductance_fast(v, g_e, g_i, drive, c):
    """The step in single precision, as a function that can be handed on."""
    return conductance_single(v, g_e, g_i, drive, c)


@register_jitable
def deliver(arrivals, k, spikes, excitatory, digits, pointers, targets, weights, later, rows):
    """Add the spikes that leave for their targets now to the ring of arrivals (2, slots, n)."""
    first_inhibitory = np.searchsorted(spikes, excitatory)
    for kind in range(2):
        some = spikes[:first_inhibitory] if kind == 0 else spikes[first_inhibitory:]
        ring = arrivals[kind]
        if weights is None and rows.size:
            count_rows(ring[0], some, rows, digits)
        elif weights is None:
            for source in some:
                for target in targets[pointers[source] : pointers[source + 1]]:
                    ring[0, target] += 1
        else:
            for source in some:
                for j in range(pointers[source], pointers[source + 1]):
                    ring[(k + later[j]) % ring.shape[0], targets[j]] += weights[j]


@register_jitable
def places(b):
    """Where a block begins in the state, and where it does elsewhere."""
    return u64(b) * SIZE, u64(b) * WIDE


@register_jitable
def reached(s, size, state, threshold):
    """Whether a voltage, from place s on, is at the threshold or above."""
    above = False
    for j in range(size):
        above |= state[s + j] >= threshold
    return above


@register_jitable
def spikes_of(b, state, threshold, reset, ids, found):
    """Reset who has reached the threshold in a block, and append them to the list."""
    s, o = places(b)
    for q in range(u64(0), WIDE, FEW):
        if reached(s + q, FEW, state, threshold):
            for j in range(q, q + FEW):
                if state[s + j] >= threshold:
                    state[s + j] = reset
                    ids[found] = o + j
                    found += 1
    return found


@register_jitable
def advance_delta(state, drive, arrivals, c, weights, threshold, above):
    """Update all neurons and add what arrives; tell which blocks reach the threshold."""
    w_e, w_i, tiny = weights
    for b in range(above.size):
        s, o = places(b)
        for j in range(WIDE):
            jump = w_e * arrivals[0][o + j] + (w_i * arrivals[1][o + j] + tiny)
            state[s + j] = delta_step(state[s + j], drive[o + j], c) + jump
        above[b] = reached(s, WIDE, state, threshold)


@register_jitable
def advance(step, state, drive, arrivals, c, weights, threshold, above):
    """The same with synapses that decay."""
    w_e, w_i, tiny = weights
    for b in range(above.size):
        s, o = places(b)
        hit = False
        for j in range(WIDE):
            g_e, g_i = state[s + G_E + j], state[s + G_I + j]
            v = step(state[s + j], g_e, g_i, drive[o + j], c)
            state[s + j] = v
            hit |= v >= threshold
            state[s + G_E + j] = g_e * c[1] + (w_e * arrivals[0][o + j] + tiny)
            state[s + G_I + j] = g_i * c[2] + (w_i * arrivals[1][o + j] + tiny)
        above[b] = hit


def run(kind, state, drive, c, rule, weights, wiring, wait, table, key, starts, ids):
    """Simulate a network; the spikes of step k are ``ids[starts[k]:starts[k + 1]]``.

    Args:
        kind: `KIND` of the neurons.
        state: V, g_e and g_i at first, overwritten; block after block, 3 `BLOCK` numbers each.
        drive: Voltage to which each neuron would go without synapses.
        c: Constants of the neurons.
        rule: Threshold, reset, number R of refractory steps, number of excitatory neurons.
        weights: Weights of excitatory and inhibitory spikes, and a tiny number that is added to
            what decays, as the processor is slow with numbers that are almost 0.
        wiring: Pointers, targets, weights and remaining delays of synapses, or None for both,
            rows of bits or an empty array.
        wait: Shortest delay in steps, and the arrivals (2, slots, neurons), all 0.
        table: Probabilities of the Poisson input, which comes as excitatory spikes.
        key: Key of that input.
        starts: Where the spikes of each step begin (steps + 1,), to be filled.
        ids: Who spikes, to be filled.
    """
    threshold, reset, refractory, excitatory = rule
    delay, arrivals = wait
    above, noise = np.empty(drive.size // BLOCK, np.bool_), np.empty(PADDED, np.int16)
    digits = np.empty(DIGITS, u64)
    found = 0
    for k in range(starts.size - 1):
        starts[k] = found
        if k >= delay and starts[k - delay] < starts[k - delay + 1]:
            leaving = ids[starts[k - delay] : starts[k - delay + 1]]
            deliver(arrivals, k, leaving, excitatory, digits, *wiring)
        now = arrivals[0, k % arrivals.shape[1]], arrivals[1, k % arrivals.shape[1]]
        if table.size:
            draw(now[0], noise, k, table, key)
        how = state, drive, now, c, weights, threshold, above
        if kind == 0:
            advance_delta(*how)
        elif kind == 1:
            advance(current_step, *how)
        elif state.itemsize == 4:
            advance(conductance_fast, *how)
        else:
            advance(conductance_step, *how)
        now[0][:] = 0
        now[1][:] = 0
        for source in ids[starts[max(k - refractory, 0)] : found]:
            state[u64(source) // WIDE * SIZE + u64(source) % WIDE] = reset
        for b in range(above.size):
            if above[b]:
                found = spikes_of(b, state, threshold, reset, ids, found)
    starts[-1] = found


run_single, run_double = compiled_fast(run), compiled(run)
