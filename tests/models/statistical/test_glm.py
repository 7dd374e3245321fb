"""The GLM has the one maximum of its likelihood, and simulates what it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from sklearn.linear_model import PoissonRegressor

from mechfit.inference import MDN, SNPE_C, c2st, infer
from mechfit.models import GLM, GLMNeuron, raised_cosines
from mechfit.models.statistical.basis import weighted_past

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "statistical.npz", allow_pickle=False)
STIMULUS, COUNTS = GOLDEN["glm_stimulus"], GOLDEN["glm_counts"]
NEURON = GLM(raised_cosines(60, 4, 4, 40, 10), raised_cosines(100, 5, 2, 60, 2))
TRUE = GOLDEN["glm_true"]
PAIR = GLM(history=raised_cosines(20, 2, 1, 9, 1), coupling=raised_cosines(12, 3, 2, 8, 1))
PAIR_WEIGHTS = np.array([[3.0, -3.0, 0.2, 0.8, 0.1, 0.0], [3.4, -2.0, -0.5, -0.6, 0.0, 0.3]])
MODEL = GLMNeuron(NEURON, STIMULUS)


def network():
    """Three coupled cells: the GLM, counts, golden weights in its order, and standard errors."""
    basis, counts = GOLDEN["glm3_basis"], np.zeros((3, int(GOLDEN["glm3_T"])))
    np.add.at(counts, tuple(GOLDEN["glm3_spikes"]), 1)
    order = [
        [0, *(1 + 3 * j + k for j in (i, *{0, 1, 2} - {i}) for k in range(3))] for i in (0, 1, 2)
    ]
    mle, se = (
        np.take_along_axis(GOLDEN[f"glm3_{name}"], np.array(order), 1) for name in ("mle", "se")
    )
    return GLM(history=basis, coupling=basis), counts, mle, se


def newton_step(X, y, weights):
    """Weights after one more step of Newton's method: golden ones are 5e-9 off the maximum."""
    expected = 1e-3 * np.exp(X @ weights)
    return weights + np.linalg.solve((X.T * expected) @ X, X.T @ (y - expected))


def test_bases_and_design_are_the_golden_ones():
    np.testing.assert_allclose(NEURON.stimulus, GOLDEN["glm_basis_stimulus"], atol=1e-14)
    np.testing.assert_allclose(NEURON.history, GOLDEN["glm_basis_history"], atol=1e-14)
    X = NEURON.design(COUNTS, STIMULUS)[0]
    np.testing.assert_allclose(X[:300], GOLDEN["glm_X_first300"], atol=1e-12)
    np.testing.assert_allclose(X.T @ X, GOLDEN["glm_XtX"], rtol=1e-12, atol=1e-8)


@given(st.integers(4, 12), st.floats(0.5, 20.0), st.floats(0.0, 4.0), st.floats(20.0, 80.0))
def test_cosines_sum_to_two_where_four_overlap(n, offset, first, last):
    basis = raised_cosines(100, n, first, last, offset)
    centers = np.exp(np.linspace(*np.log([first + offset, last + offset]), n)) - offset
    lags = np.arange(1, 101)
    inside = (lags >= centers[1]) & (lags <= centers[-2])
    np.testing.assert_allclose(basis[inside].sum(1), 2, rtol=1e-12)
    assert (basis >= 0).all()


def test_fit_is_the_golden_maximum():
    weights, covariance = NEURON.fit(COUNTS, STIMULUS)
    polished = newton_step(NEURON.design(COUNTS, STIMULUS)[0], COUNTS, GOLDEN["glm_mle"])
    np.testing.assert_allclose(weights[0], polished, rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights[0], GOLDEN["glm_mle"], rtol=0, atol=5e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance[0])), GOLDEN["glm_se"], atol=1e-9)
    np.testing.assert_allclose(np.linalg.inv(covariance[0]), GOLDEN["glm_hessian"], rtol=1e-8)


