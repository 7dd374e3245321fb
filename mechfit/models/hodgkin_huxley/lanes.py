"""Neurons side by side in single precision: one instruction for `LANES` of them.

The loop over time is outside, the loop over neurons inside, and the inner loop has no branches:
the compiler turns it into vector instructions. The statistics are accumulated on the way; no trace
is stored unless asked for. The functions of single numbers serve the GPU too, see `gpu`. Taught in
``book/beyond/scaling.md``.
"""

import math

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.hodgkin_huxley.equations import rest, step
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single
from mechfit.summaries.spikes import next_spike, rule_of, unseen
from mechfit.summaries.streaming import merge
from mechfit.summaries.voltage import marks

__all__ = ["statistics_lanes"]

LANES = 32
BLOCK = 128
f32, f64, u32 = np.float32, np.float64, np.uint32
TARGETS = (0, 1, -1, 2, 2, -1)
"""Where the sums of the six parts of a trace go: rest but its last tenth, that tenth, window."""


def plan(dt: float, window: tuple, threshold: float, samples: int) -> tuple[tuple, tuple]:
    """First samples of the six parts and the end of the last; the rule for spikes, in samples."""
    tenth, before, first, end = marks(dt, *window)
    _, t_on, t_off, _, gap, fall, coarse = rule_of(dt, *window, threshold)
    span = (t_on / dt, t_off / dt) if coarse else (first - 0.5, end - 0.5)
    # a gap of as many samples as 0.5 ms has, to within rounding, is not longer
    rule = threshold, *span, 1.0, gap / dt + 1e-4, fall, coarse
    return (1, tenth, before, first, first + 2, end, min(end + 2, samples)), tuple(map(f32, rule))


def add_powers(sums: tuple, d: float) -> tuple:
    """Add the first four powers of d to their sums."""
    q = d * d
    return sums[0] + d, sums[1] + q, sums[2] + q * d, sums[3] + q * q


step_single, rest_single, noise_single = single(step), single(rest), single(normal_pair)
add_powers_single = single(add_powers)
unseen_single, next_spike_single = single(unseen), single(next_spike)


@compiled_fast
def run_block(state, theta, noise, sums, spikes, current, span, key, index, clock, rule, voltage):
    """Advance all lanes over a range of samples; add the voltages to the power sums.

    ``sums`` holds pivot and s_1 ... s_4; for ``spikes`` and ``rule`` see `next_spike`. ``clock``
    is the step (ms) and the number of steps per sample. ``voltage`` (lanes, time) keeps the
    traces, unless it is None.
    """
    v, m, h, n, p = state[0], state[1], state[2], state[3], state[4]
    rest_v, rest_p = state[5], state[6]
    g_na, g_k, g_l, g_m = theta[0], theta[1], theta[2], theta[3]
    tau, v_t, scale, e_l = theta[4], theta[5], theta[6], theta[7]
    first, second = noise[0], noise[1]
    pivot, s1, s2, s3, s4 = sums[0], sums[1], sums[2], sums[3], sums[4]
    older, old, top = spikes[0], spikes[1], spikes[2]
    low, last, count = spikes[3], spikes[4], spikes[5]
    dt, every = clock
    for j in range(LANES):
        pivot[j] = v[j]
        s1[j] = s2[j] = s3[j] = s4[j] = f32(0.0)
    for i in range(span[0], span[1]):
        injected = current[i - 1]
        for s in range((i - 1) * every, i * every):
            if s % 2 == 0 or s == (span[0] - 1) * every:
                for j in range(LANES):
                    first[j], second[j] = noise_single(key[0], key[1], index[j], u32(s >> 1))
            r = noise[s % 2]
            for j in range(LANES):
                v[j], m[j], h[j], n[j], p[j], rest_v[j], rest_p[j] = step_single(
                    (v[j], m[j], h[j], n[j], p[j], rest_v[j], rest_p[j]),
                    injected + scale[j] * r[j],
                    (g_na[j], g_k[j], g_l[j], g_m[j], tau[j], v_t[j], scale[j], e_l[j]),
                    dt,
                )
        for j in range(LANES):
            s1[j], s2[j], s3[j], s4[j] = add_powers_single(
                (s1[j], s2[j], s3[j], s4[j]), v[j] - pivot[j]
            )
        now = f32(i)
        for j in range(LANES):
            older[j], old[j], top[j], low[j], last[j], count[j] = next_spike_single(
                (older[j], old[j], top[j], low[j], last[j], count[j]), v[j], now, rule
            )
        if voltage is not None:
            for j in range(LANES):
                voltage[j, i] = v[j]


