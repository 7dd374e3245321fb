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
from mechfit.summaries.spikes import MERGE_MS, is_peak
from mechfit.summaries.streaming import merge

__all__ = ["statistics_lanes"]

LANES = 32
BLOCK = 128
f32, f64, u32 = np.float32, np.float64, np.uint32
TARGETS = (0, 1, -1, 2, 2, -1)
"""Where the sums of the six parts of a trace go: rest but its last tenth, that tenth, window."""
DETECTED = 4
"""The part of the trace with which the search for spikes begins."""


@register_jitable
def plan(marks: tuple, samples: int, dt: float) -> tuple[tuple, float]:
    """First samples of the six parts and the end of the last; samples in which spikes merge."""
    tenth, before, begin, end = marks
    bounds = (1, tenth, before, begin, begin + 2, end, min(end + 2, samples))
    return bounds, math.floor(MERGE_MS / dt + 1e-4)


def add_powers(sums: tuple, d: float) -> tuple:
    """Add the first four powers of d to their sums."""
    q = d * d
    return sums[0] + d, sums[1] + q, sums[2] + q * d, sums[3] + q * q


def count_peak(peaks: tuple, v: float, now: float, gap: float, detect: float) -> tuple:
    """Update the count of spikes by the voltage v of the sample `now`.

    ``peaks`` holds the two last voltages, the sample of the last peak and the count, which grows
    only if ``detect`` is 1.
    """
    older, old, last, count = peaks
    hit = detect if is_peak(older, old, v) else 0.0
    far = hit if now - last > gap else 0.0
    return old, v, now if hit > 0.5 else last, count + far


step_single, rest_single, noise_single = single(step), single(rest), single(normal_pair)
add_powers_single, count_peak_single = single(add_powers), single(count_peak)


@compiled_fast
def run_block(state, theta, noise, sums, spikes, current, span, key, index, dt, search, voltage):
    """Advance all lanes over a range of samples; add the voltages to the power sums.

    ``sums`` holds pivot and s_1 ... s_4; for ``spikes`` and ``search``, gap and detect, see
    `count_peak`. ``voltage`` (lanes, time) keeps the traces, unless it is None.
    """
    v, m, h, n, p = state[0], state[1], state[2], state[3], state[4]
    rest_v, rest_p = state[5], state[6]
    g_na, g_k, g_l, g_m = theta[0], theta[1], theta[2], theta[3]
    tau, v_t, scale, e_l = theta[4], theta[5], theta[6], theta[7]
    first, second = noise[0], noise[1]
    pivot, s1, s2, s3, s4 = sums[0], sums[1], sums[2], sums[3], sums[4]
    older, old, last, count = spikes[0], spikes[1], spikes[2], spikes[3]
    gap, detect = search
    for j in range(LANES):
        pivot[j] = v[j]
        s1[j] = s2[j] = s3[j] = s4[j] = f32(0.0)
    for i in range(span[0], span[1]):
        if i % 2 == 1 or i == span[0]:
            for j in range(LANES):
                first[j], second[j] = noise_single(key[0], key[1], index[j], u32((i - 1) >> 1))
        r = noise[(i - 1) % 2]
        injected = current[i - 1]
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
            older[j], old[j], last[j], count[j] = count_peak_single(
                (older[j], old[j], last[j], count[j]), v[j], now, gap, detect
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
def statistics_lanes(theta, current, dt, v_init, key, first, marks, out, voltage=None):
    """Write the statistics (n, 7) of theta (n, 8).

    ``marks`` are the samples where the last tenth of the rest begins, the rest ends, the window
    begins and the window ends. ``voltage`` (LANES, time) receives the traces of at most `LANES`
    neurons, two samples beyond the window, unless it is None.
    """
    bounds, gap = plan(marks, current.size, dt)
    gap = f32(gap)
    n = theta.shape[0]
    state, lanes = np.empty((7, LANES), f32), np.empty((8, LANES), f32)
    noise, spikes = np.empty((2, LANES), f32), np.empty((4, LANES), f32)
    sums = np.empty((5, LANES), f32)
    work = state, lanes, noise, sums, spikes
    index, total = np.empty(LANES, u32), np.empty((3, LANES, 5))
    for start in range(0, n, LANES):
        for j in range(LANES):
            row = min(start + j, n - 1)
            index[j] = u32(first + row)
            for k in range(8):
                lanes[k, j] = theta[row, k]
            lanes[6, j] /= math.sqrt(dt)
            state[0, j], state[5, j], state[6, j] = v_init, f32(0.0), f32(0.0)
            state[1, j], state[2, j], state[3, j], state[4, j] = rest_single(
                v_init, -theta[row, 5]
            )
            spikes[0, j] = spikes[1, j] = v_init
            spikes[2, j], spikes[3, j] = f32(-1e9), f32(0.0)
            total[:, j] = 0.0
            total[0, j, 0], total[0, j, 1] = 1.0, v_init
            if voltage is not None:
                voltage[j, 0] = v_init
        for part in range(6):
            detect = f32(1.0) if part >= DETECTED else f32(0.0)
            for a in range(bounds[part], bounds[part + 1], BLOCK):
                span = a, min(a + BLOCK, bounds[part + 1])
                run_block(*work, current, span, key, index, dt, (gap, detect), voltage)
                if TARGETS[part] >= 0:
                    accumulate_lanes(total[TARGETS[part]], f32(span[1] - a), sums)
        for j in range(min(LANES, n - start)):
            write_statistics(total[:, j], spikes[3, j], out[start + j])
