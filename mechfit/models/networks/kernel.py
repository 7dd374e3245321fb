r"""The loop over steps that all networks share.

Step k takes the network from time k dt to (k + 1) dt:

1. *update*: the voltages by their step, and all conductances decay;
2. *deliver*: what arrives in step k is added, at delta synapses to V, at others to g;
3. *threshold*: a neuron with V >= threshold spikes, at the end of the step, (k + 1) dt;
4. *reset*: it stays at the reset voltage for R steps, and loses what delta synapses bring;
5. *send*: its spike arrives d >= 1 steps later, in step k + d.

This is the order of NEST. Nothing is kept per refractory neuron: those that spiked in the last R
steps are set back to the reset voltage before the threshold. Where all synapses of a kind are
alike, arrivals are counted in 16 bits and weighted once per neuron and step. Spikes wait for the
shortest delay in their list, and for the rest of theirs in a ring of arrivals, a single row where
all have the same. A step costs a few operations per neuron, and one addition per arrival.
"""

import numpy as np
from numba.extending import register_jitable
from scipy.special import pdtr

from mechfit.compile import compiled, compiled_fast
from mechfit.models.networks.neurons import conductance_step, current_step, delta_step
from mechfit.models.numerics.noise import threefry
from mechfit.models.numerics.single import inlined, single

__all__ = ["poisson_table", "run_double", "run_single"]

i32, u32 = np.int32, np.uint32
BLOCK = 64
WIDTH = 8
PAIRS = 512
delta, current, conductance = map(inlined, (delta_step, current_step, conductance_step))
conductance_single = single(conductance_step)


def poisson_table(mean: float) -> np.ndarray:
    """Thresholds (m,): a random int32 exceeds as many of them as a Poisson number of this mean.

    The probabilities of the numbers are right to 2^-32; m is a multiple of 8, or 0 for mean 0.
    """
    most = int(mean + 8 * mean**0.5 + 16) if mean > 0 else 0
    cdf = pdtr(np.arange(most), mean)
    m = np.searchsorted(cdf, 1 - 2.0**-33)
    cdf = cdf[: m + -m % WIDTH]
    return (np.rint(cdf * 2**32) - 1 - 2**31).clip(-(2**31), 2**31 - 1).astype(i32)


@register_jitable
def draw(arrivals, key, step, table, words):
    """Add Poisson numbers with the key (seed, network, step, neuron) to the arrivals (n,)."""
    n = arrivals.size
    half = (n + 1) // 2
    for start in range(0, half, PAIRS):
        size = min(PAIRS, half - start)
        for p in range(size):
            a, b = threefry(key[0], key[1], u32(step), u32(start + p))
            words[0, p], words[1, p] = i32(a), i32(b)
        for side in range(2):
            begin = start + side * half
            count(arrivals[begin : min(begin + size, n)], words[side], table)


@register_jitable
def count(arrivals, words, table):
    """Add how many thresholds each word exceeds."""
    for j in range(0, table.size, WIDTH):
        a, b, c, d = table[j], table[j + 1], table[j + 2], table[j + 3]
        e, f, g, h = table[j + 4], table[j + 5], table[j + 6], table[j + 7]
        for i in range(arrivals.size):
            w = words[i]
            low = i32(w > a) + i32(w > b) + i32(w > c) + i32(w > d)
            arrivals[i] += low + i32(w > e) + i32(w > f) + i32(w > g) + i32(w > h)


@register_jitable
def deliver(arrivals, k, spikes, excitatory, pointers, targets, weights, later):
    """Add the spikes that leave for their targets now to the ring of arrivals (2, slots, n)."""
    slots = arrivals.shape[1]
    for source in spikes:
        of_kind = arrivals[0 if source < excitatory else 1]
        begin, end = pointers[source], pointers[source + 1]
        if weights is None:
            row = of_kind[0]
            for target in targets[begin:end]:
                row[target] += 1
        else:
            for j in range(begin, end):
                of_kind[(k + later[j]) % slots, targets[j]] += weights[j]


@register_jitable
def receive(g, decay, weight, arrivals):
    """Let conductances (n,) decay, and add what arrives."""
    for i in range(g.size):
        g[i] = g[i] * decay + weight * arrivals[i]


@register_jitable
def update(kind, v, g_e, g_i, drive, c):
    """Advance all voltages (n,) by a step, without delta synapses."""
    if kind == 0:
        for i in range(v.size):
            v[i] = delta(v[i], drive[i], c)
    elif kind == 1:
        for i in range(v.size):
            v[i] = current(v[i], g_e[i], g_i[i], drive[i], c)
    elif v.itemsize == 4:
        for i in range(v.size):
            v[i] = conductance_single(v[i], g_e[i], g_i[i], drive[i], c)
    else:
        for i in range(v.size):
            v[i] = conductance(v[i], g_e[i], g_i[i], drive[i], c)


@register_jitable
def spikes_of(v, threshold, reset, ids, found):
    """Find who has reached the threshold, reset them, and append them to the list."""
    for start in range(0, v.size, BLOCK):
        some = v[start : start + BLOCK]
        above = 0
        for i in range(some.size):
            above += some[i] >= threshold
        if above:
            for i in range(some.size):
                if some[i] >= threshold:
                    some[i] = reset
                    ids[found] = start + i
                    found += 1
    return found


def run(kind, state, drive, c, rule, weights, wiring, wait, table, key, starts, ids):
    """Simulate a network; the spikes of step k are ``ids[starts[k]:starts[k + 1]]``.

    Args:
        kind: `KIND` of the neurons.
        state: V, g_e and g_i (n,) at first, overwritten; for delta synapses V three times.
        drive: Voltage (n,) to which each neuron would go without synapses.
        c: Constants of the neurons.
        rule: Threshold, reset, number R of refractory steps, number of excitatory neurons.
        weights: Weights of excitatory and inhibitory spikes.
        wiring: Pointers, targets, weights and remaining delays of synapses, or None for both.
        wait: Shortest delay in steps, and the arrivals (2, slots, n), all 0.
        table: Thresholds of the Poisson input, which comes as excitatory spikes.
        key: Key of that input.
        starts: Where the spikes of each step begin (steps + 1,), to be filled.
        ids: Who spikes, to be filled.
    """
    v, g_e, g_i = state
    threshold, reset, refractory, excitatory = rule
    delay, arrivals = wait
    words = np.empty((2, PAIRS), i32)
    found = 0
    for k in range(starts.size - 1):
        starts[k] = found
        update(kind, v, g_e, g_i, drive, c)
        if k >= delay:
            leaving = ids[starts[k - delay] : starts[k - delay + 1]]
            deliver(arrivals, k, leaving, excitatory, *wiring)
        slot = k % arrivals.shape[1]
        from_e, from_i = arrivals[0, slot], arrivals[1, slot]
        if table.size:
            draw(from_e, key, k, table, words)
        receive(g_e, c[1], weights[0], from_e)
        receive(g_i, c[2], weights[1], from_i)
        from_e[:] = 0
        from_i[:] = 0
        for source in ids[starts[max(k - refractory, 0)] : found]:
            v[source] = reset
        found = spikes_of(v, threshold, reset, ids, found)
    starts[-1] = found


run_single, run_double = compiled_fast(run), compiled(run)