@register_jitable
def accumulate(total, count, s):
    """Merge a block's pivot and power sums (5,) into the total (5,)."""
    total[0], total[1], total[2], total[3], total[4] = merge(
        (total[0], total[1], total[2], total[3], total[4]),
        f64(count),
        f64(s[0]),
        (f64(s[1]), f64(s[2]), f64(s[3]), f64(s[4])),
    )


@compiled
def accumulate_lanes(total, count, sums):
    """Merge a block of all lanes: sums (5, lanes) into totals (lanes, 5)."""
    for j in range(LANES):
        accumulate(total[j], count, sums[:, j])


@compiled
def write_statistics(total, count, out):
    """Turn the totals of rest, last tenth and window into the seven statistics."""
    rest_early, tenth, window = total[0], total[1], total[2]
    samples = rest_early[0] + tenth[0]
    out[0] = count
    out[1] = (rest_early[0] * rest_early[1] + tenth[0] * tenth[1]) / samples
    out[2] = math.sqrt(max(tenth[2], 0.0) / tenth[0])
    out[3] = window[1]
    variance = max(window[2], 0.0) / window[0]
    out[4] = variance
    out[5] = window[3] / window[0] / variance**1.5
    out[6] = window[4] / window[0] / variance**2


@compiled_fast
def statistics_lanes(theta, current, clock, v_init, key, first, bounds, rule, out, voltage=None):
    """Write the statistics (n, 7) of theta (n, 8).

    ``clock`` is the step (ms) and the number of steps per sample of the current; ``rule`` is in
    samples. ``voltage`` (LANES, time) receives the traces of at most `LANES` neurons, two samples
    beyond the window, unless it is None.
    """
    n = theta.shape[0]
    state, lanes = np.empty((7, LANES), f32), np.empty((8, LANES), f32)
    noise, spikes = np.empty((2, LANES), f32), np.empty((6, LANES), f32)
    sums = np.empty((5, LANES), f32)
    work = state, lanes, noise, sums, spikes
    index, total = np.empty(LANES, u32), np.empty((3, LANES, 5))
    for start in range(0, n, LANES):
        for j in range(LANES):
            row = min(start + j, n - 1)
            index[j] = u32(first + row)
            for k in range(8):
                lanes[k, j] = theta[row, k]
            lanes[6, j] /= math.sqrt(clock[0])
            state[0, j], state[5, j], state[6, j] = v_init, f32(0.0), f32(0.0)
            state[1, j], state[2, j], state[3, j], state[4, j] = rest_single(
                v_init, -theta[row, 5]
            )
            for k, value in enumerate(unseen_single(v_init)):
                spikes[k, j] = value
            total[:, j] = 0.0
            total[0, j, 0], total[0, j, 1] = 1.0, v_init
            if voltage is not None:
                voltage[j, 0] = v_init
        for part in range(6):
            for a in range(bounds[part], bounds[part + 1], BLOCK):
                span = a, min(a + BLOCK, bounds[part + 1])
                run_block(*work, current, span, key, index, clock, rule, voltage)
                if TARGETS[part] >= 0:
                    accumulate_lanes(total[TARGETS[part]], f32(span[1] - a), sums)
        for j in range(min(LANES, n - start)):
            write_statistics(total[:, j], spikes[5, j], out[start + j])
