"""Checks of what rounds are made with, before anything is simulated."""

from __future__ import annotations

from types import UnionType

import numpy as np

from mechfit.inference.densities.configs import Estimator
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential.methods import SNPE_A, Method
from mechfit.inference.training import Training
from mechfit.models import Prior
from mechfit.models.inputs import whole
from mechfit.simulation.tasks import Proposal

__all__ = ["check_proposal", "check_settings"]


def check_proposal(
    proposal: Proposal, prior: Prior, kinds: UnionType = Prior | Region | Posterior
) -> None:
    """Refuse what is no proposal, has another prior or no observation."""
    if not isinstance(proposal, kinds):
        raise TypeError(
            f"the proposal is of type {type(proposal).__name__}, expected the prior itself, a "
            "region of it or, in later rounds, posterior.at(x_o)"
        )
    if getattr(proposal, "prior", proposal).to_dict() != prior.to_dict():
        raise ValueError("the proposal has another prior, expected that of NPE(prior)")
    if isinstance(proposal, Posterior) and proposal.x_o is None:
        raise ValueError("the proposal has no observation, expected posterior.at(x_o)")


def check_settings(
    method: Method,
    *,
    flow: Estimator,
    training: Training,
    leak_free: bool,
    members: int | None,
    **_: object,
) -> None:
    """Refuse what no round could be learned with."""
    whole(1 if members is None else members, "members", 1)
    for name, value, does, example in (
        ("method", method, "propose", "TSNPE()"),
        ("flow", flow, "build", "Coupling()"),
        ("training", training, "plan", "Training()"),
    ):
        if isinstance(value, type) or not hasattr(value, does):
            raise TypeError(f"{name} is {value!r}, expected an object such as {example}")
    if not isinstance(leak_free, bool | np.bool_):
        raise TypeError(f"leak_free is {leak_free!r}, expected True or False")
    if isinstance(method, SNPE_A):
        method.refuse(flow=flow, leak_free=leak_free)
