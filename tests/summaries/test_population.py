"""Population statistics by plain loops over their definitions, and where they are undefined."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mechfit.summaries import (
    POPULATION,
    population_spectrum,
    population_statistics,
    why_no_statistics,
)


def mean(values):
    return np.mean(values) if len(values) else np.nan


def definitions(times, ids, sizes, window):
    """The statistics as their table states them, neuron by neuron and pair by pair.

    The spectrum (f, power) comes with them, as several peaks may be as high.
    """
    (t_0, t_1), n_e, n = window, sizes[0], sum(sizes)
    seconds, x = (t_1 - t_0) / 1000, dict.fromkeys(POPULATION, np.nan)
    x["last_spike"] = max(times, default=np.nan)
    trains = [np.sort(times[(ids == i) & (times > t_0) & (times <= t_1)]) for i in range(n)]
    rates = np.array([len(t) for t in trains]) / seconds
    x["rate_E"], x["rate_I"], x["rate_sd_E"] = (
        rates[:n_e].mean(),
        rates[n_e:].mean(),
        rates[:n_e].std(),
    )
    x["active_E"] = np.mean(rates[:n_e] > 0)
    if not rates.any():
        return x, (np.array([]), np.array([]))

    def counts(train, width):
        edges = np.arange(t_0, t_1 - width + width / 2, width)
        return np.array([((train > e + 1e-6) & (train < e + width + 1e-6)).sum() for e in edges])

    often = [i for i in range(n) if len(trains[i]) >= 3]
    x["cv_n_E"] = sum(i < n_e for i in often) / n_e
    cv = {i: np.std(np.diff(trains[i])) / np.mean(np.diff(trains[i])) for i in often}
    x["cv_E"] = mean([cv[i] for i in often if i < n_e])
    x["cv_I"] = mean([cv[i] for i in often if i >= n_e])
    slow = [counts(trains[i], 100.0) for i in often if i < n_e]
    x["fano_E"] = mean([c.var(ddof=1) / c.mean() for c in slow])
    fast = {i: counts(trains[i], 5.0) for i in often}
    fast = {i: c for i, c in fast.items() if c.std()}
    pairs = [(i, j) for i in fast for j in fast if i < j]
    r = {(i, j): np.corrcoef(fast[i], fast[j])[0, 1] for i, j in pairs}
    x["corr_E"] = mean([v for (_, j), v in r.items() if j < n_e])
    x["corr_EI"] = mean([v for (i, j), v in r.items() if i < n_e <= j])
    together = counts(np.concatenate(trains), 1.0)
    x["pop_fano"], x["pop_cv"] = together.var() / together.mean(), together.std() / together.mean()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    power, rate = [], 1000 * together / n
    for start in range(0, len(rate) - 511, 256):
        part = rate[start : start + 512]
        power.append(abs(np.fft.rfft((part - part.mean()) * hann)) ** 2 / (hann**2).sum())
    power, f = np.mean(power, 0), np.arange(257) / 0.512
    band = (f >= 5) & (f < 500)
    x["peak"] = f[band][power[band].argmax()]
    with np.errstate(invalid="ignore"):  # 0 / 0 where no part of the spectrum has a spike
        x["peak_ratio"] = power[band].max() / np.median(power[band])
    return x, (f[band], power[band])


def trains(seed, sizes, duration, rate):
    """Spikes of neurons with different rates that share a rhythm."""
    rng, n = np.random.default_rng(seed), sum(sizes)
    t = np.arange(1, round(duration * 10) + 1)
    p = rate * 1e-4 * rng.uniform(0, 2, n) * (1 + np.sin(2 * np.pi * t / 400)[:, None])
    step, ids = np.nonzero(rng.random((len(t), n)) < p)
    return t[step] / 10, ids


@settings(max_examples=20)
@example(6, 0.5, 8)
@example(79, 0.5, 2)
@example(397, 0.5, 3)
@given(st.integers(0, 2**32), st.sampled_from([0.5, 3.0, 20.0]), st.integers(2, 12))
def test_definitions(seed, rate, inhibitory):
    sizes, window = (15, inhibitory), (100.0, 810.0)
    times, ids = trains(seed, sizes, 850.0, rate)
    order = np.random.default_rng(seed).permutation(len(times))
    found = population_statistics(times[order], ids[order], sizes, window)
    expected, (f, power) = definitions(times, ids, sizes, window)
    expected, high = np.array(list(expected.values())), max(power, default=np.nan)
    if high < 1e-20:  # rounding, of a spike where the spectrum's window is 0
        found[12:14] = expected[12:14]
    if (power[f == found[12]] >= (1 - 1e-9) * high).any():  # as high as any, as of one spike
        found[12] = expected[12]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_rhythm_is_the_peak_of_the_spectrum():
    times, ids = trains(1, (80, 20), 2000.0, 50.0)
    x = dict(
        zip(POPULATION, population_statistics(times, ids, (80, 20), (0.0, 2000.0)), strict=True)
    )
    assert abs(x["peak"] - 25) < 2
    assert x["corr_E"] > 0.05
    f, power = population_spectrum(times, 100, (0.0, 2000.0))
    assert x["peak"] == f[power[f >= 5].argmax() + (f < 5).sum()]


@pytest.mark.parametrize(
    ("times", "ids", "window", "reason"),
    [
        ([], [], (0.0, 1000.0), "no spike at all"),
        ([50.0], [0], (100.0, 1000.0), "no spike in the window, the last one at 50 ms"),
        (
            [150.0] * 3,
            [0, 1, 2],
            (100.0, 1000.0),
            "no excitatory neuron has 3 spikes in the window",
        ),
        ([150.0, 151.0, 158.0], [0] * 3, (100.0, 1000.0), "no inhibitory neuron has 3 spikes"),
        ([150.0, 151.0, 158.0] * 2, [0] * 3 + [2] * 3, (100.0, 400.0), "the window is too short"),
    ],
)
def test_why_statistics_are_undefined(times, ids, window, reason):
    x = population_statistics(times, ids, (2, 1), window)
    assert why_no_statistics(x).startswith(reason)
    assert np.isfinite(x[[0, 1, 2, 3]]).all()


def test_bad_input_is_refused():
    for arguments, message in (
        (([1.0], [0, 1], (2, 1), (0.0, 1.0)), "as many ids as times"),
        (([1.0], [3], (2, 1), (0.0, 1.0)), "ids are 3 to 3, expected 0 to 2"),
        (([1.0], [0], (2, 1), (0.0, np.inf)), "a finite window"),
    ):
        with pytest.raises(ValueError, match=message):
            population_statistics(*arguments)
    with pytest.raises(ValueError, match="dt is 0.3 ms"):
        population_statistics([1.0], [0], (2, 1), (0.0, 1.0), dt=0.3)
    with pytest.raises(ValueError, match="x has 3 statistics, expected 15"):
        why_no_statistics(np.zeros(3))
