"""Spikes: the local maxima of a voltage above a threshold.

Sample j of a voltage, sampled every dt, is a peak when v[j-1] <= v[j] > v[j+1]. It is a spike as
follows:

| dt | above the threshold | time of the spike | not counted |
|---|---|---|---|
| up to 0.025 ms | v[j-1] | (j - 1) dt | 0.5 ms or less after the peak before it |
| longer | the vertex | vertex - dt / 4 | or after a fall of less than 0.5 mV since that peak |

The first row is the definition behind Gonçalves, Lueckmann, Deistler et al. (2020),
doi:10.7554/eLife.56261; noise on a depolarized membrane counts too. The second row finds the same
spikes where fewer samples were kept. The vertex is that of the parabola through the three samples:
a peak may lie between samples. It is late by about dt / 4, because spikes rise faster than they
fall. And the local maxima of coarsely sampled noise are more than 0.5 ms apart: they are one event
until the voltage falls. Of 5000 neurons drawn from the prior of `HodgkinHuxley`, 0.4 % change
their count if every tenth sample of 0.01 ms is kept, 0.6 % if every twentieth is. Taught in
``book/models/hodgkin-huxley.md``.
"""

import warnings

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike

from mechfit.compile import compiled
from mechfit.summaries.arguments import array_of, number_of, window_of

__all__ = ["spike_times"]

THRESHOLD = -10.0
MERGE_MS = 0.5
FINE_MS, FALL_MV = 0.025, 0.5


@register_jitable
def unseen(v: float) -> tuple:
    """What `next_spike` has seen after the first sample, at which the voltage is v (mV)."""
    return 1e9, v, 1e9, v, -1e9, 0.0


@register_jitable
def next_spike(seen: tuple, v: float, now: float, rule: tuple) -> tuple:
    """Look for a spike whose peak is the sample before `now`, at which the voltage is v (mV).

    Args:
        seen: The two voltages before v; voltage of the last peak; lowest one since; place of the
            last peak, in samples; number of spikes.
        v: Voltage (mV).
        now: Number of its sample.
        rule: See `rule_of`.

    Returns:
        What has been seen now. A new spike has the place of the last peak.
    """
    older, old, top, low, last, count = seen
    threshold, begin, end, unit, gap, fall, coarse = rule
    low = min(low, old)
    if coarse > 0.5:
        shift = 0.5 * (v - older) / max(2.0 * old - older - v, 1e-30)
        place, height = now - 1.25 + shift, old + 0.25 * shift * (v - older)
    else:
        place, height = now - 2.0, older
    rises = old > low or coarse < 0.5  # as it does not where the same value comes twice in a fall
    peak = rises and older <= old and old > v and height > threshold and begin < unit * place < end
    apart = peak and unit * place - unit * last > gap and top - low >= fall
    top = old if peak else top
    low = old if peak else low
    last = place if peak else last
    return old, v, top, low, last, count + 1.0 if apart else count


@register_jitable
def rule_of(dt: float, t_on: float, t_off: float, threshold: float) -> tuple:
    """Threshold, begin and end; their unit per sample, the gap in it; fall; 1 if dt is coarse."""
    coarse = 1.0 if dt > 1.001 * FINE_MS else 0.0
    return threshold, t_on, t_off, dt, MERGE_MS, FALL_MV if coarse else -1e9, coarse


@register_jitable
def mark_spikes(voltage: np.ndarray, rule: tuple, out: np.ndarray) -> int:
    """Write the places of the spikes, in samples, to `out`; return their count.

    `out` must hold half as many numbers as there are samples.
    """
    if voltage.size == 0:
        return 0
    seen = unseen(float(voltage[0]))
    for i in range(1, voltage.size):
        before = seen[5]
        seen = next_spike(seen, float(voltage[i]), float(i), rule)
        if seen[5] > before:
            out[int(before)] = seen[4]
    return int(seen[5])


@compiled
def spikes_of(voltage: np.ndarray, rule: tuple) -> np.ndarray:
    """Places of the spikes in voltage (time,), in samples."""
    out = np.empty(voltage.size // 2 + 1)
    return out[: mark_spikes(voltage, rule, out)]


def spike_times(
    voltage: ArrayLike,
    dt: float,
    window: tuple[float, float] = (-np.inf, np.inf),
    threshold: float = THRESHOLD,
) -> np.ndarray:
    """Find the spikes of one voltage trace.

    Args:
        voltage: Membrane voltage (time,) in mV.
        dt: Sampling interval (ms); sample i is at time i dt.
        window: Only spikes strictly between these two times (ms) are kept.
        threshold: Voltage (mV) above which a local maximum is a spike.

    Returns:
        Spike times in ms.

    Warns:
        UserWarning: The voltage rests above the threshold, where noise counts.

    Example:
        >>> spike_times([-70.0, -40.0, 30.0, 30.0, -70.0], dt=0.1)
        array([0.225])
    """
    voltage, dt = array_of("voltage", voltage, "(time,)"), number_of("dt", dt, positive=True)
    t_on, t_off = window_of(window)
    threshold = number_of("threshold", threshold)
    before = voltage[: int(np.clip(t_on / dt, 0, voltage.size))]
    warn_of_baseline((before if before.size else voltage)[None], threshold)
    return dt * spikes_of(voltage, rule_of(dt, t_on, t_off, threshold))


def warn_of_baseline(rest: np.ndarray, threshold: float, depth: int = 3) -> None:
    """Warn if a median of voltages at rest (n, time) is above the threshold, `depth` calls up."""
    highest = np.fmax.reduce(np.median(rest, 1)) if rest.size else -np.inf
    if highest > threshold:
        warnings.warn(
            f"a voltage rests at {highest:.4g} mV, above the threshold of {threshold:g} mV: noise "
            "counts as spikes; correct the offset of the voltage or give another threshold",
            stacklevel=depth,
        )
