"""Statistics of spikes under a current, against plain loops and a cell whose rule is known."""

import numpy as np
import pytest

from mechfit.summaries import DRIVEN, driven_statistics, interval_statistics
from mechfit.summaries.driven import AGAIN, BEFORE

RNG = np.random.default_rng(1)
DT, CURRENT = 0.5, np.random.default_rng(2).normal(2.0, 1.0, 40_001)
TRAIN = np.sort(RNG.uniform(0, 20_000, 400))


def test_against_plain_loops():
    train = TRAIN
    x = dict(zip(DRIVEN, driven_statistics(train, CURRENT, DT), strict=True))
    np.testing.assert_array_equal(
        [x[name] for name in ("rate", "cv", "shortest", "skewness", "lag_1")],
        interval_statistics(train, 20_000.0),
    )
    rate = len(train) / 20_000
    for a, b in zip(AGAIN[:-1], AGAIN[1:], strict=True):
        later = sum(((train > t + a) & (train <= t + b)).sum() for t in train)
        expected = later / len(train) / rate / (b - a)
        assert x[f"again_{a:g}_{b:g}"] == pytest.approx(expected, rel=1e-9)
    for a, b in zip(BEFORE[:-1], BEFORE[1:], strict=True):
        fine = a + (b - a) * (np.arange(2000) + 0.5) / 2000
        means = [CURRENT[((t - fine) / DT).astype(int)].mean() for t in train[train >= BEFORE[-1]]]
        expected = np.mean(means) - CURRENT.mean()
        assert x[f"before_{a:g}_{b:g}"] == pytest.approx(expected, abs=2e-3)
    assert x["current_mean"] == CURRENT.mean()
    assert x["current_std"] == CURRENT.std()


def test_poisson_spikes_that_ignore_the_current_forget_and_average_to_nothing():
    current = np.random.default_rng(3).normal(size=2_000_001)
    spikes = np.sort(np.random.default_rng(4).uniform(0, 1_000_000, 20_000))
    x = driven_statistics(spikes, current, 0.5)
    np.testing.assert_allclose(x[5:11], 1.0, atol=0.08)
    np.testing.assert_allclose(x[11:17], 0.0, atol=0.03)


def test_few_spikes_leave_the_rest_undefined():
    for spikes in ([], [100.0], [100.0, 300.0]):
        x = driven_statistics(spikes, CURRENT, DT)
        assert x[0] == len(spikes) / 20
        assert np.isnan(x[5:17]).all()
        assert np.isfinite(x[-2:]).all()


def test_refusals():
    with pytest.raises(ValueError, match="expected times in the 20000 ms of the current"):
        driven_statistics([100.0, 20_001.0], CURRENT, DT)
    with pytest.raises(ValueError, match="expected times in order"):
        driven_statistics([100.0, 50.0, 200.0], CURRENT, DT)
    with pytest.raises(ValueError, match="current has shape"):
        driven_statistics([100.0], CURRENT[None], DT)
