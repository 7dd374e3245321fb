"""Lanes: many neurons side by side in single precision, one instruction for all of them.

The loop over time is outside, the loop over `LANES` neurons inside, and the inner loop has no
branches: the compiler turns it into vector instructions. The statistics are accumulated on
the way; no trace is stored. Taught in ``book/models/hodgkin-huxley.md``.
"""

from __future__ import annotations

import math

import numpy as np

from mechfit.compile import compiled, compiled_fast
from mechfit.models.hodgkin_huxley_step import rest, step
from mechfit.models.noise import normal_pair
from mechfit.models.single import single
from mechfit.summaries.spikes import MERGE_MS, THRESHOLD
from mechfit.summaries.streaming import merge

__all__ = ["statistics_lanes"]

LANES = 32
BLOCK = 128
f32, u32 = np.float32, np.uint32
step_single, rest_single, noise_single = single(step), single(rest), single(normal_pair)
TOP = f32(THRESHOLD)


@compiled_fast
def advance(state, theta, noise, sums, spikes, current, samples, key, index, dt, gap, detect):
    """Advance all lanes over a range of samples; add the voltages to the power sums.

    ``sums`` holds pivot and s_1 ... s_4; ``spikes`` the two last voltages, the sample of the last
    peak and the count, which grows only where ``detect`` is 1.
    """
    v, m, h, n, p = state[0], state[1], state[2], state[3], state[4]
    rest_v, rest_p = state[5], state[6]
    g_na, g_k, g_l, g_m = theta[0], theta[1], theta[2], theta[3]
    tau, v_t, scale, e_l = theta[4], theta[5], theta[6], theta[7]
    first, second = noise[0], noise[1]
    pivot, s1, s2, s3, s4 = sums[0], sums[1], sums[2], sums[3], sums[4]
    older, old, last, count = spikes[0], spikes[1], spikes[2], spikes[3]
    for j in range(LANES):
        pivot[j] = v[j]
        s1[j] = s2[j] = s3[j] = s4[j] = f32(0.0)
    for i in range(samples[0], samples[1]):
        if i % 2 == 1 or i == samples[0]:
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
            d = v[j] - pivot[j]
            q = d * d
            s1[j] += d
            s2[j] += q
            s3[j] += q * d
            s4[j] += q * q
        now = f32(i)
        for j in range(LANES):
            a, b, c = older[j], old[j], v[j]
            hit = detect if a > TOP else f32(0.0)
            hit = hit if a <= b else f32(0.0)
            hit = hit if b > c else f32(0.0)
            far = hit if now - last[j] > gap else f32(0.0)
            count[j] += far
            last[j] = now if hit > f32(0.5) else last[j]
            older[j] = b
            old[j] = c


@compiled
def accumulate(total, count, sums):
    """Merge a block's power sums into the totals (lanes, 5)."""
    for j in range(LANES):
        s = sums[:, j]
        t = total[j]
        t[0], t[1], t[2], t[3], t[4] = merge(
            (t[0], t[1], t[2], t[3], t[4]),
            float(count),
            float(s[0]),
            (float(s[1]), float(s[2]), float(s[3]), float(s[4])),
        )


@compiled
def write(total, count, out):
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
def statistics_lanes(theta, current, dt, v_init, key, first, marks, out):
    """Write the statistics (n, 7) of theta (n, 8).

    ``marks`` are the samples where the last tenth of the rest begins, the rest ends, the window
    begins and the window ends.
    """
    tenth, before, begin, end = marks
    gap = f32(math.floor(MERGE_MS / dt + 1e-4))
    n = theta.shape[0]
    state, lanes = np.empty((7, LANES), f32), np.empty((8, LANES), f32)
    noise, sums, spikes = (
        np.empty((2, LANES), f32),
        np.empty((5, LANES), f32),
        np.empty((4, LANES), f32),
    )
    index, total = np.empty(LANES, u32), np.empty((3, LANES, 5))
    bounds = (1, tenth, before, begin, begin + 2, end, min(end + 2, current.size))
    targets = (0, 1, -1, 2, 2, -1)
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
        for part in range(6):
            detect = f32(1.0) if part >= 4 else f32(0.0)
            for a in range(bounds[part], bounds[part + 1], BLOCK):
                b = min(a + BLOCK, bounds[part + 1])
                advance(
                    state, lanes, noise, sums, spikes, current, (a, b), key, index, dt, gap, detect
                )
                if targets[part] >= 0:
                    accumulate(total[targets[part]], f32(b - a), sums)
        for j in range(min(LANES, n - start)):
            write(total[:, j], spikes[3, j], out[start + j])
