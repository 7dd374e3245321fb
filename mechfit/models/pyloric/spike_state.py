"""Spike state: spikes, bursts and crossings of a neuron, updated sample by sample in integers.

A polynomial of degree 3 over 2 h + 1 samples has the weights (A - 5 k^2) / D at k = -h ... h, with
A = 3 h^2 + 3 h - 1 and D = (2 h + 3)(4 h^2 - 1) / 3. Three sums therefore give the smoothed
voltage,

    S_p = sum_k k^p q_k,    D v = A S_0 - 5 S_2,

and a new sample updates them with a few additions. The voltages q are rounded to integers: sums
that slide for half a million samples would drift in single precision, these are exact. Bursts are
stored as they end; `mechfit.summaries.triphasic` computes the statistics from them.
"""

import math
from typing import NamedTuple, Self

import numpy as np

from mechfit.summaries.bursts import PLATEAU_MV, SILENCE_MS, SPIKE_MV, window

__all__ = ["NOTHING_YET", "RING", "Limits", "slide", "smooth", "update_spike_state"]

RING = 32
"""Samples of the voltage that a thread keeps for the smoothing, a power of 2."""
LARGEST_MV = 170.0
NOTHING_YET = -(2**30)
"""Sample of the last spike while there is none."""
i32 = np.int32


class Limits(NamedTuple):
    """Thresholds and durations as integers, in steps of q and in samples.

    Attributes:
        half: Samples on each side of a smoothed one.
        scale: Steps of q in a mV.
        center: The A of the smoothing.
        spike: Threshold of a spike, as D v.
        plateau: Threshold of a plateau, as D v.
        silence: Fewest samples between two bursts.
        shortest: Most samples of a burst that is dropped.
    """

    half: int
    scale: int
    center: int
    spike: int
    plateau: int
    silence: int
    shortest: int

    @classmethod
    def of(cls, dt: float, threshold: float) -> Self:
        """For a step and a threshold of bursts in ms."""
        half = window(dt) // 2
        if 2 * half + 1 > RING:
            raise ValueError(
                f"dt is {dt} ms, at which voltages are smoothed over {2 * half + 1} samples, "
                f"expected at most {RING} with device 'cuda'"
            )
        d = (2 * half + 3) * (4 * half**2 - 1) // 3
        scale = int(2**31 / (d * LARGEST_MV))
        levels = (round(v * d * scale) for v in (SPIKE_MV, PLATEAU_MV))
        silence, shortest = math.ceil(SILENCE_MS / dt - 1e-9), math.floor(threshold / dt + 1e-9)
        return cls(half, scale, 3 * half**2 + 3 * half - 1, *levels, silence, shortest)


def slide(sums: tuple, new: i32, old: i32, half: i32) -> tuple:
    """Sums of q, k q and k^2 q after one more sample, without the oldest one."""
    s0, s1, s2 = sums
    more = i32(half + i32(1))
    return (
        i32(s0 + new - old),
        i32(s1 - s0 + more * old + half * new),
        i32(s2 - s1 - s1 + s0 - more * more * old + half * half * new),
    )


def smooth(sums: tuple, center: i32) -> i32:
    """The smoothed voltage, as D v."""
    return i32(center * sums[0] - i32(5) * sums[2])


def update_spike_state(
    state: tuple, now: i32, seen: i32, limits: tuple, found: i32, changes: i32
) -> tuple:
    """The spike state after one more smoothed voltage.

    Args:
        state: The smoothed voltages of the last two samples, the last one first; first and last
            spike of the present burst; number of bursts; whether the voltage is above the
            plateau's threshold; number of crossings.
        now: Sample of the voltage.
        seen: The smoothed voltage.
        limits: See `Limits`.
        found: First and last sample of the bursts (b, 2), to write to.
        changes: Samples of the crossings (c,), to write to; more than c are only counted.
    """
    before, earlier, first, last, bursts, up, crossed = state
    if before > limits[3] and before >= earlier and seen <= before:
        at = i32(now - i32(2))
        if i32(at - last) >= limits[5]:
            bursts = close(first, last, bursts, limits[6], found)
            first = at
        last = at
    above = i32(1) if seen > limits[4] else i32(0)
    if above != up:
        if crossed < changes.shape[0]:
            changes[crossed] = now
        up, crossed = above, i32(crossed + i32(1))
    return seen, before, first, last, bursts, up, crossed


def close(first: i32, last: i32, bursts: i32, shortest: i32, found: np.ndarray) -> i32:
    """Store a burst that has ended, if it is long enough; return the number of bursts."""
    if i32(last - first) > shortest:
        found[bursts, 0], found[bursts, 1] = first, last
        bursts = i32(bursts + i32(1))
    return bursts