def test_log_likelihood_is_the_golden_one():
    constant = GLM()
    each = (
        NEURON.log_likelihood(GOLDEN["glm_mle"], COUNTS, STIMULUS),
        NEURON.log_likelihood(TRUE, COUNTS, STIMULUS),
        constant.log_likelihood(constant.fit(COUNTS)[0], COUNTS),
    )
    np.testing.assert_allclose(np.ravel(each), GOLDEN["glm_loglik"], rtol=1e-14)
    rate = NEURON.intensity(TRUE, COUNTS, STIMULUS)
    np.testing.assert_allclose(poisson.logpmf(COUNTS, rate / 1000).sum(), each[1])
    theta = MODEL.prior.sample(70, seed=1) / 4
    np.testing.assert_allclose(
        MODEL.log_likelihood(theta, COUNTS),
        [NEURON.log_likelihood(row, COUNTS, STIMULUS)[0] for row in theta],
    )


def test_coupled_cells():
    glm, counts, mle, se = network()
    weights, covariance = glm.fit(counts)
    for X, y, found, golden in zip(glm.design(counts), counts, weights, mle, strict=True):
        np.testing.assert_allclose(found, newton_step(X, y, golden), rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights, mle, rtol=0, atol=1e-8)
    np.testing.assert_allclose(np.sqrt(covariance.diagonal(0, 1, 2)), se, rtol=1e-7)


def test_scikit_learn_finds_the_same():
    X, y = NEURON.design(COUNTS, STIMULUS)[0][:, 1:], COUNTS
    for alpha, sd in ((0.0, np.inf), (1 / 6000, 1.0), (1e2 / 6000, 0.1)):
        peer = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-10).fit(X, y)
        ours, _ = NEURON.fit(COUNTS, STIMULUS, sd=[np.inf, *[sd] * 9])
        np.testing.assert_allclose(ours[0, 0], peer.intercept_ - np.log(1e-3), atol=1e-8)
        np.testing.assert_allclose(ours[0, 1:], peer.coef_, rtol=0, atol=1e-8)


def test_a_prior_is_a_ridge():
    ridge, _ = NEURON.fit(COUNTS, STIMULUS, sd=[np.inf, *[1.0] * 9])
    np.testing.assert_allclose(ridge[0], GOLDEN["glm_ridge_s2_1"], rtol=0, atol=1e-12)
    mean, sd = GOLDEN["glm_prior_mean"], GOLDEN["glm_prior_sd"]
    mode, covariance = NEURON.fit(COUNTS, STIMULUS, mean=mean, sd=sd)
    np.testing.assert_allclose(mode[0], GOLDEN["glm_map"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(covariance[0], GOLDEN["glm_laplace_cov"], rtol=0, atol=1e-10)
    wide, _ = NEURON.fit(COUNTS, STIMULUS, sd=1e6)
    np.testing.assert_allclose(wide, NEURON.fit(COUNTS, STIMULUS)[0], atol=1e-8)


@pytest.mark.slow
def test_exact_posterior():
    """Within 4 standard errors of both samples, each of an ESS of 0.63 draws."""
    draws = MODEL.posterior_sample(COUNTS, 10_000, seed=1)
    covariance = GOLDEN["glm_post_cov"]
    sd, error = np.sqrt(np.diag(covariance)), np.sqrt(1 / 10_000 + 1 / 25_000 + 1 / 37_800)
    assert (abs(draws.mean(0) - GOLDEN["glm_post_mean"]) < 4 * error * sd).all()
    assert (abs(draws.std(0) / sd - 1) < 4 * error).all()
    correlation = covariance / np.outer(sd, sd)
    np.testing.assert_allclose(np.corrcoef(draws.T), correlation, atol=4 * error)
    assert c2st(GOLDEN["glm_post_samples"], draws[:1000]) < 0.55


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 399), st.integers(0, 1), st.integers(0, 2**32))
def test_only_the_past_acts(t, cell, seed):
    counts = np.random.default_rng(seed).poisson(0.05, (2, 400))
    before = PAIR.intensity(PAIR_WEIGHTS, counts)
    counts[cell, t] += 1
    after = PAIR.intensity(PAIR_WEIGHTS, counts)
    np.testing.assert_array_equal(after[:, : t + 1], before[:, : t + 1])
    effect = np.zeros((2, 400))
    filters = PAIR.filters(PAIR_WEIGHTS)[:, cell, : 399 - t]
    effect[:, t + 1 : t + 1 + filters.shape[1]] = filters
    np.testing.assert_allclose(np.log(after / before), effect, atol=1e-9)


