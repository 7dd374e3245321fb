"""The pairwise maximum-entropy distribution has the moments it was given, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.models import MaximumEntropy, pattern_entropy

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "statistical.npz", allow_pickle=False)
COUNTS = GOLDEN["maxent_counts"]
STATES = MaximumEntropy.independent([0.5] * 10).patterns
SEEN = COUNTS / COUNTS.sum()
MOMENTS = (STATES.T * SEEN) @ STATES
MODEL = MaximumEntropy.fit(MOMENTS)
INDEPENDENT = MaximumEntropy.independent(MOMENTS.diagonal())
DATA = np.repeat(STATES, COUNTS, axis=0)


def moments(model):
    return (model.patterns.T * model.probabilities) @ model.patterns


def random_model(n, seed):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, 1, (n, n)), 1)
    return MaximumEntropy(rng.normal(-1, 1, n), J + J.T)


def test_fit_is_the_golden_one():
    np.testing.assert_allclose(moments(MODEL), MOMENTS, rtol=0, atol=1e-14)
    np.testing.assert_allclose(MODEL.h, GOLDEN["maxent_h"], rtol=0, atol=1e-12)
    upper = np.triu_indices(10, 1)
    np.testing.assert_allclose(MODEL.J[upper], GOLDEN["maxent_J"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(INDEPENDENT.h, GOLDEN["maxent_h_independent"], rtol=1e-12)
    log_Z = -MODEL.log_prob(np.zeros((1, 10)))[0]
    assert log_Z == pytest.approx(GOLDEN["maxent_logZ"], abs=1e-12)


def test_entropies_and_likelihoods_are_the_golden_ones():
    entropies = INDEPENDENT.entropy, MODEL.entropy, *pattern_entropy(DATA)
    np.testing.assert_allclose(entropies, GOLDEN["maxent_entropies_bits"], rtol=1e-12)
    each = [model.log_prob(DATA).mean() for model in (INDEPENDENT, MODEL)]
    np.testing.assert_allclose(each, GOLDEN["maxent_loglik"], rtol=1e-12)
    assert each[1] / np.log(2) == pytest.approx(-MODEL.entropy, rel=1e-12)
    active = STATES.sum(1).astype(int)
    found = [
        np.bincount(active, p) for p in (SEEN, MODEL.probabilities, INDEPENDENT.probabilities)
    ]
    np.testing.assert_allclose(found, GOLDEN["maxent_PK"], rtol=0, atol=1e-12)


def test_cells_of_plus_and_minus_one_have_other_numbers_and_the_same_probabilities():
    spins = 2 * STATES - 1
    h, J = MODEL.h / 2 + MODEL.J.sum(0) / 4, MODEL.J / 4
    np.testing.assert_allclose(h, GOLDEN["maxent_h_pm"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(J[np.triu_indices(10, 1)], GOLDEN["maxent_J_pm"], atol=1e-12)
    p = np.exp(spins @ h + np.einsum("mi,ij,mj->m", spins, J, spins) / 2)
    np.testing.assert_allclose(p / p.sum(), MODEL.probabilities, rtol=1e-11)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**32))
def test_parameters_are_recovered(n, seed):
    model = random_model(n, seed)
    found = MaximumEntropy.fit(moments(model))
    np.testing.assert_allclose(found.h, model.h, atol=1e-8)
    np.testing.assert_allclose(found.J, model.J, atol=1e-8)
    rates = moments(model).diagonal()
    assert model.entropy <= MaximumEntropy.independent(rates).entropy + 1e-12


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 2**32))
def test_order_of_cells_does_not_matter(order, seed):
    model = random_model(5, seed)
    found = MaximumEntropy.fit(moments(model)[np.ix_(order, order)])
    np.testing.assert_allclose(found.J, model.J[np.ix_(order, order)], atol=1e-8)


def test_two_cells_have_a_closed_form():
    p = np.array([0.4, 0.2, 0.3, 0.1])
    model = MaximumEntropy.fit([[0.3, 0.1], [0.1, 0.4]])
    np.testing.assert_allclose(model.probabilities, p, rtol=1e-12)
    assert model.J[0, 1] == pytest.approx(np.log(p[3] * p[0] / (p[1] * p[2])))


def test_samples_have_its_moments():
    draws = MODEL.sample(40_000, seed=1)
    np.testing.assert_allclose(draws.T @ draws / 40_000, MOMENTS, atol=4 * np.sqrt(0.25 / 40_000))
    np.testing.assert_array_equal(draws, MODEL.sample(40_000, seed=1))
    expected = np.bincount(STATES.sum(1).astype(int), MODEL.probabilities)
    seen = np.bincount(draws.sum(1).astype(int), minlength=11) / 40_000
    np.testing.assert_allclose(seen, expected, atol=4 * np.sqrt(0.25 / 40_000))


def test_half_a_pattern_of_fair_coins_mends_cells_that_never_fire_together():
    patterns = np.array([[1, 0], [0, 1], [0, 0], [0, 0]])
    with pytest.raises(ValueError, match="cells 0 and 1 fire together with probability 0.0"):
        MaximumEntropy.fit(patterns.T @ patterns / 4)
    more = patterns.T @ patterns + 0.5 * (np.eye(2) + 1) / 4
    assert -3 < MaximumEntropy.fit(more / 4.5).J[0, 1] < -1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MaximumEntropy.fit([[0.0]]), "rate of cell 0 is 0.0 per bin, expected above 0"),
        (lambda: MaximumEntropy.fit([[0.3, 0.1], [0.1, 1.2]]), "rate of cell 1 is 1.2 per bin"),
        (lambda: MaximumEntropy.fit([[0.3, 0.3], [0.3, 0.4]]), "above 0.0 and below 0.3"),
        (lambda: MaximumEntropy.fit([[0.8, 0.3], [0.3, 0.7]]), "expected above 0.5 and below 0.7"),
        (lambda: MaximumEntropy.fit([[0.3, 0.1], [0.2, 0.4]]), "expected .* symmetric"),
        (lambda: MaximumEntropy.fit(np.full((16, 16), 0.1)), "n up to 15"),
        (lambda: MaximumEntropy.fit(0.48 * np.eye(3) + 0.02), "all together are not"),
        (lambda: MaximumEntropy.fit([[np.nan]]), "moments has the value nan"),
        (lambda: MaximumEntropy([0.0, 0.0], np.eye(2)), "zeros on the diagonal"),
        (lambda: MaximumEntropy([0.0], np.zeros((2, 2))), r"h has shape \(1,\) and J \(2, 2\)"),
        (lambda: MODEL.log_prob(np.zeros((3, 9))), r"shape \(3, 9\), expected \(m, 10\)"),
        (lambda: MODEL.log_prob(2 * STATES), "patterns have the value 2.0, expected 0 or 1"),
        (lambda: pattern_entropy(np.zeros((0, 3))), r"shape \(0, 3\)"),
        (lambda: MODEL.sample(0, 1), "m is 0, expected at least 1"),
    ],
)
def test_clear_errors(make, said):
    with pytest.raises(ValueError, match=said):
        make()
