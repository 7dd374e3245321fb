"""The verdict: right posteriors are called calibrated, planted faults are caught and named."""

import re

import numpy as np
import pytest

from mechfit.inference import Training, fit
from mechfit.inference.diagnostics import Report, check, recalibrate
from mechfit.models import Model, Prior, TwoMoons
from mechfit.simulation import simulate
from tests.inference.faulty import FAULTS, Exact, Simulator
from tests.inference.linear_gaussian import X_O

SEEDS = range(1000, 1040)
LEAST = 0.95


@pytest.mark.slow
def test_exact_posteriors_are_called_calibrated():
    found = [check(Exact(), Simulator(), seed=s).calibrated for s in SEEDS]
    assert np.mean(found) >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_caught(fault):
    found = [check(*FAULTS[fault], seed=s).calibrated for s in SEEDS]
    assert np.mean(found) <= 1 - LEAST


WORDS = {
    "standard deviation x 0.7": "too narrow: its 90 % regions held",
    "standard deviation x 1.4": "too wide: its 90 % regions held",
    "shift by half a standard deviation": "posterior standard deviations too high",
    "prior half as wide": "the error of a depends on the data",
    "noise x 1.5": "too narrow",
    "two parameters swapped": "too narrow",
    "one statistic x 1.2": "depends on the data",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_verdict_says_what_is_wrong(fault):
    report = check(*FAULTS[fault], seed=1)
    assert not report.calibrated
    assert report.verdict.startswith("not calibrated: ")
    assert report.verdict.count(report.held) == 1
    assert any(WORDS[fault] in finding for finding in report.findings)


def test_a_right_posterior_and_its_observation():
    report = check(Exact(), Simulator(), x_o=X_O, seed=1)
    assert report.calibrated
    assert re.match(
        r"calibrated: none of \d+ tests fails .*; its 90 % regions held \d+ % of 500 truths \(",
        report.verdict,
    )
    assert report.doubts == report.findings == ()
    assert report.misspecification.p_value > 0.05
    assert repr(report) == f"<Report: {report.verdict}>"


def test_the_verdict_is_doubtful_where_the_interval_of_the_coverage_misses_its_level():
    """Regions that hold 86 % are seldom caught by fifty tests of 500 runs, and not calibrated."""
    found = [check(Exact(stretch=0.95), Simulator(), seed=s) for s in range(1, 7)]
    assert any(report.doubtful for report in found)
    for report in found:
        low, high = report.interval
        missed = not low <= 0.9 <= high
        assert report.doubtful == (report.calibrated and missed)
        assert report.verdict.startswith("calibrated") == (report.calibrated and not missed)
        assert "its 90 % regions held" in report.verdict


def test_runs_are_drawn_from_the_prior_of_the_posterior():
    class Narrow(Exact):
        prior = Prior.normal(Exact.prior.names, np.zeros(3), np.eye(3) / 4)

    assert check(Narrow(prior_std=0.5), Simulator(), seed=1).calibrated
    proposal = Simulator.prior
    assert not check(Narrow(prior_std=0.5), Simulator(), proposal=proposal, seed=1).calibrated


def test_an_impossible_observation_is_doubted():
    report = check(Exact(), Simulator(), x_o=X_O + [8.0, 0, 0, 0, 0], seed=1)
    assert report.calibrated
    assert "x_o is unlike the simulations" in report.verdict
    assert "no draw reproduces" in report.verdict


def test_the_observation_of_the_posterior_is_used():
    class Fixed(Exact):
        x_o = X_O

    assert check(Fixed(), Simulator(), runs=100, seed=1).predictive.x_o is X_O


def test_a_posterior_may_use_a_part_of_the_statistics():
    class Fewer(Exact):
        statistic_names = ("v", "w", "x", "y", "z")

    class More(Simulator):
        statistic_names = ("v", "w", "x", "extra", "y", "z")

        def statistics(self, theta, seed, *, first=0):
            x = super().statistics(theta, seed, first=first)
            return np.insert(x, 3, np.nan, axis=1)

    report = check(Fewer(), More(), x_o=X_O, seed=1)
    assert report.calibrated
    assert report.predictive.names == Fewer.statistic_names


def test_other_parameters_are_refused():
    with pytest.raises(ValueError, match="expected those of the model: theta_1, theta_2"):
        check(Exact(), TwoMoons(), seed=1)


def test_the_simulations_learned_from_are_no_test():
    moons = TwoMoons()
    bank = simulate(moons, 200, seed=4)
    posterior = fit(bank, moons.prior, members=1, training=Training(epochs=1), seed=1)
    np.testing.assert_array_equal(simulate(moons, 50, seed=4).theta, bank.theta[:50])
    report = check(posterior, moons, runs=100, seed=1)
    for seen in (posterior, posterior.at(bank.x[0]), recalibrate(posterior, report.calibration)):
        with pytest.raises(ValueError, match="seed is 4, .* expected another"):
            check(seen, moons, runs=100, seed=np.int64(4))


def test_a_report_is_plain_data():
    report = check(Exact(stretch=0.7), Simulator(), runs=200, seed=1)
    facts = report.to_dict()
    assert facts["calibrated"] is False
    assert facts["runs"] == 200
    assert facts["verdict"] == report.verdict
    assert facts["coverage"]["0.9"] == pytest.approx(report.calibration.coverage(0.9), abs=1e-3)
    assert isinstance(report, Report)


def test_half_of_the_simulations_may_be_invalid():
    class Failing(Simulator):
        def statistics(self, theta, seed, *, first=0):
            x = super().statistics(theta, seed, first=first)
            return np.where(x[:, :1] > 0, np.nan, x)

    report = check(Exact(), Failing(), seed=1)
    assert report.calibrated
    assert 150 < report.calibration.invalid < 350


def test_a_foreign_model_that_raises_is_no_harm():
    prior = Prior.uniform(["a"], [0.0], [1.0])

    def f(theta, rng):
        if theta[0] > 0.5:
            raise RuntimeError("no")
        return theta

    class Point:
        prior = Prior.uniform(["a"], [0.0], [1.0])

        def sample_batched(self, n, seed, *, x):
            return np.random.default_rng(seed).random((len(x), n, 1))

        def log_prob_batched(self, theta, *, x):
            return np.zeros(theta.shape[:2])

    with pytest.warns(UserWarning, match="marked invalid"):
        report = check(Point(), Model.from_function(f, prior, ["x"]), runs=100, seed=1)
    assert not report.calibrated