def test_a_simulation_is_that_of_its_weights():
    counts, capped = PAIR.simulate(PAIR_WEIGHTS, seed=1, bins=50_000)
    assert not capped.any()
    weights, covariance = PAIR.fit(counts)
    z = (weights - PAIR_WEIGHTS) / np.sqrt(covariance.diagonal(0, 1, 2))
    assert (abs(z) < 4).all()
    mean = PAIR.intensity(PAIR_WEIGHTS, counts).sum(1) / 1000
    assert (abs(counts.sum(1) - mean) < 4 * np.sqrt(mean)).all()
    again, _ = PAIR.simulate(PAIR_WEIGHTS, seed=1, bins=20_000)
    np.testing.assert_array_equal(again, counts[:, :20_000])
    other, _ = PAIR.simulate(PAIR_WEIGHTS, seed=1, first=1, bins=20_000)
    assert (other != again).any()


def test_the_cap_stops_a_runaway_and_is_told():
    glm = GLM(history=np.ones((50, 1)), cap=2.0)
    counts, capped = glm.simulate([4.0, 0.5], seed=3, bins=2000)
    beyond = glm.intensity([4.0, 0.5], counts) / 1000 > 2
    assert capped[0] == beyond.mean() > 0.9
    assert counts[beyond].mean() == pytest.approx(2, abs=4 * np.sqrt(2 / beyond.sum()))
    expected = poisson.pmf(range(5), 2)
    seen = np.bincount(counts[beyond], minlength=5)[:5] / beyond.sum()
    np.testing.assert_allclose(seen, expected, atol=4 * np.sqrt(0.25 / beyond.sum()))


def test_a_bin_holds_at_most_as_many_spikes_as_it_may():
    glm = GLM(raised_cosines(20, 2, 1, 9, 1))
    weights, current = [5.0, 0.5, 0.3], np.sin(np.arange(20_000) / 50)
    free, _ = glm.simulate(weights, seed=1, stimulus=current)
    once, _ = replace(glm, most=1).simulate(weights, seed=1, stimulus=current)
    assert free.max() > 1
    np.testing.assert_array_equal(once, free.clip(max=1))  # without history, nothing else changes


def test_statistics_are_the_most_probable_weights():
    theta = np.vstack([TRUE, TRUE, [-20.0, *[0.0] * 9], [7.0, *[1.0] * 9]])
    counts, x = MODEL.counts(theta, seed=2, first=5), MODEL.statistics(theta, seed=2, first=5)
    single, _ = NEURON.simulate(TRUE, seed=2, first=6, stimulus=STIMULUS)
    np.testing.assert_array_equal(counts[1], single[0])
    prior = {"mean": GOLDEN["glm_prior_mean"], "sd": GOLDEN["glm_prior_sd"]}
    np.testing.assert_array_equal(x[1], NEURON.fit(single, STIMULUS, **prior)[0][0])
    assert not counts[2].any()
    assert x[2, 0] < 0
    assert counts[3].mean() > 0.1  # runs away: more than 100 Hz
    np.testing.assert_array_equal(np.isfinite(x).all(1), [True, True, True, False])
    assert MODEL.prior.names == NEURON.names()


@pytest.mark.slow
def test_the_most_probable_weights_tell_nearly_all():
    """Parameters are predicted from them as well as an exact posterior would, on average.

    Sums at spikes with an autocorrelogram leave errors 1.8 times as large.
    """
    covariance, wide = GOLDEN["glm_post_cov"], 9
    rng = np.random.default_rng(1)
    theta = rng.multivariate_normal(GOLDEN["glm_post_mean"], wide * covariance, 1600)
    x = MODEL.statistics(theta, seed=1)
    theta, x = (a[np.isfinite(x).all(1)] for a in (theta, x))
    known, rest = slice(0, 1200), slice(1200, None)
    features = np.c_[np.ones(len(x)), x]
    slopes = np.linalg.lstsq(features[known], theta[known])[0]
    error = (theta[rest] - features[rest] @ slopes).std(0)
    exact = np.sqrt(covariance.diagonal() / (1 + 1 / wide))
    assert (error / exact).mean() < 1.1


