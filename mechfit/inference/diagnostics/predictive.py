r"""Posterior predictive check: do simulations of posterior draws resemble the observation?

With the share F_j of these simulations whose statistic j is below that of x_o (half of those that
are equal), the two-sided p-value is p_j = 2 min(F_j, 1 - F_j), at least 1 / (n + 1). A small p_j
means that the draws do not reproduce statistic j: the posterior is wrong, or the model cannot. A
p_j that is not small is weak evidence, as the posterior was fitted to x_o: under a correct one,
small values are rarer than their size says. Gelman, Meng & Stern (1996), Statistica Sinica 6:733.
Taught in ``book/inference/predictive-checks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechfit.inference.densities.moments import moments, tamed
from mechfit.inference.diagnostics.ranks import FEWEST, Amortized
from mechfit.models import Model
from mechfit.models.inputs import named
from mechfit.simulation import simulate

__all__ = ["PredictiveCheck", "predictive_check", "tail"]


@dataclass(frozen=True, repr=False)
class PredictiveCheck:
    """Simulations of posterior draws, and p-values of the observation among them.

    Attributes:
        names: Names of the k statistics.
        x_o: The observation (k,).
        theta: Draws of the posterior (n, d) whose simulations are valid.
        x: Their statistics (n, k).
        p_values: Two-sided p-value of each statistic (k,).
        invalid: Number of invalid simulations.
    """

    names: tuple[str, ...]
    x_o: np.ndarray
    theta: np.ndarray
    x: np.ndarray
    p_values: np.ndarray
    invalid: int

    @property
    def misses(self) -> np.ndarray:
        """Distance of x_o from the simulations' median, in their standard deviations (k,).

        It is 0 where they do not vary.
        """
        spread = moments(tamed(self.x), ddof=1)[1]
        away = self.x_o - np.median(self.x, 0)
        return away / spread


def predictive_check(
    posterior: Amortized, model: Model, x_o: np.ndarray, *, draws: int = 500, seed: int
) -> PredictiveCheck:
    """Simulate draws of the posterior at x_o (k,) and compare their statistics with it.

    Raises:
        ValueError: Hardly any of the simulations is valid.
    """
    names = getattr(posterior, "statistic_names", model.statistic_names)
    x_o = named(x_o, names, "x_o")
    theta = posterior.sample_batched(draws, seed, x=x_o[None])[0]
    bank = simulate(model, theta=theta, seed=seed).select(names)
    if x_o.shape != bank.x.shape[1:]:
        raise ValueError(
            f"x_o has shape {x_o.shape}, expected ({bank.x.shape[1]},) for the statistics "
            f"{', '.join(names)}"
        )
    valid = bank.rows(bank.valid)
    if len(valid) < FEWEST:
        raise ValueError(
            f"{len(valid)} of {draws} simulations of posterior draws are valid, expected at "
            f"least {FEWEST}: the posterior lies where the model fails"
        )
    p_values = tail(valid.x, x_o)
    return PredictiveCheck(names, x_o, valid.theta, valid.x, p_values, draws - len(valid))


def tail(x: np.ndarray, x_o: np.ndarray) -> np.ndarray:
    """Two-sided p-values (k,) of x_o (k,) among rows x (n, k).

    Example:
        >>> tail(np.arange(99.0)[:, None], np.array([200.0])).round(2)
        array([0.01])
    """
    below, equal = (x < x_o).sum(0), (x == x_o).sum(0)
    n = len(x)
    share = (below + 0.5 * equal + 0.5) / (n + 1)
    return (2 * np.minimum(share, 1 - share)).clip(1 / (n + 1), 1)
