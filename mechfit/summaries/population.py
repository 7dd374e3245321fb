r"""Population: rates, irregularity, synchrony and spectrum of a network's spikes in a window.

For times t in t_0 < t <= t_1, a window of length T, and for excitatory (E) and inhibitory (I)
neurons,

| name | unit | definition |
|---|---|---|
| rate_E, rate_I | Hz | spikes / (neurons T) |
| rate_sd_E | Hz | standard deviation of the neurons' rates |
| active_E | | share of neurons with a spike |
| cv_E, cv_I | | mean over neurons of sd / mean of their intervals; at least 3 spikes each |
| cv_n_E | | share of neurons with at least 3 spikes |
| fano_E | | mean over these of variance (of a sample) / mean of their counts in bins of 100 ms |
| corr_E | | mean correlation, over all pairs of these, of their counts in bins of 5 ms |
| corr_EI | | the same over pairs of one E and one I neuron |
| pop_fano | | variance / mean of the population's count A in bins of 1 ms; 1 if independent |
| pop_cv | | standard deviation / mean of A: the synchrony |
| peak | Hz | frequency between 5 and 500 Hz at which the spectrum of A is highest |
| peak_ratio | | its height over the median in that band |
| last_spike | ms | time of the last spike, also outside the window; NaN without any |

The mean correlation needs no pairs: with z_i(t) the standardized counts of n neurons it is

    (mean_t (sum_i z_i)^2 - n) / (n (n - 1)),

and the mean over E-I pairs is the mean over t of the product of both averages; a neuron whose
counts never vary is left out. The spectrum is Welch's, of A as a rate in Hz per neuron: segments
of 512 ms that overlap by half, a Hann window, means removed. What is not defined is NaN, and
`why_no_statistics` tells why: without spikes all but the rates and active_E, which are 0. CV and
Fano factor are biased low where intervals are few, so compare equal windows. Taught in
``book/models/balanced-networks.md``.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mechfit.summaries.arguments import array_of, number_of, window_of

__all__ = [
    "POPULATION",
    "population_spectrum",
    "population_statistics",
    "population_summary",
    "why_no_statistics",
]

POPULATION = {
    **dict.fromkeys(["rate_E", "rate_I", "rate_sd_E"], "Hz"),
    **dict.fromkeys(["active_E", "cv_E", "cv_I", "cv_n_E", "fano_E", "corr_E", "corr_EI"], ""),
    **dict.fromkeys(["pop_fano", "pop_cv"], ""),
    "peak": "Hz",
    "peak_ratio": "",
    "last_spike": "ms",
}
"""Names and units of the 15 statistics."""
FEWEST = 3
FANO_MS, CORRELATION_MS, POPULATION_MS = 100.0, 5.0, 1.0
SEGMENT, BAND = 512, (5.0, 500.0)


def population_statistics(
    times: ArrayLike,
    ids: ArrayLike,
    sizes: Sequence[int],
    window: tuple[float, float],
    *,
    dt: float = 0.1,
) -> np.ndarray:
    """Statistics (15,) of the spikes of a network, in the order of `POPULATION`.

    Args:
        times: Times (m,) of the spikes in ms, multiples of `dt`.
        ids: Who spiked (m,): first the excitatory neurons are numbered, then the inhibitory.
        sizes: Numbers of excitatory and inhibitory neurons.
        window: Onset and end in ms.
        dt: Resolution of the times (ms), by which 1 ms is divisible.

    Returns:
        The statistics, NaN where undefined.

    Example:
        >>> x = population_statistics([1.0, 3.0], [0, 1], (2, 1), (0.0, 1000.0))
        >>> x[:4]
        array([1., 0., 0., 1.])
    """
    return population_summary(times, ids, sizes, window, dt=dt)[0]


def population_summary(
    times: ArrayLike,
    ids: ArrayLike,
    sizes: Sequence[int],
    window: tuple[float, float],
    *,
    dt: float = 0.1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistics (15,) and, with its frequencies, the spectrum (257,) that they are from."""
    steps, ids, sizes, (start, stop), dt = _checked(times, ids, sizes, window, dt)
    n_e, n, seconds = sizes[0], sum(sizes), (stop - start) * dt / 1000
    x = dict.fromkeys(POPULATION, np.nan)
    x["last_spike"] = steps.max() * dt if len(steps) else np.nan
    inside = (steps > start) & (steps <= stop)
    steps, ids = steps[inside] - start - 1, ids[inside]
    counts = np.bincount(ids, minlength=n)
    together = _together(steps, stop - start, POPULATION_MS / dt)
    with np.errstate(invalid="ignore", divide="ignore"):
        spectrum = _welch(1000 * together / n)
        x["rate_E"], x["rate_I"] = counts[:n_e].sum() / n_e, counts[n_e:].sum() / sizes[1]
        x["rate_E"], x["rate_I"] = x["rate_E"] / seconds, x["rate_I"] / seconds
        x["rate_sd_E"], x["active_E"] = counts[:n_e].std() / seconds, (counts[:n_e] > 0).mean()
        if not len(steps):
            return np.array(list(x.values())), *spectrum
        often, variation = counts >= FEWEST, _variation(steps, ids, counts)
        x["cv_n_E"] = often[:n_e].mean()
        x["cv_E"], x["cv_I"] = (
            _mean(variation[:n_e][often[:n_e]]),
            _mean(variation[n_e:][often[n_e:]]),
        )
        in_bins = _counts(steps, ids, often & (np.arange(n) < n_e), stop - start, FANO_MS / dt)
        if in_bins.shape[1] > 1:
            x["fano_E"] = _mean(in_bins.var(1, ddof=1) / in_bins.mean(1))
        in_bins = _counts(steps, ids, often, stop - start, CORRELATION_MS / dt)
        x["corr_E"], x["corr_EI"] = _correlations(in_bins, often[:n_e].sum())
        x["pop_fano"] = together.var() / together.mean()
        x["pop_cv"] = together.std() / together.mean()
        x["peak"], x["peak_ratio"] = _peak(*spectrum)
    return np.array(list(x.values())), *spectrum


