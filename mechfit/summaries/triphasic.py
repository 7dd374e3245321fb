r"""Triphasic: the rhythm of three neurons that burst one after the other.

With the starts b_i of AB/PD's bursts, the cycle period T is the mean of b_(i+1) - b_i, and a duty
cycle is a neuron's mean burst duration over T. A period [b_i, b_(i+1)) is triphasic if each neuron
starts one burst in it, the circuit if at least 90 % of its periods are. Over those periods

    start to start (a, b) = start_b - start_a,    end to start (a, b) = start_b - end_a,

and phases and gaps are their means over T. What is undefined is NaN. Definitions of Gonçalves,
Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261. Taught in
``book/geometry/pyloric-circuit.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mechfit.summaries.bursts import bursts, crossings, plateau, smoothed, spike_samples

__all__ = ["TRIPHASIC", "rhythm", "rhythm_of", "why_undefined"]

NEURONS = ("AB/PD", "LP", "PY")
TRIPHASIC = {
    "cycle_period": "ms",
    **{f"burst_duration_{n}": "ms" for n in NEURONS},
    "end_to_start_AB/PD-LP": "ms",
    "end_to_start_LP-PY": "ms",
    "start_to_start_AB/PD-LP": "ms",
    "start_to_start_AB/PD-PY": "ms",
    **{f"duty_cycle_{n}": "" for n in NEURONS},
    "phase_gap_AB/PD-LP": "",
    "phase_gap_LP-PY": "",
    "phase_LP": "",
    "phase_PY": "",
    **{f"plateau_{n}": "ms" for n in NEURONS},
    "pyloric_like": "",
}
"""Names and units of the 19 statistics, in the order of the paper."""
SHARE, LIKE = 0.9, 0.7


def rhythm(voltage: np.ndarray, dt: float, threshold: float = 50.0) -> np.ndarray:
    """Statistics (19,) of one circuit.

    Args:
        voltage: Voltages (3, time) of AB/PD, LP and PY in mV, without the burn-in.
        dt: Step in ms.
        threshold: Longest duration (ms) at which a burst is dropped; the paper's simulations have
            50, its recordings 40.

    Returns:
        The statistics in the order of `TRIPHASIC`; NaN where undefined.
    """
    v = smoothed(voltage, dt)
    return rhythm_of([spike_samples(r) for r in v], [crossings(r) for r in v], dt, threshold)


def rhythm_of(
    spikes: Sequence[np.ndarray], changes: Sequence[np.ndarray], dt: float, threshold: float = 50.0
) -> np.ndarray:
    """The same from the samples of each neuron's spikes and of its crossings of -30 mV."""
    found = [bursts(s, dt, threshold) for s in spikes]
    means = [np.diff(b).mean() * dt if len(b) else np.nan for b in found]
    starts = found[0][:, 0]
    period = np.diff(starts).mean() * dt if len(starts) > 1 else np.nan
    plateaus = [plateau(*each, dt) for each in zip(changes, found, spikes, strict=True)]
    cycles = triphasic_cycles(found) * dt
    if not len(cycles):
        delays, like = np.full(4, np.nan), 0.0
    else:
        (ab, ab_end), (lp, lp_end), (py, py_end) = cycles.transpose(1, 2, 0)
        each = np.stack([lp - ab_end, py - lp_end, lp - ab, py - ab])
        delays = each.mean(1)
        like = float(((lp <= py) & (lp_end <= py_end) & (ab_end <= lp)).mean() >= LIKE)
    duty = np.array(means) / period
    return np.array([period, *means, *delays, *duty, *(delays / period), *plateaus, like])


def triphasic_cycles(found: list[np.ndarray]) -> np.ndarray:
    """First and last sample (c, 3, 2) of the bursts in triphasic periods; none if they are few."""
    starts = found[0][:, 0]
    cycles = []
    for begin, stop in zip(starts[:-1], starts[1:], strict=True):
        inside = [b[(b[:, 0] >= begin) & (b[:, 0] < stop)] for b in found]
        if all(len(b) == 1 for b in inside):
            cycles.append(np.concatenate(inside))
    enough = len(starts) > 1 and len(cycles) >= SHARE * (len(starts) - 1)
    return np.array(cycles) if enough and cycles else np.empty((0, 3, 2))


def why_undefined(x: np.ndarray) -> str:
    """Why statistics x (19,) are not all defined; "" if they are.

    Example:
        >>> why_undefined(np.r_[np.nan, 100.0, np.nan, np.full(16, np.nan)])
        'LP, PY: no burst'
    """
    silent = [n for n, d in zip(NEURONS, x[1:4], strict=True) if np.isnan(d)]
    if silent:
        return f"{', '.join(silent)}: no burst"
    if np.isnan(x[0]):
        return "AB/PD: a single burst"
    return "not triphasic" if np.isnan(x[4]) else ""