@pytest.mark.slow
@pytest.mark.long
def test_rounds_of_simulations_find_the_exact_posterior():
    """Four rounds of 3,000, of the first of which about 40 do not run away."""
    x_o = MODEL.reduce(COUNTS)[0]
    settings = {"method": SNPE_C(), "flow": MDN(1)}
    posterior = infer(MODEL, x_o, rounds=4, simulations=3000, seed=1, **settings)
    assert c2st(GOLDEN["glm_post_samples"], posterior.sample(1000, 1)) < 0.6


def test_a_refractory_column_separates():
    """No spike within 3 bins of another: no finite weight says so."""
    steps = np.cumsum(np.random.default_rng(1).integers(4, 60, 200))
    counts = np.bincount(steps)
    glm = GLM(history=np.c_[np.arange(30) < 3, raised_cosines(30, 2, 5, 20, 1)].astype(float))
    with pytest.raises(ValueError, match="history_1 of cell 0 goes to -infinity; expected more"):
        glm.fit(counts)
    weights, _ = glm.fit(counts, sd=[np.inf, 3.0, 3.0, 3.0])
    assert -10 < weights[0, 1] < -1
    counts[steps[10] + 1] = 1
    assert np.isfinite(glm.fit(counts)[0]).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: NEURON.fit(np.zeros(6000), STIMULUS), "no spike tells the bias of cell 0"),
        (lambda: PAIR.fit([[0, 1, 0, 2], [0, 0, 0, 0]], sd=[np.inf, *[1] * 5]), "bias of cell 1"),
        (lambda: NEURON.fit(COUNTS, 0 * STIMULUS), "dependent: no data can tell stimulus_"),
        (
            lambda: PAIR.fit(np.eye(2)[0][:, None] * COUNTS, sd=[1, 1, 1, *[np.inf] * 3]),
            "coupling_1",
        ),
        (lambda: MODEL.statistics([np.nan, *TRUE[1:]], 1), "bias is nan in row 0"),
        (lambda: NEURON.fit(COUNTS, STIMULUS[1:]), r"\(5999,\), expected \(6000,\)"),
        (lambda: NEURON.fit(COUNTS), "stimulus is missing"),
        (lambda: PAIR.fit(COUNTS, STIMULUS), "stimulus is given"),
        (lambda: PAIR.fit(COUNTS - 1), "whole numbers of at least 0"),
        (lambda: PAIR.fit(COUNTS / 2), "whole numbers of at least 0"),
        (lambda: PAIR.fit([0.0, np.nan]), "counts has the value nan"),
        (lambda: PAIR.fit(COUNTS, sd=[1, 1]), r"sd is .* or \(3,\)"),
        (lambda: PAIR.fit(COUNTS, mean=np.nan), "mean is nan"),
        (lambda: PAIR.fit(COUNTS, mean=np.inf), "mean has shape .* all finite"),
        (lambda: GLMNeuron(NEURON, STIMULUS, mean=np.inf), "inf"),
        (lambda: GLMNeuron(NEURON, STIMULUS, sd=np.inf), "inf"),
        (
            lambda: PAIR.intensity([1.0, 2.0], COUNTS),
            r"\(1, 2\), expected \(1, 3\): bias, history",
        ),
        (lambda: PAIR.intensity(PAIR_WEIGHTS, COUNTS), "weights are of 2 cells, expected 1"),
        (lambda: PAIR.simulate(PAIR_WEIGHTS, 1), "either a stimulus or a number of bins"),
        (lambda: GLM(history=[1.0, 2.0]), r"history has shape \(2,\), expected \(lags, k\)"),
        (lambda: GLM(cap=1e3), "cap is 1000.0, expected at most 100"),
        (lambda: GLMNeuron(PAIR, STIMULUS), "stimulus is given"),
        (lambda: GLMNeuron(NEURON, STIMULUS, highest=0), "highest is 0"),
        (lambda: MODEL.reduce(COUNTS[1:]), r"\(1, 5999\), expected \(n, 6000\)"),
        (lambda: raised_cosines(10, 3, 5, 20, 1), "expected 0 <= first < last <= 10"),
        (lambda: raised_cosines(10, 1, 5, 8, 1), "n is 1, expected at least 2"),
        (lambda: weighted_past([1.0], [1.0]), r"basis has shape \(1,\), expected \(lags, n\)"),
    ],
)
def test_clear_errors(make, said):
    with pytest.raises(ValueError, match=said):
        make()
