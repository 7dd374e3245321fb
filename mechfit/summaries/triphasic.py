r"""The triphasic rhythm: three neurons that burst one after the other.

With the starts b_i of AB/PD's bursts, the cycle period T is the mean of b_(i+1) - b_i, and a duty
cycle is a neuron's mean burst duration over T. A period [b_i, b_(i+1)) is triphasic if each neuron
starts one burst in it, the circuit if at least 90 % of its periods are. Over those periods

    start to start (a, b) = start_b - start_a,    end to start (a, b) = start_b - end_a,

and phases and gaps are their means over T. What is undefined is NaN. Definitions of Gonçalves,
Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261. Taught in
``book/geometry/pyloric-circuit.md``.
"""

from collections.abc import Sequence

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.summaries.arguments import array_of
from mechfit.summaries.bursts import bursts, plateau

__all__ = ["TRIPHASIC", "rhythm_of", "why_undefined"]

NEURONS = ("AB/PD", "LP", "PY")
TRIPHASIC = {
    "cycle_period": "ms",
    **{f"burst_duration_{n}": "ms" for n in NEURONS},
    **dict.fromkeys(["end_to_start_AB/PD-LP", "end_to_start_LP-PY"], "ms"),
    **dict.fromkeys(["start_to_start_AB/PD-LP", "start_to_start_AB/PD-PY"], "ms"),
    **{f"duty_cycle_{n}": "" for n in NEURONS},
    **dict.fromkeys(["phase_gap_AB/PD-LP", "phase_gap_LP-PY", "phase_LP", "phase_PY"], ""),
    **{f"plateau_{n}": "ms" for n in NEURONS},
    "pyloric_like": "",
}
"""Names and units of the 19 statistics, in the order of the paper."""
SHARE, LIKE = 9, 7
"""Tenths of the periods that must be triphasic, and of those that must follow in order."""
UNDEFINED = float("nan")


def rhythm_of(
    spikes: Sequence[np.ndarray], changes: Sequence[np.ndarray], dt: float, threshold: float = 50.0
) -> np.ndarray:
    """Statistics (19,) of one circuit in the order of `TRIPHASIC`; NaN where undefined.

    Args:
        spikes: Samples of the spikes of AB/PD, LP and PY, without the burn-in.
        changes: Samples at which the smoothed voltage of each crosses -30 mV.
        dt: Step in ms.
        threshold: Longest duration (ms) at which a burst is dropped; the paper's simulations have
            50, its recordings 40.
    """
    x, found = np.empty(len(TRIPHASIC)), [bursts(s, dt, threshold) for s in spikes]
    counts = np.array([[len(b) for b in found], [len(c) for c in changes]])
    ends = np.array([s[-1] if len(s) else 0 for s in spikes])
    each = [tuple(np.asarray(a, np.int32) for a in arrays) for arrays in (found, changes)]
    write_rhythm(*each, counts, ends, dt, x)
    return x


@compiled
def write_rhythm(found, changes, counts, ends, dt, x):
    """Write the statistics to x (19,).

    Args:
        found: First and last sample (b, 2) of the bursts of each neuron.
        changes: Samples (c,) at which the voltage of each crossed -30 mV.
        counts: Number of the bursts, and of the crossings, of each neuron (2, 3).
        ends: Last spike (3,) of each neuron.
        dt: Step in ms.
        x: Statistics (19,).
    """
    n, first = counts[0, 0], found[0]
    x[0] = dt * (first[n - 1, 0] - first[0, 0]) / (n - 1) if n > 1 else UNDEFINED
    for j in range(3):
        x[1 + j] = dt * mean_duration(found[j], counts[0, j])
        x[8 + j] = x[1 + j] / x[0]
        x[15 + j] = dt * plateau(changes[j], counts[1, j], found[j], counts[0, j], ends[j])
    lp, py, cycles, like, gap_lp, gap_py, to_lp, to_py = 0, 0, 0, 0, 0, 0, 0, 0
    for c in range(n - 1):
        lp, lps = next_bursts(found[1], counts[0, 1], lp, first[c, 0], first[c + 1, 0])
        py, pys = next_bursts(found[2], counts[0, 2], py, first[c, 0], first[c + 1, 0])
        if lps == 1 and pys == 1:
            ab_start, ab_end = first[c, 0], first[c, 1]
            lp_start, lp_end = found[1][lp, 0], found[1][lp, 1]
            py_start, py_end = found[2][py, 0], found[2][py, 1]
            cycles += 1
            gap_lp += lp_start - ab_end
            gap_py += py_start - lp_end
            to_lp += lp_start - ab_start
            to_py += py_start - ab_start
            like += ab_end <= lp_start <= py_start and lp_end <= py_end
    triphasic = cycles > 0 and 10 * cycles >= SHARE * (n - 1)
    mean = dt / cycles if triphasic else UNDEFINED
    x[4], x[5], x[6], x[7] = gap_lp * mean, gap_py * mean, to_lp * mean, to_py * mean
    for k in range(4):
        x[11 + k] = x[4 + k] / x[0]
    x[18] = 1.0 if triphasic and 10 * like >= LIKE * cycles else 0.0


@register_jitable
def mean_duration(found, n):
    """Mean duration, in samples, of n bursts."""
    total = 0
    for b in range(n):
        total += found[b, 1] - found[b, 0]
    return total / n if n else UNDEFINED


@register_jitable
def next_bursts(found, n, k, start, stop):
    """First burst from the k-th on that begins at start or later; how many begin before stop."""
    while k < n and found[k, 0] < start:
        k += 1
    many = 0
    while k + many < n and found[k + many, 0] < stop:
        many += 1
    return k, many


def why_undefined(x: ArrayLike) -> str:
    """Name the reason why statistics x (19,) are undefined; "" if none is.

    Example:
        >>> why_undefined(np.r_[np.nan, 100.0, np.nan, np.full(16, np.nan)])
        'LP, PY: no burst'
    """
    x = array_of("x", x, "(19,)", finite=False)
    if len(x) != len(TRIPHASIC):
        raise ValueError(f"x has {len(x)} statistics, expected {len(TRIPHASIC)}")
    silent = [n for n, d in zip(NEURONS, x[1:4], strict=True) if np.isnan(d)]
    if silent:
        return f"{', '.join(silent)}: no burst"
    if np.isnan(x[0]):
        return "AB/PD: a single burst"
    return "not triphasic" if np.isnan(x[4]) else ""
