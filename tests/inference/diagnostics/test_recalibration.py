"""Recalibrated regions hold the truth as often as they say, whatever the posterior."""

import numpy as np
import pytest

from mechfit.inference.diagnostics import calibrate, check, recalibrate
from mechfit.simulation import simulate
from tests.inference.faulty import Exact, Simulator

BANK = simulate(Simulator(), 500, seed=1)
FRESH = simulate(Simulator(), 2000, seed=2)


@pytest.mark.parametrize("stretch", [0.7, 1.0, 1.4])
def test_regions_hold_their_share(stretch):
    posterior = Exact(stretch=stretch)
    mended = recalibrate(posterior, calibrate(posterior, BANK, seed=1))
    found = calibrate(posterior, FRESH, seed=2)
    for share in (0.5, 0.8, 0.95):
        assert found.coverage(mended.level(share)) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("stretch", [0.7, 1.4])
def test_draws_are_wider_or_narrower(stretch):
    posterior = Exact(stretch=stretch)
    mended = recalibrate(posterior, calibrate(posterior, BANK, seed=1))
    before, after = (calibrate(p, FRESH.first(500), seed=3) for p in (posterior, mended))
    assert abs(before.coverage(0.9) - 0.9) > 0.05
    assert after.coverage(0.9) == pytest.approx(0.9, abs=0.05)
    assert after.stretch == pytest.approx([1.0] * 3, abs=0.15)


def test_a_mended_posterior_passes_the_check_that_it_failed():
    posterior = Exact(stretch=0.8)
    assert not check(posterior, Simulator(), seed=1).calibrated
    bank = simulate(Simulator(), 2000, seed=3)
    mended = recalibrate(posterior, calibrate(posterior, bank, seed=1))
    assert check(mended, Simulator(), seed=1).calibrated


def test_levels_of_the_next_truth_are_guaranteed():
    # 19 levels: the next one lies below the k-th smallest with probability k / 20
    rng, hits = np.random.default_rng(1), 0
    c = calibrate(Exact(), BANK.first(20), draws=20, seed=1)
    for _ in range(2000):
        levels = rng.beta(3, 1, 20)
        mended = recalibrate(Exact(), type(c)(**{**vars(c), "levels": levels[:19]}))
        hits += levels[19] <= mended.level(0.8)
    assert 0.77 < hits / 2000 < 0.83


def test_few_runs_cannot_promise_much():
    mended = recalibrate(Exact(), calibrate(Exact(), BANK.first(20), seed=1))
    assert mended.level(0.99) == 1.0
    with pytest.raises(ValueError, match="share is 1"):
        mended.level(1.0)


def test_it_reads_what_its_posterior_reads():
    """Sets of trials, some of them missing, are valid to a network that reads such sets alone."""

    class Reader(Exact):
        def readable(self, bank):
            return np.arange(len(bank)) < 50

    mended = recalibrate(Reader(), calibrate(Reader(), BANK, seed=1))
    assert len(mended.levels) == len(calibrate(mended, BANK, draws=20, seed=1)) == 50


def test_draws_for_one_observation():
    mended = recalibrate(Exact(), calibrate(Exact(), BANK, seed=1))
    a, b = (mended.sample(100, 7, x=BANK.x[0]) for _ in range(2))
    assert a.shape == (100, 3)
    np.testing.assert_array_equal(a, b)
