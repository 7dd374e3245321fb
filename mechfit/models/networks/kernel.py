r"""The loop over steps that all networks share.

Step k takes the network from time k dt to (k + 1) dt:

1. *update*: the voltages by their step, and all conductances decay;
2. *deliver*: what arrives in step k is added, at delta synapses to V, at others to g;
3. *threshold*: a neuron with V >= threshold spikes, at the end of the step, (k + 1) dt;
4. *reset*: it stays at the reset voltage for R steps, and loses what delta synapses bring;
5. *send*: its spike arrives d >= 1 steps later, in step k + d.

This is the order of NEST. Little is moved per step and neuron:

- Conductances are kept as if they did not decay, G = g / s with s = exp(-t / tau) since the last
  time that s became small: a step only reads them, and an arrival adds its weight / s.
- A neuron that has spiked waits at V = -inf, where the step leaves it, and comes back to the reset
  voltage R steps later.
- Neurons are updated in blocks of `BLOCK`, whose V, G_e and G_i lie side by side.
- Spikes wait for the shortest delay in their list. Then a few spikes are added to G target by
  target. Where many leave at once, or synapses are delta or have delays of their own, arrivals go
  to a ring first, a single row where all have the same delay, counted in 16 bits, see `counting`.

A step costs a few operations per neuron, and one addition per arrival or less.
"""

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.networks.counting import DIGITS, count_rows
from mechfit.models.networks.input import draw
from mechfit.models.networks.neurons import conductance_step, current_step, delta_step
from mechfit.models.numerics.single import single

__all__ = ["BLOCK", "PADDED", "run_double", "run_single"]

BLOCK = 64
PADDED = 4 * BLOCK
"""A multiple of this are the places of neurons; those in excess never spike."""
u64 = np.uint64
G_E, G_I, SIZE, WIDE, FEW = map(u64, (BLOCK, 2 * BLOCK, 3 * BLOCK, BLOCK, 16))
"""Places in a block; unsigned, as a compiler has to allow for negative places otherwise."""
SMALL, ROW = 1e-10, 4
"""s below which G decays as is due; to count a row of bits takes as long as n / `ROW` arrivals."""
conductance_single = single(conductance_step)


@register_jitable
def conductance_fast(v, g_e, g_i, drive, c):
    """The step in single precision, as a function that can be handed on."""
    return conductance_single(v, g_e, g_i, drive, c)


@register_jitable
def place(neuron):
    """Where the voltage of a neuron is in the state."""
    i = u64(neuron)
    return i + (i & ~(WIDE - u64(1))) * u64(2)


@register_jitable
def deliver(arrivals, k, spikes, excitatory, digits, many, pointers, targets, own, later, rows):
    """Add the spikes that leave for their targets now to the ring of arrivals (2, slots, n)."""
    first_inhibitory = np.searchsorted(spikes, excitatory)
    for kind in range(2):
        some = spikes[:first_inhibitory] if kind == 0 else spikes[first_inhibitory:]
        ring = arrivals[kind]
        if own is None and some.size >= many:
            count_rows(ring[0], some, rows, digits)
        elif own is None:
            for source in some:
                for target in targets[pointers[source] : pointers[source + 1]]:
                    ring[0, target] += 1
        else:
            for source in some:
                for j in range(pointers[source], pointers[source + 1]):
                    ring[(k + later[j]) % ring.shape[0], targets[j]] += own[j]


@register_jitable
def add_each(state, ids, first, last, excitatory, weights, pointers, targets):
    """Add the spikes that leave for their targets now to G, one by one."""
    for i in range(u64(first), u64(last)):
        source = ids[i]
        inhibits = source >= excitatory
        o, w = (G_I, weights[1]) if inhibits else (G_E, weights[0])
        for j in range(u64(pointers[source]), u64(pointers[source + 1])):
            state[o + place(targets[j])] += w


