"""Exchange of priors: distributions of torch, scipy and sbi as a prior of named parameters.

Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats
from scipy.linalg import block_diag
from torch import distributions as of_torch

from mechfit.models.distributions import Distribution, LogNormal, LogUniform, Normal, Uniform
from mechfit.models.inputs import numbers
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior
from mechfit.models.tails import Beta, Gamma, Truncated

__all__ = ["prior_of"]

TORCH = {
    of_torch.Uniform: (Uniform, "low", "high"),
    of_torch.Normal: (Normal, "loc", "scale"),
    of_torch.LogNormal: (LogNormal, "loc", "scale"),
    of_torch.Beta: (Beta, "concentration1", "concentration0"),
    of_torch.Gamma: (lambda a, rate: Gamma(a, 1 / rate), "concentration", "rate"),
    of_torch.Exponential: (lambda rate: Gamma(1.0, 1 / rate), "rate"),
    of_torch.HalfNormal: (lambda scale: Truncated(Normal(0.0, scale), 0.0), "scale"),
}
"""Distributions of torch: ours, and the names of its numbers there, in order."""

SCIPY = {
    "uniform": lambda low, width: Uniform(low, low + width),
    "norm": Normal,
    "lognorm": lambda s, loc, scale: LogNormal(np.log(at_zero(scale, loc)), s),
    "loguniform": lambda a, b, loc, scale: LogUniform(a * at_zero(scale, loc), b * scale),
    "beta": lambda a, b, low, width: Beta(a, b, low, low + width),
    "gamma": lambda a, loc, scale: Gamma(a, at_zero(scale, loc)),
    "expon": lambda loc, scale: Gamma(1.0, at_zero(scale, loc)),
    "halfnorm": lambda loc, scale: Truncated(Normal(loc, scale), loc),
    "truncnorm": lambda a, b, loc, scale: Truncated(
        Normal(loc, scale), loc + a * scale, loc + b * scale
    ),
}
"""Frozen distributions of scipy, made of shape parameters, loc and scale."""


def prior_of(prior: object, names: Sequence[str] | None = None) -> Prior:
    """The prior with the density of a distribution of torch, scipy or sbi.

    Args:
        prior: `Uniform`, `Normal`, `LogNormal`, `Beta`, `Gamma`, `Exponential`, `HalfNormal` or
            `MultivariateNormal` of torch, `Independent` or not; these or `loguniform` or
            `truncnorm` of scipy, frozen; `BoxUniform` or `MultipleIndependent` of sbi; or a list
            of these. A `Prior` is returned as it is.
        names: Names of the d parameters; "theta_1" to "theta_d" by default.

    Raises:
        TypeError: It is another distribution.

    Example:
        >>> prior = prior_of([stats.uniform(0.5, 79.5), of_torch.Normal(-70.0, 5.0)], ["g", "E"])
        >>> prior.parameters[1].distribution
        Normal(mean=-70.0, std=5.0)
    """
    if isinstance(prior, Prior):
        return prior
    marginals, correlation = parts_of(prior)
    names = [f"theta_{j + 1}" for j in range(len(marginals))] if names is None else names
    if len(names) != len(marginals):
        raise ValueError(f"{len(names)} names, expected one for each of {len(marginals)}")
    made = Prior(tuple(map(Parameter, names, marginals)))
    independent = np.array_equal(correlation, np.eye(len(names)))
    return made if independent else made.correlated(correlation)


def parts_of(prior: object) -> tuple[list[Distribution], np.ndarray]:
    """The distribution of each of d parameters, and their correlation (d, d)."""
    if isinstance(prior, list | tuple):
        each, correlations = zip(*map(parts_of, prior), strict=True)
        return sum(each, []), block_diag(*correlations)
    if isinstance(prior, of_torch.Independent):
        return parts_of(prior.base_dist)
    for inner in ("dists", "prior"):  # of MultipleIndependent, and of other wrappers of sbi
        if isinstance(prior, of_torch.Distribution) and hasattr(prior, inner):
            return parts_of(getattr(prior, inner))
    if isinstance(prior, of_torch.MultivariateNormal | type(stats.multivariate_normal())):
        frozen = not isinstance(prior, of_torch.Distribution)
        covariance = numbers(prior.cov if frozen else prior.covariance_matrix, "covariance")
        std = np.sqrt(covariance.diagonal())
        return list(map(Normal, numbers(prior.mean, "mean"), std)), covariance / np.outer(std, std)
    frozen = getattr(prior, "dist", None)
    if type(prior) in TORCH:
        kind, *given = TORCH[type(prior)]
        values = [numbers(getattr(prior, name), name) for name in given]
    elif isinstance(frozen, stats.rv_continuous) and frozen.name in SCIPY:
        kind, shapes = SCIPY[frozen.name], frozen.shapes.split(", ") if frozen.shapes else []
        names = [*shapes, "loc", "scale"]
        given = dict(zip(names, prior.args, strict=False)) | prior.kwds
        values = [({"loc": 0.0, "scale": 1.0} | given)[name] for name in names]
    else:
        raise TypeError(
            f"the prior is of type {type(prior).__name__}, expected a Prior, or a distribution "
            f"that prior_of converts: {', '.join(each.__name__ for each in TORCH)} or "
            f"MultivariateNormal of torch, {', '.join(SCIPY)} or multivariate_normal of scipy, "
            "frozen, BoxUniform of sbi or a list of these; Prior and Parameter make others"
        )
    rows = np.broadcast_arrays(*map(np.atleast_1d, values))
    marginals = [kind(*row) for row in zip(*map(np.ravel, rows), strict=True)]
    return marginals, np.eye(len(marginals))


def at_zero(value: float, origin: float) -> float:
    """The value, where a distribution of positive numbers was not shifted."""
    if origin:
        raise ValueError(f"the prior has loc={origin}, expected loc=0")
    return value
