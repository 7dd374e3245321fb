"""C2ST, the classifier two-sample test of two sets of samples.

A small neural network is trained to distinguish draws of p from draws of q. Its accuracy on
held-out draws is 0.5 where the two are the same and 1 where they do not overlap. Of the larger set
as many draws are taken as the smaller has. In a column that is constant in one set, at c, the
network sees whether a draw is c: all others are the other set's. Lopez-Paz & Oquab (2017),
arXiv:1610.06545; settings of Lueckmann, Boelts, Greenberg, Gonçalves & Macke (2021),
arXiv:2101.04653. Taught in ``book/inference/predictive-checks.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.inference.densities.moments import ROUNDING, bounded, moments, tamed, varying
from mechfit.inference.densities.scaling import FARTHEST
from mechfit.inference.diagnostics.classifier import Classifier
from mechfit.models.inputs import aligned

__all__ = ["c2st"]

FOLDS = 5


def c2st(reference: np.ndarray, samples: np.ndarray, *, seed: int = 1) -> float:
    """Return the accuracy of a classifier between two sets of draws.

    Args:
        reference: Draws (n, d) of the reference; both sets are standardized by it.
        samples: Draws (m, d) to be judged.
        seed: Seed of the network, of the five folds and of what is taken of the larger set.

    Returns:
        Accuracy on held-out draws, mean over five folds.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> c2st(rng.normal(size=(200, 1)), rng.normal(size=(200, 1)) + 9.0)
        1.0
    """
    reference, samples = aligned(reference=reference, samples=samples)
    n = min(len(reference), len(samples))
    if reference.ndim != 2 or reference.shape[1:] != samples.shape[1:] or n < FOLDS:
        raise ValueError(
            f"reference and samples have shapes {reference.shape} and {samples.shape}, "
            f"expected (n, d) and (m, d) of at least {FOLDS} rows"
        )
    rng = np.random.default_rng(seed)
    reference, samples = (
        rows if len(rows) == n else rng.choice(rows, n, replace=False)
        for rows in (reference, samples)
    )
    data = np.concatenate([reference, samples])
    if not np.isfinite(data).all():
        raise ValueError("reference and samples hold NaN or infinity, expected finite draws")
    data, vary = bounded(data), varying(reference)
    constant = np.where(vary, bounded(samples)[0], bounded(reference)[0])
    other = abs(data - constant) > ROUNDING * np.maximum(abs(data), abs(constant))
    mean, std = moments(tamed(reference), ddof=1)
    data = bounded((data - mean) / std, FARTHEST)
    data = np.where(vary & varying(samples), data, other)
    labels, hidden = np.repeat([0, 1], n), 10 * data.shape[1]
    order = np.random.RandomState(seed).permutation(len(data))  # noqa: NPY002 - as scikit-learn
    fold, accuracies = np.empty(len(data), int), []
    for k, rows in enumerate(np.array_split(order, FOLDS)):
        fold[rows] = k
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        network = Classifier(data[train], labels[train], hidden=hidden, seed=seed)
        accuracies.append(network.accuracy(data[test], labels[test]))
    return float(np.mean(accuracies))