@register_jitable
def add_all(state, arrivals, weights):
    """Add what has arrived to G."""
    for b in range(u64(state.size) // SIZE):
        s, o = b * SIZE, b * WIDE
        for j in range(WIDE):
            state[s + G_E + j] += weights[0] * arrivals[0][o + j]
            state[s + G_I + j] += weights[1] * arrivals[1][o + j]


@register_jitable
def decay(state, s_e, s_i, tiny):
    """Let G decay as it is due."""
    for b in range(u64(state.size) // SIZE):
        s = b * SIZE
        for j in range(WIDE):
            state[s + G_E + j] = state[s + G_E + j] * s_e + tiny
            state[s + G_I + j] = state[s + G_I + j] * s_i + tiny


@register_jitable
def advance_delta(state, at_rest, drive, arrivals, c, weights, tiny, threshold, blocks):
    """Update all neurons and add what arrives; list the blocks that reach the threshold."""
    w_e, w_i = weights
    reached = u64(0)
    for b in range(u64(blocks.size)):
        s, o, above = b * SIZE, b * WIDE, False
        for j in range(WIDE):
            rest = at_rest if drive is None else drive[o + j]
            jump = w_e * arrivals[0][o + j] + (w_i * arrivals[1][o + j] + tiny)
            v = delta_step(state[s + j], rest, c) + jump
            state[s + j] = v
            above |= v >= threshold
        blocks[reached] = b
        reached += u64(above)
    return reached


@register_jitable
def advance(step, state, at_rest, drive, c, threshold, blocks):
    """The same with synapses that decay, before anything arrives."""
    reached = u64(0)
    for b in range(u64(blocks.size)):
        s, o, above = b * SIZE, b * WIDE, False
        for j in range(WIDE):
            rest = at_rest if drive is None else drive[o + j]
            v = step(state[s + j], state[s + G_E + j], state[s + G_I + j], rest, c)
            state[s + j] = v
            above |= v >= threshold
        blocks[reached] = b
        reached += u64(above)
    return reached


@register_jitable
def spikes_of(b, state, threshold, ids, found):
    """Append who has reached the threshold in a block to the list, to wait at -inf."""
    s, o = b * SIZE, b * WIDE
    for q in range(u64(0), WIDE, FEW):
        above = False
        for j in range(q, q + FEW):
            above |= state[s + j] >= threshold
        if above:
            for j in range(q, q + FEW):
                if state[s + j] >= threshold:
                    state[s + j] = -np.inf
                    ids[found] = o + j
                    found += 1
    return found


@register_jitable
def release(state, ids, first, last, reset):
    """Bring neurons back to the reset voltage."""
    for i in range(u64(first), u64(last)):
        state[place(ids[i])] = reset


def run(kind, state, drive, c, decays, rule, weights, wiring, wait, table, key, starts, ids):
    """Simulate a network; the spikes of step k are ``ids[starts[k]:starts[k + 1]]``.

    Args:
        kind: `KIND` of the neurons.
        state: V, g_e and g_i at first, overwritten; block after block, 3 `BLOCK` numbers each.
        drive: Voltage to which all neurons go without synapses, and that of each (n,) or None.
        c: Constants of the neurons.
        decays: Decays of g_e and g_i in a step, in double precision.
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
    w_e, w_i, tiny = weights
    pointers, targets, own, _, rows = wiring
    n, steps, in_precision = pointers.size - 1, starts.size - 1, state.dtype.type
    many = n * n // (ROW * max(targets.size, 1)) + 1 if rows.size else n + 1
    blocks, noise = np.empty(state.size // (3 * BLOCK), u64), np.empty(PADDED, np.int16)
    digits = np.empty(DIGITS, u64)
    found, starts[0], s_e, s_i = 0, 0, 1.0, 1.0
    for k in range(steps):
        first, last = (starts[k - delay], starts[k - delay + 1]) if k >= delay else (0, 0)
        in_ring = kind == 0 or own is not None or table.size > 0 or last - first >= many
        now = arrivals[0, k % arrivals.shape[1]], arrivals[1, k % arrivals.shape[1]]
        if in_ring and first < last:
            deliver(arrivals, k, ids[first:last], excitatory, digits, many, *wiring)
        if table.size:
            draw(now[0], noise, k, table, key)
        scaled = c[:3] + (c[3] * in_precision(s_e), c[4] * in_precision(s_i)) + c[5:]
        s_e, s_i = s_e * decays[0], s_i * decays[1]
        w = in_precision(w_e / s_e), in_precision(w_i / s_i)
        if kind == 0:
            reached = advance_delta(state, *drive, now, c, w, tiny, threshold, blocks)
        elif kind == 1:
            reached = advance(current_step, state, *drive, scaled, threshold, blocks)
        elif state.itemsize == 4:
            reached = advance(conductance_fast, state, *drive, scaled, threshold, blocks)
        else:
            reached = advance(conductance_step, state, *drive, scaled, threshold, blocks)
        if kind > 0 and in_ring:
            add_all(state, now, w)
        elif kind > 0:
            add_each(state, ids, first, last, excitatory, w, pointers, targets)
        if in_ring:
            now[0][:] = 0
            now[1][:] = 0
        if min(s_e, s_i) < SMALL:
            decay(state, in_precision(s_e), in_precision(s_i), tiny)
            s_e, s_i = 1.0, 1.0
        for i in range(reached):
            found = spikes_of(blocks[i], state, threshold, ids, found)
        starts[k + 1] = found
        if k >= refractory:
            release(state, ids, starts[k - refractory], starts[k - refractory + 1], reset)
    release(state, ids, starts[max(steps - refractory, 0)], found, reset)


run_single, run_double = compiled_fast(run), compiled(run)
