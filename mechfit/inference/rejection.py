r"""Rejection ABC: keep the simulations that resemble the observation.

Draw parameters from the prior, simulate each once, keep those that came within a tolerance epsilon
of the observation. What is kept are draws of

    p_eps(theta | x_o)  ∝  p(theta) ∫ p(x | theta) 1[rho(x, x_o) <= eps] dx,

the posterior as eps -> 0 and the prior as eps -> infinity. Near x_o the share of simulations that
is kept falls like eps^k for k statistics, so with a few statistics hardly any comes close. The
distance is the root mean square over the statistics of (x - x_o) / std(x), with the spread over
the prior: 0.1 says "off by a tenth of the prior's spread". Tavaré, Balding, Griffiths & Donnelly
(1997), doi:10.1093/genetics/145.2.505; Beaumont, Zhang & Balding (2002),
doi:10.1093/genetics/162.4.2025. Taught in ``book/inference/without-a-likelihood.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.inference.scales import Standardizer
from mechfit.simulation import Bank

__all__ = ["rejection_abc"]


def rejection_abc(bank: Bank, x_o: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Keep the parameters of the simulations that are nearest to an observation.

    Args:
        bank: Simulations drawn from the prior; rows marked invalid are left out.
        x_o: Observation (k,).
        keep: How many to keep; this chooses the tolerance.

    Returns:
        Parameters (keep, d), nearest first, and their distances (keep,) in prior spreads. The last
        distance is the tolerance epsilon.

    Example:
        >>> theta = np.array([[0.0], [1.0], [2.0]])
        >>> bank = Bank(theta, 10 * theta, np.ones(3, bool), 1, ("x",))
        >>> rejection_abc(bank, [11.0], keep=2)[0].ravel()
        array([1., 2.])
    """
    theta, x = bank.theta[bank.valid], bank.x[bank.valid]
    x_o, k = np.asarray(x_o, float), len(bank.statistic_names)
    if x_o.shape != (k,) or not np.isfinite(x_o).all():
        raise ValueError(
            f"x_o has shape {x_o.shape} and the values {x_o.tolist()}, expected {k} finite "
            f"statistics: {', '.join(bank.statistic_names)}"
        )
    if not 1 <= keep <= len(theta):
        raise ValueError(
            f"keep is {keep}, expected 1 to {len(theta)}, the number of valid simulations"
        )
    distance = np.sqrt((((x - x_o) / Standardizer.of(x).std) ** 2).mean(1))
    nearest = np.argsort(distance, kind="stable")[:keep]
    return theta[nearest], distance[nearest]
