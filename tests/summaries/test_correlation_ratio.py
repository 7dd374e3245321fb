"""The correlation ratio agrees with known shares of variance."""

import numpy as np
import pytest

from mechfit.summaries import correlation_ratio

RNG = np.random.default_rng(1)
X = RNG.uniform(-1, 1, 50_000)


def test_a_line_loses_only_what_the_bins_hide():
    assert correlation_ratio(X, X, bins=10) == pytest.approx(1 - 1 / 10**2, abs=0.002)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_noise_takes_its_share_of_the_variance(share):
    signal = X**2  # uncorrelated with x, yet a function of it
    noise = RNG.normal(size=X.size) * signal.std()
    y = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
    assert correlation_ratio(y, X, bins=50) == pytest.approx(share, abs=0.02)


def test_ties_and_wrong_shapes():
    counts = np.repeat([0.0, 1.0], [900, 100])
    assert correlation_ratio(counts, counts) == pytest.approx(1)
    with pytest.raises(ValueError, match=r"are \(3,\), \(2,\) and 12"):
        correlation_ratio([1, 2, 3], [1, 2])
