"""C2ST: can a classifier tell two sets of samples apart?

A small neural network is trained to tell draws of p from draws of q and tested on held-out draws.
Its accuracy is 0.5 where the two are the same and 1 where they do not overlap. Lopez-Paz & Oquab
(2017), arXiv:1610.06545; the recipe is that of Lueckmann, Boelts, Greenberg, Gonçalves & Macke
(2021), arXiv:2101.04653. Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

__all__ = ["c2st"]


def c2st(reference: np.ndarray, samples: np.ndarray, *, seed: int = 1) -> float:
    """Return the accuracy of a classifier between two sets of draws.

    Args:
        reference: Draws (n, d) of the reference; both sets are standardized by it.
        samples: Draws (n, d) to be judged.
        seed: Seed of the network and of the five folds.

    Returns:
        Accuracy on held-out draws, mean over five folds.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> c2st(rng.normal(size=(200, 1)), rng.normal(size=(200, 1)) + 9.0)
        1.0
    """
    reference, samples = np.asarray(reference, float), np.asarray(samples, float)
    if reference.shape != samples.shape or reference.ndim != 2:
        raise ValueError(
            f"reference and samples have shapes {reference.shape} and {samples.shape}, "
            "expected the same (n, d)"
        )
    mean, std = reference.mean(0), reference.std(0, ddof=1)
    data = (np.concatenate([reference, samples]) - mean) / std
    target = np.repeat([0, 1], len(reference))
    width = 10 * data.shape[1]
    network = MLPClassifier((width, width), max_iter=10_000, random_state=seed)
    folds = KFold(5, shuffle=True, random_state=seed)
    return float(cross_val_score(network, data, target, cv=folds, scoring="accuracy").mean())
