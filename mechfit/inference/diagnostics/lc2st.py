r"""L-C2ST, the local classifier two-sample test: is the posterior right at one observation?

A classifier is trained to distinguish (theta_i, x_i), the parameters that made x_i, from
(theta~_i, x_i) with theta~_i drawn from the posterior at x_i. Where the posterior is right its
output p is 1/2, so

    T(x_o) = E_q(theta | x_o) (p(theta, x_o) - 1/2)^2

measures the error at x_o. Its null distribution follows from permutation: the members of each pair
are swapped at random, and the classifier is trained again, many times. Linhart, Gramfort &
Rodrigues (2023), arXiv:2306.03580. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mechfit.inference.densities.scaling import Featurizer, Standardizer
from mechfit.inference.diagnostics.classifier import Classifier
from mechfit.inference.diagnostics.ranks import Amortized, Calibration
from mechfit.models.inputs import named
from mechfit.simulation import progress_bar

__all__ = ["LocalC2ST", "lc2st"]

HIDDEN, EPOCHS = 20, 60
DRAWS = 1000


@dataclass(frozen=True)
class LocalC2ST:
    """The test's result at one observation.

    Attributes:
        statistic: T at the observation, at most 1/4.
        null: T after random swaps (m,).
        p_value: Probability of so large a T under the null hypothesis.
        theta: Draws of the posterior at the observation (l, d).
        probability: Probability (l,) that each is a true parameter set and no draw: above 1/2
            where the posterior's density is too low, below where it is too high.
    """

    statistic: float
    null: np.ndarray
    p_value: float
    theta: np.ndarray
    probability: np.ndarray


def lc2st(
    posterior: Amortized, calibration: Calibration, x_o: np.ndarray, *, swaps: int = 100, seed: int
) -> LocalC2ST:
    """Test the posterior at one observation.

    Args:
        posterior: The posterior that was calibrated.
        calibration: Its draws for known parameters; see `calibrate`.
        x_o: The observation (k,).
        swaps: Number of random swaps; the p-value is at least 1 / (swaps + 1).
        seed: Seed of draws, swaps and trainings.
    """
    rng = np.random.default_rng(seed)
    x_o = named(x_o, getattr(posterior, "statistic_names", ()), "x_o").reshape(1, -1)
    theta = posterior.sample_batched(DRAWS, seed, x=x_o)[0]
    scale, view = Standardizer.of(calibration.theta), Featurizer.of(calibration.x, None)
    x = view.apply(calibration.x)
    pairs = np.stack([calibration.theta, calibration.draws[:, 0]])
    first, second = (np.column_stack([scale.apply(rows), x]) for rows in pairs)
    seen = view.apply(x_o)
    here = np.column_stack([scale.apply(theta), np.repeat(seen, len(theta), 0)])
    labels = np.repeat([1, 0], len(first))

    def trained(swapped: np.ndarray) -> np.ndarray:
        """Probabilities at x_o after these pairs (n, 1) changed places."""
        rows = np.concatenate(
            [np.where(swapped, b, a) for a, b in ((first, second), (second, first))]
        )
        return expit(
            Classifier(rows, labels, hidden=HIDDEN, seed=seed, epochs=EPOCHS).logits(here)
        )

    null = []
    with progress_bar(swaps, " classifiers") as bar:
        for _ in range(swaps):
            null.append(distance(trained(rng.random((len(first), 1)) < 0.5)))
            bar.update()
    probability = trained(np.zeros((len(first), 1), bool))
    statistic, null = distance(probability), np.array(null)
    p = (1 + (null >= statistic).sum()) / (1 + swaps)
    return LocalC2ST(statistic, null, float(p), theta, probability)


def distance(probability: np.ndarray) -> float:
    """Mean squared distance of probabilities from 1/2."""
    return float(((probability - 0.5) ** 2).mean())
