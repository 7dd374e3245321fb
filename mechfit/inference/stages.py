r"""Stages: the layers of a flow, applied one after another to points of its base.

A flow is a composition z = T_1^-1(T_2^-1(... T_L^-1(u))); here are its intermediate values. Taught
in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import numpy as np
import torch

from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.flow import Flow
from mechfit.inference.posterior import Posterior
from mechfit.inference.torch_state import torch_state
from mechfit.models.inputs import finite, numbers, spans

__all__ = ["stages"]


@torch_state()
def stages(posterior: Posterior, noise: np.ndarray) -> np.ndarray:
    """Follow points of the base through the layers of a trained `Coupling` flow.

    Args:
        posterior: A posterior with a fixed observation, in the prior's unbounded space.
        noise: Points (n, d) of the base.

    Returns:
        States (layers + 2, n, d): the noise, the points after each layer, and the parameters, with
        the permutations between layers undone.
    """
    flow = posterior.flow
    known = isinstance(flow, Flow) and isinstance(flow.transform, SplineCoupling)
    if not known or any(posterior.space.box) or posterior.space.leaks:
        raise ValueError(
            "expected a posterior fitted with flow=Coupling(box=False) and leak_free=True"
        )
    if posterior.x_o is None:
        raise ValueError("no observation: call posterior.at(x_o) first")
    noise = finite(np.atleast_2d(numbers(noise, "noise")), "noise")
    spans(noise[0], len(posterior.prior), "noise")
    features = flow.reader(posterior.context(posterior.x_o[None]))[:, None]
    u = torch.as_tensor(noise[None].copy(), dtype=torch.float32)
    states = flow.transform.stages(u, features)[:, 0]
    z = flow.origin(features)[:, 0] + states[-1] @ flow.root.T
    theta = posterior.prior.from_unbounded(z.double().numpy())[0]
    return np.concatenate([states.double().numpy(), theta[None]])
