"""The book's posterior of decisions beside exact ones, and what the likelihood makes of it."""

from pathlib import Path

import numpy as np
import pytest
from decision_posteriors import exact_posterior, in_logs, observations, padded

from mechfit.inference import c2st, importance_sample, load
from mechfit.models import decision_log_likelihood

BOOK = Path(__file__).parents[3] / "book" / "artefacts" / "decisions"
GOLDEN = np.load(Path(__file__).parents[2] / "data" / "behavior.npz")
TRIALS = np.stack([GOLDEN["ddm_data_choice"], GOLDEN["ddm_data_rt"]], axis=1)
DRAWS, SOME = 1000, 10
FRESH = 4_000_001


@pytest.fixture(scope="module")
def learned():
    return load(BOOK)


@pytest.fixture(scope="module")
def observed():
    """Observations of other simulations than the book's scores, and their exact posteriors."""
    x = observations(n=SOME, seed=FRESH).x
    return x, [exact_posterior(row, DRAWS, i) for i, row in enumerate(x)]


def refined(learned, x, n=20_000):
    """The learned posterior at trials x, weighted by their likelihood."""
    return importance_sample(
        learned.at(in_logs(x.ravel())), lambda theta: decision_log_likelihood(x, theta), n, seed=1
    )


@pytest.mark.slow
def test_the_reference_is_the_golden_posterior():
    """Means and covariances of another's Markov chain, of 2,000 to 3,000 independent draws."""
    found = exact_posterior(TRIALS, 4000, seed=1)
    assert found.kept > 0.3
    assert found.k < 0.7
    deviation = np.sqrt(np.diag(GOLDEN["ddm_post_cov"]))
    away = (found.theta.mean(0) - GOLDEN["ddm_post_mean"]) / deviation
    np.testing.assert_allclose(away, 0, atol=0.08)
    ratio = np.cov(found.theta.T) - GOLDEN["ddm_post_cov"]
    np.testing.assert_allclose(ratio / np.outer(deviation, deviation), 0, atol=0.12)


@pytest.mark.slow
def test_the_book_s_posterior_is_close_to_the_exact_one(learned, observed):
    x, exact = observed
    draws = learned.sample_batched(DRAWS, seed=1, x=padded(in_logs(x), learned))
    found = [c2st(e.theta, d) for e, d in zip(exact, draws, strict=True)]
    assert np.mean(found) < 0.59  # 0.555 ± 0.004 for those of the book's scores


@pytest.mark.slow
def test_the_likelihood_makes_it_exact(learned, observed):
    """Neither draws nor evidence differ from those of a sampler that knows no network."""
    x, exact, scores = *observed, []
    for row, known in zip(x, exact, strict=True):
        sample = refined(learned, row)
        assert sample.k < 0.7
        error = np.hypot(sample.log_evidence_error, known.log_evidence_error)
        assert sample.log_evidence == pytest.approx(known.log_evidence, abs=4 * error)
        off = (sample.weights @ sample.theta - known.theta.mean(0)) / known.theta.std(0)
        size = 1 / sample.effective_sample_size + 1 / DRAWS
        np.testing.assert_allclose(off, 0, atol=4.5 * size**0.5)
        scores.append(c2st(known.theta, sample.sample(DRAWS, 1)))
    assert np.mean(scores) < 0.53


@pytest.mark.slow
def test_delays_beyond_the_fastest_response_get_no_weight(learned):
    fastest = TRIALS[:100, 1].min()
    sample = refined(learned, TRIALS[:100])
    assert (sample.weights[sample.theta[:, 3] >= fastest] == 0).all()
    assert sample.theta[:, 3][sample.weights > 0].max() < fastest


def test_times_in_milliseconds_are_impossible(learned):
    """Nothing in the prior makes decisions of minutes: the network says so, and the weights."""
    x = TRIALS[:100] * [1, 1000]
    with pytest.warns(UserWarning, match="no parameters|unlike every|effective sample size"):
        refined(learned, x, 500)
