"""The bootstrap interval holds the true value about as often as it says."""

import numpy as np
import pytest

from mechfit.summaries import bootstrap_interval


def test_coverage_of_the_mean_of_a_gaussian():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        low, high = bootstrap_interval(np.mean, rng.normal(2.0, 1.0, 40), rng=rng, resamples=300)
        held += low <= 2.0 <= high
    assert 0.83 < held / 300 < 0.94


def test_rows_of_several_samples_are_drawn_together():
    x = np.arange(50.0)
    ends = bootstrap_interval(
        lambda a, b: np.corrcoef(a, b)[0, 1], x, 2 * x, rng=np.random.default_rng(0), resamples=20
    )
    assert ends == pytest.approx((1.0, 1.0))


def test_the_level_sets_the_width():
    x = np.random.default_rng(1).normal(size=100)
    wide, narrow = (
        np.diff(bootstrap_interval(np.median, x, rng=np.random.default_rng(2), level=p))[0]
        for p in (0.95, 0.5)
    )
    assert narrow < 0.6 * wide


@pytest.mark.parametrize(
    ("samples", "level"), [((), 0.9), ((np.ones(3), np.ones(4)), 0.9), ((np.ones(3),), 90)]
)
def test_refuses_what_does_not_fit(samples, level):
    with pytest.raises(ValueError, match="expected one or more samples"):
        bootstrap_interval(np.mean, *samples, rng=np.random.default_rng(0), level=level)
