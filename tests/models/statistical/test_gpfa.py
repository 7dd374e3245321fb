"""GPFA is one large normal distribution, and expectation maximization climbs its likelihood."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from scipy.stats import multivariate_normal

from mechfit.models import GPFA

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "statistical.npz", allow_pickle=False)
Y = GOLDEN["gpfa_Y"]
TRAIN, TEST = np.split(Y, [int(GOLDEN["gpfa_n_train"])])
TRUTH = GPFA(*(GOLDEN[f"gpfa_{name}"] for name in ("C", "d", "R", "tau")))
ELEPHANT = GPFA(*(GOLDEN[f"gpfa_elephant_{name}"] for name in ("C", "d", "R", "tau")))


def joint(model, bins):
    """Mean and covariance of all bins of all cells (cell, bin), written out."""
    time = model.dt * np.arange(bins)
    lag = np.subtract.outer(time, time)
    covariance = np.diag(np.repeat(model.R, bins))
    for c, tau in zip(model.C.T, model.tau, strict=True):
        K = 0.999 * np.exp(-(lag**2) / (2 * tau**2)) + 0.001 * np.eye(bins)
        covariance += np.kron(np.outer(c, c), K)
    return np.repeat(model.d, bins), covariance


def random_model(seed, q=4, p=2):
    rng = np.random.default_rng(seed)
    C, R, tau = rng.normal(size=(q, p)), rng.uniform(0.1, 1, q), rng.uniform(30, 200, p)
    return GPFA(C, rng.normal(size=q), R, tau)


def test_likelihood_and_posterior_are_the_golden_ones():
    each = TRUTH.log_likelihood(Y)
    assert each.sum() == pytest.approx(GOLDEN["gpfa_loglik_truth"], abs=1e-9)
    mean, covariance = joint(TRUTH, 25)
    brute = multivariate_normal(mean, covariance).logpdf(Y.reshape(40, -1))
    np.testing.assert_allclose(each, brute, rtol=0, atol=1e-9)
    mean, covariance = TRUTH.posterior(Y)
    np.testing.assert_allclose(mean[:3], GOLDEN["gpfa_post_mean_first3"], rtol=0, atol=1e-12)
    variance = np.einsum("itit->it", covariance)
    np.testing.assert_allclose(variance, GOLDEN["gpfa_post_var"], rtol=0, atol=1e-12)


def test_cells_are_predicted_from_all_others():
    error = ((TRUTH.leave_neuron_out(TEST) - TEST) ** 2).sum()
    assert error == pytest.approx(GOLDEN["gpfa_lno_truth"], rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6))
def test_any_model_is_a_normal_distribution(seed, bins):
    model = random_model(seed)
    trials = model.sample(3, bins=bins, seed=seed)
    mean, covariance = joint(model, bins)
    brute = multivariate_normal(mean, covariance).logpdf(trials.reshape(3, -1))
    np.testing.assert_allclose(model.log_likelihood(trials), brute, rtol=0, atol=1e-8)
    left, rest = slice(0, bins), slice(bins, None)
    weights = np.linalg.solve(covariance[rest, rest], covariance[rest, left])
    expected = mean[left] + (trials[:, 1:].reshape(3, -1) - mean[rest]) @ weights
    np.testing.assert_allclose(model.leave_neuron_out(trials)[:, 0], expected, atol=1e-8)


def test_samples_have_its_covariance():
    model = random_model(1)
    draws = model.sample(20_000, bins=3, seed=2).reshape(20_000, -1)
    mean, covariance = joint(model, 3)
    sd = np.sqrt(covariance.diagonal())
    assert (abs(draws.mean(0) - mean) < 4 * sd / np.sqrt(20_000)).all()
    assert (abs(np.cov(draws.T) - covariance) < 5 * np.outer(sd, sd) / np.sqrt(10_000)).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_a_step_of_learning_never_lowers_the_likelihood(seed, p):
    trials = random_model(seed).sample(4, bins=8, seed=seed)
    model = random_model(seed + 1, p=p)
    for _ in range(4):
        better = model.improved(trials)
        rise = better.log_likelihood(trials).sum() - model.log_likelihood(trials).sum()
        assert rise > -1e-7
        model = better


def test_the_likelihood_is_the_one_that_elephant_comes_to():
    """Its own number counts bins twice; at its parameters ours is that of the specification."""
    assert ELEPHANT.log_likelihood(TRAIN).sum() == pytest.approx(-9114.62, abs=0.01)


@pytest.mark.slow
def test_learning_finds_as_many_latents_as_there_are():
    """Both criteria choose 3; values close to those of another program's 40 steps."""
    models = [GPFA.fit(TRAIN, p) for p in range(1, 6)]
    test = [model.log_likelihood(TEST).sum() for model in models]
    errors = [((model.leave_neuron_out(TEST) - TEST) ** 2).sum() for model in models]
    train = [model.log_likelihood(TRAIN).sum() for model in models]
    assert np.argmax(test) == np.argmin(errors) == 2
    assert (np.diff(train) > 0).all()
    golden = GOLDEN["gpfa_em_table"].T
    np.testing.assert_allclose(train, golden[1], rtol=0, atol=10)
    np.testing.assert_allclose(test, golden[2], rtol=0, atol=3)
    np.testing.assert_allclose(errors, golden[3], rtol=2e-3)
    assert train[2] > ELEPHANT.log_likelihood(TRAIN).sum()
    assert np.degrees(subspace_angles(models[2].C, TRUTH.C)).max() < 5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GPFA.fit(TRAIN, 12), "expected fewer latents than cells"),
        (lambda: GPFA.fit(TRAIN, 0), "latents is 0, expected at least 1"),
        (lambda: GPFA.fit(TRAIN * (np.arange(12) != 4)[:, None], 2), "cell 4 never varies"),
        (lambda: GPFA.fit(np.full((2, 3, 4), np.nan), 1), "Y has the value nan"),
        (lambda: GPFA.fit(Y[0], 1), r"Y has shape \(12, 25\), expected \(n, q, T\)"),
        (lambda: TRUTH.log_likelihood(Y[:, 1:]), r"\(40, 11, 25\), expected \(n, 12, T\)"),
        (lambda: GPFA(np.ones((2, 3)), np.ones(2), np.ones(2), np.ones(3)), "at most as many"),
        (lambda: GPFA(np.ones((3, 1)), np.ones(2), np.ones(3), [9.0]), r"d \(2,\)"),
        (lambda: GPFA(np.ones((2, 1)), np.ones(2), [0.0, 1.0], [9.0]), "R is at least 0.0"),
        (lambda: TRUTH.sample(1, bins=0, seed=1), "bins is 0, expected at least 1"),
    ],
)
def test_clear_errors(make, said):
    with pytest.raises(ValueError, match=said):
        make()
