"""A problem whose posterior is known: 3 parameters, 5 data, everything normal.

theta ~ N(0, I), x = A theta + s r with r ~ N(0, I), so that theta | x ~ N(C A^T x / s^2, C) with
C = (I + A^T A / s^2)^-1.
"""

import numpy as np

from mechfit.models import Model, Normal, Parameter, Prior
from mechfit.simulation import Bank

S = 0.5
A = np.random.default_rng(0).normal(size=(5, 3))
C = np.linalg.inv(np.eye(3) + A.T @ A / S**2)
PRIOR = Prior(tuple(Parameter(n, Normal(0.0, 1.0)) for n in ("a", "b", "c")))
MODEL = Model.from_function(
    lambda theta, rng: A @ theta + S * rng.normal(size=5), PRIOR, ["v", "w", "x", "y", "z"]
)
X_O = MODEL.statistics(np.array([0.5, -1.0, 0.3]), seed=7)[0]


def mean(x):
    """Posterior mean (3,)."""
    return C @ A.T @ x / S**2


def observe(theta, seed):
    """Data (n, 5) of parameters (n, 3), all rows at once."""
    return theta @ A.T + S * np.random.default_rng([seed, 1]).normal(size=(len(theta), 5))


def bank(n, seed):
    """Simulations of the prior, without the processes that `simulate` starts for a function."""
    theta = PRIOR.sample(n, seed)
    return Bank(theta, observe(theta, seed), np.ones(n, bool), seed, MODEL.statistic_names)