def population_spectrum(
    times: ArrayLike, n: int, window: tuple[float, float], *, dt: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (257,) in Hz and Welch's spectrum (257,) in Hz² of the rate per neuron.

    Args:
        times: Times of the spikes (m,) in ms.
        n: Number of neurons.
        window: Onset and end in ms; below 512 ms the spectrum is NaN.
        dt: Resolution of the times (ms).
    """
    steps, _, _, (start, stop), dt = _checked(times, np.zeros(np.shape(times)), (n,), window, dt)
    steps = steps[(steps > start) & (steps <= stop)] - start - 1
    return _welch(1000 * _together(steps, stop - start, POPULATION_MS / dt) / n)


def why_no_statistics(x: ArrayLike) -> str:
    """Why some of the statistics x (15,) are undefined; "" if none is.

    Example:
        >>> why_no_statistics(population_statistics([5.0], [0], (2, 1), (100.0, 1000.0)))
        'no spike in the window, the last one at 5 ms'
    """
    x = array_of("x", x, "(15,)", finite=False)
    if len(x) != len(POPULATION):
        raise ValueError(f"x has {len(x)} statistics, expected {len(POPULATION)}")
    x = dict(zip(POPULATION, x.tolist(), strict=True))
    if np.isnan(x["last_spike"]):
        return "no spike at all"
    if np.isnan(x["cv_n_E"]):
        return f"no spike in the window, the last one at {x['last_spike']:g} ms"
    if x["cv_n_E"] == 0:
        return f"no excitatory neuron has {FEWEST} spikes in the window"
    if np.isnan(x["cv_I"]):
        return f"no inhibitory neuron has {FEWEST} spikes in the window"
    short = np.isnan([x["fano_E"], x["peak"]]).any()
    if short:
        return "the window is too short"
    return "counts that do not vary" if np.isnan(list(x.values())).any() else ""


def _checked(
    times: ArrayLike, ids: ArrayLike, sizes: Sequence[int], window: tuple, dt: float
) -> tuple[np.ndarray, np.ndarray, tuple[int, ...], tuple[int, int], float]:
    """Spikes by step, in order, and the window in steps."""
    times, ids = array_of("times", times, "(m,)"), np.asarray(ids)
    dt, (t_0, t_1) = number_of("dt", dt, positive=True), window_of(window)
    sizes = tuple(int(size) for size in sizes)
    if ids.shape != times.shape or not np.isfinite([t_0, t_1]).all() or min(sizes) < 0:
        raise ValueError(
            f"times and ids have shapes {times.shape} and {ids.shape}, sizes are {sizes} and the "
            f"window {window}, expected as many ids as times, no size below 0, a finite window"
        )
    if len(ids) and not 0 <= ids.min() <= ids.max() < sum(sizes):
        raise ValueError(f"ids are {ids.min()} to {ids.max()}, expected 0 to {sum(sizes) - 1}")
    ids = ids.astype(np.int64)
    if abs(round(1 / dt) * dt - 1) > 1e-9:
        raise ValueError(f"dt is {dt:g} ms, expected a whole part of 1 ms, such as 0.1 ms")
    steps = np.rint(times / dt).astype(np.int64)
    if (np.diff(steps) < 0).any():
        order = np.argsort(steps, kind="stable")
        steps, ids = steps[order], ids[order]
    return steps, ids, sizes, (round(t_0 / dt), round(t_1 / dt)), dt


def _mean(values: np.ndarray) -> float:
    return values.mean() if len(values) else np.nan


def _variation(steps: np.ndarray, ids: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Coefficient of variation (n,) of the intervals between each neuron's spikes."""
    short = ids.astype(np.uint16) if len(counts) <= 2**16 else ids  # sorted by radix
    order = np.argsort(short, kind="stable")
    who, intervals = ids[order][1:], np.diff(steps[order])
    same = who == ids[order][:-1]
    who, intervals, n = who[same], intervals[same], np.maximum(counts - 1, 1)
    mean = np.bincount(who, intervals, len(counts)) / n
    squares = np.bincount(who, (intervals - mean[who]) ** 2, len(counts))
    return np.sqrt(squares / n) / mean


def _counts(
    steps: np.ndarray, ids: np.ndarray, chosen: np.ndarray, length: int, width: float
) -> np.ndarray:
    """Spike counts (chosen, bins) of some neurons; what is left of the window is dropped."""
    bins, row = int(length / width), np.cumsum(chosen) - 1
    bin_of = (steps / width).astype(np.int64)
    kept = chosen[ids] & (bin_of < bins)
    cells = row[ids[kept]] * bins + bin_of[kept]
    rows = int(chosen.sum())
    return np.bincount(cells, minlength=rows * bins).reshape(rows, bins)


def _together(steps: np.ndarray, length: int, width: float) -> np.ndarray:
    """Spike counts (bins,) of all neurons."""
    bins = int(length / width)
    return np.bincount((steps / width).astype(np.int64), minlength=bins)[:bins]


def _correlations(counts: np.ndarray, n_e: int) -> tuple[float, float]:
    """Mean correlation of E-E and of E-I pairs, from counts (n, bins), E first."""
    sd, sums, n = counts.std(1), [], []
    for side in (slice(n_e), slice(n_e, None)):
        varies = sd[side] > 0
        some, weight = counts[side][varies], 1 / sd[side][varies]
        sums.append(weight @ some - (weight * some.mean(1)).sum())
        n.append(int(varies.sum()))
    corr = (sums[0] ** 2).mean() - n[0]
    return (
        corr / (n[0] * (n[0] - 1)) if n[0] > 1 else np.nan,
        (sums[0] * sums[1]).mean() / (n[0] * n[1]) if min(n) else np.nan,
    )


def _welch(rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (257,) in Hz and power of a rate sampled every ms."""
    window = np.sin(np.pi * np.arange(SEGMENT) / SEGMENT) ** 2
    frequencies = np.fft.rfftfreq(SEGMENT, POPULATION_MS / 1000)
    if len(rate) < SEGMENT:
        return frequencies, np.full(len(frequencies), np.nan)
    parts = np.lib.stride_tricks.sliding_window_view(rate, SEGMENT)[:: SEGMENT // 2]
    parts = (parts - parts.mean(1, keepdims=True)) * window
    return frequencies, (abs(np.fft.rfft(parts)) ** 2).mean(0) / (window**2).sum()


def _peak(frequencies: np.ndarray, power: np.ndarray) -> tuple[float, float]:
    """Frequency and relative height of the highest peak in the band."""
    band = (frequencies >= BAND[0]) & (frequencies < BAND[1])
    power = power[band]
    if np.isnan(power).any():
        return np.nan, np.nan
    top = int(power.argmax())
    return frequencies[band][top], power[top] / np.median(power)
