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
    with pytest.raises(ValueError, match=r"expected the same \(n, d\)"):
        c2st(np.zeros((3, 2)), np.zeros((4, 2)))
    p, q = RNG.normal(size=(2, 50, 2))
    for bad in (np.full((50, 2), np.nan), p * [1, np.inf]):
        with pytest.raises(ValueError, match="expected finite draws"):
            c2st(p, bad)
    with pytest.raises(ValueError, match="varies in every column"):
        c2st(p * [1, 0], q)


def test_outliers_of_the_reference_hide_no_difference():
    p, q = RNG.normal(size=(2, 500, 2))
    plain = c2st(p, q + 2)
    p[:2] = 1e12, 1.7e308
    assert c2st(p, q + 2) == pytest.approx(plain, abs=0.02)
    assert plain > 0.9
