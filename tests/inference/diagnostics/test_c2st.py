"""A classifier's accuracy has known values for known overlaps."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

from mechfit.inference import c2st
from mechfit.inference.diagnostics.classifier import Classifier

RNG = np.random.default_rng(1)


def test_same_distribution():
    p, q = RNG.normal(size=(2, 1500, 2))
    assert c2st(p, q) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("shift", [1.0, 2.0])
def test_shifted_normals_reach_the_bayes_accuracy(shift):
    p, q = RNG.normal(size=(2, 1500, 1))
    assert c2st(p, q + shift) == pytest.approx(norm.cdf(shift / 2), abs=0.03)


@pytest.mark.parametrize(
    ("n", "d"), [(450, 1), (1000, 2), pytest.param(777, 6, marks=pytest.mark.slow)]
)
def test_its_classifier_is_that_of_scikit_learn(n, d):
    """Every loss from first to last; the last batch may be a small one."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(n, d)), rng.integers(2, size=n)
    x[y == 1] *= 1.5
    ours = Classifier(x, y, hidden=10 * d, seed=3)
    theirs = MLPClassifier((10 * d, 10 * d), max_iter=10_000, random_state=3).fit(x, y)
    np.testing.assert_allclose(ours.losses, theirs.loss_curve_, rtol=1e-9)
    fresh, labels = rng.normal(size=(500, d)), rng.integers(2, size=500)
    assert ours.accuracy(fresh, labels) == pytest.approx(theirs.score(fresh, labels), abs=1e-12)


def test_the_recipe_is_the_published_one():
    p, q = RNG.normal(size=(2, 150, 2))
    data = (np.concatenate([p, q + 1]) - p.mean(0)) / p.std(0, ddof=1)
    network = MLPClassifier((20, 20), max_iter=10_000, random_state=1)
    folds = KFold(5, shuffle=True, random_state=1)
    accuracies = cross_val_score(network, data, np.repeat([0, 1], 150), cv=folds)
    assert c2st(p, q + 1) == pytest.approx(accuracies.mean(), abs=1e-12)


def test_what_cannot_be_judged():
    for q in (np.zeros((4, 2)), np.zeros((9, 3)), np.zeros(9)):
        with pytest.raises(ValueError, match=r"expected \(n, d\) and \(m, d\) of at least 5"):
            c2st(np.zeros((9, 2)), q)
    p = RNG.normal(size=(50, 2))
    for bad in (np.full((50, 2), np.nan), p * [1, np.inf]):
        with pytest.raises(ValueError, match="expected finite draws"):
            c2st(p, bad)


@pytest.mark.parametrize(("n", "m"), [(500, 1500), (1500, 500)])
def test_the_larger_set_counts_no_more(n, m):
    p, q = RNG.normal(size=(n, 1)), RNG.normal(size=(m, 1))
    assert c2st(p, q) == pytest.approx(0.5, abs=0.05)
    assert c2st(p, q + 1.0) == pytest.approx(norm.cdf(0.5), abs=0.05)


def beside(column, shift=0.0):
    """Draws (600, 2): a normal one, and a column."""
    return np.column_stack([RNG.normal(size=600) + shift, np.broadcast_to(column, 600)])


@pytest.mark.parametrize(
    ("here", "there", "shift", "accuracy"),
    [
        (3.0, 3.0, 0.0, 0.5),
        (3.0, 3.0 + 1e-12, 2.0, norm.cdf(1.0)),
        (3.0, RNG.normal(3.0, 1.0, 600), 0.0, 1.0),
        (0.0, np.repeat([0.0, 5.0, 6.0], [300, 150, 150]), 0.0, 0.75),
        (1e-3, 2e-3, 0.0, 1.0),
    ],
)
def test_a_constant_column_tells_only_what_differs_from_it(here, there, shift, accuracy):
    p, q = beside(here), beside(there, shift)
    for value in (c2st(p, q), c2st(q, p)):
        assert value == pytest.approx(accuracy, abs=0.04 * (accuracy < 1))


def test_outliers_of_the_reference_hide_no_difference():
    p, q = RNG.normal(size=(2, 500, 2))
    plain = c2st(p, q + 2)
    p[:2] = 1e12, 1.7e308
    assert c2st(p, q + 2) == pytest.approx(plain, abs=0.02)
    assert plain > 0.9
