"""Exchange of priors: distributions of torch, scipy and sbi as a prior of named parameters.

Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import stats
from torch import distributions as of_torch

from mechfit.models.distributions import Distribution, LogNormal, LogUniform, Normal, Uniform
from mechfit.models.inputs import numbers
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior

__all__ = ["prior_of"]

TORCH = {
    of_torch.Uniform: (Uniform, "low", "high"),
    of_torch.Normal: (Normal, "loc", "scale"),
    of_torch.LogNormal: (LogNormal, "loc", "scale"),
}
"""Distributions of torch: ours, and the names of its numbers there, in order."""

SCIPY = {
    "uniform": lambda low, width: Uniform(low, low + width),
    "norm": Normal,
    "lognorm": lambda s, origin, scale: LogNormal(np.log(scale), at_zero(s, origin)),
    "loguniform": lambda a, b, origin, scale: LogUniform(at_zero(a * scale, origin), b * scale),
}
"""Frozen distributions of scipy, made of shape parameters, loc and scale."""


def prior_of(prior: object, names: Sequence[str] | None = None) -> Prior:
    """The prior with the density of a distribution of torch, scipy or sbi.

    Args:
        prior: `Uniform`, `Normal`, `LogNormal` or a `MultivariateNormal` without correlations of
            torch, `Independent` or not; `uniform`, `norm`, `lognorm` or `loguniform` of scipy;
            `BoxUniform` or `MultipleIndependent` of sbi; or a list of these. A `Prior` is
            returned as it is.
        names: Names of the d parameters; "theta_1" to "theta_d" by default.

    Raises:
        TypeError: It is another distribution.

    Example:
        >>> low, high = torch.tensor([0.5, 0.0]), torch.tensor([80.0, 15.0])
        >>> prior_of(of_torch.Uniform(low, high), ["g_Na", "g_K"]).limits()
        array([[ 0.5, 80. ],
               [ 0. , 15. ]])
    """
    if isinstance(prior, Prior):
        return prior
    marginals = marginals_of(prior)
    names = [f"theta_{j + 1}" for j in range(len(marginals))] if names is None else names
    if len(names) != len(marginals):
        raise ValueError(f"{len(names)} names, expected one for each of {len(marginals)}")
    return Prior(tuple(map(Parameter, names, marginals)))


def marginals_of(prior: object) -> list[Distribution]:
    """The distribution of each parameter."""
    if isinstance(prior, list | tuple):
        return [marginal for part in prior for marginal in marginals_of(part)]
    if isinstance(prior, of_torch.Independent):
        return marginals_of(prior.base_dist)
    for inner in ("dists", "prior"):  # of MultipleIndependent, and of other wrappers of sbi
        if isinstance(prior, of_torch.Distribution) and hasattr(prior, inner):
            return marginals_of(getattr(prior, inner))
    if isinstance(prior, of_torch.MultivariateNormal) and is_diagonal(prior.covariance_matrix):
        return marginals_of(of_torch.Normal(prior.loc, prior.stddev))
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
            f"MultivariateNormal without correlations of torch, {', '.join(SCIPY)} of scipy, "
            "BoxUniform of sbi or a list of these; Prior and Parameter make others"
        )
    rows = np.broadcast_arrays(*map(np.atleast_1d, values))
    return [kind(*row) for row in zip(*map(np.ravel, rows), strict=True)]


def is_diagonal(matrix: torch.Tensor) -> bool:
    """Whether all numbers off the diagonal are 0."""
    return torch.equal(matrix, matrix.diagonal().diag())


def at_zero(value: float, origin: float) -> float:
    """The value, where a distribution of positive numbers was not shifted."""
    if origin:
        raise ValueError(f"the prior has loc={origin}, expected loc=0")
    return value
