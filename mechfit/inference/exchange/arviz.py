"""Exchange with ArviZ: a posterior's draws as a DataTree.

Its groups are `posterior`, `prior`, `observed_data` and, with a model, `posterior_predictive`: a
variable for each parameter and each statistic, with unit and symbol as attributes, over the
dimensions `chain` (one: the draws are independent) and `draw`. Kumar, Carroll, Hartikainen &
Martin (2019), doi:10.21105/joss.01143. Taught in ``book/inference/predictive-checks.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mechfit.inference.posterior import Posterior
from mechfit.models import Model
from mechfit.simulation import simulate

if TYPE_CHECKING:
    from xarray import DataTree

__all__ = ["to_datatree"]


def to_datatree(
    posterior: Posterior, *, model: Model | None = None, draws: int = 1000, seed: int
) -> DataTree:
    """Draw from a posterior at its observation, for ArviZ.

    Args:
        posterior: A posterior with an observation, `posterior.at(x_o)`.
        model: The simulator, for predictive draws and the statistics' units.
        draws: Number of draws of posterior and prior.
        seed: Seed of draws and simulations.

    Returns:
        The tree; predictive values of invalid simulations are NaN.
    """
    try:
        from arviz_base import from_dict
    except ImportError as error:
        raise ImportError(
            "ArviZ's data trees need the package arviz-base: pip install 'mechfit[arviz]'"
        ) from error
    if posterior.x_o is None:
        raise ValueError("the posterior has no observation, expected posterior.at(x_o)")
    prior, names = posterior.prior, posterior.statistic_names
    theta = posterior.sample(draws, seed)
    groups = {
        "posterior": columns(prior.names, theta[None]),
        "prior": columns(prior.names, prior.sample(draws, seed)[None]),
        "sample_stats": {"lp": posterior.log_prob(theta)[None]},
        "observed_data": columns(names, posterior.x_o),
    }
    attributes = {p.name: {"units": p.unit, "long_name": p.symbol} for p in prior.parameters}
    if model is not None:
        x = simulate(model, seed=seed, theta=theta).x
        groups["posterior_predictive"] = columns(model.statistic_names, x[None])
        units = zip(model.statistic_names, model.statistic_units, strict=True)
        attributes |= {name: {"units": unit} for name, unit in units}
    tree = from_dict(groups)
    for group in tree.children.values():
        for name, variable in group.data_vars.items():
            given = attributes.get(name, {})
            variable.attrs |= {key: value for key, value in given.items() if value}
    return tree


def columns(names: tuple[str, ...], rows: np.ndarray) -> dict[str, np.ndarray]:
    """The last axis of rows (..., k) as named arrays (...)."""
    return dict(zip(names, np.moveaxis(rows, -1, 0), strict=True))
