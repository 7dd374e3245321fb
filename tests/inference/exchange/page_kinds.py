"""Posteriors of all kinds that a page evaluates, small and with weights that were shaken."""

from functools import cache

import numpy as np
import torch

from mechfit.inference import MAF, Coupling, Posterior, Subset, Training, fit
from mechfit.models import LogNormal, LogUniform, Normal, Parameter, Prior, Uniform
from mechfit.simulation import Bank

BOUNDED = Prior.uniform(["a", "b", "c"], [0, -1, 5], [1, 2, 6], ["mV", "", "ms"], ["α", "", "c"])
MIXED = Prior(
    tuple(
        Parameter(name, distribution)
        for name, distribution in {
            "a": Uniform(0, 1),
            "b": Normal(1, 2),
            "c": LogUniform(0.1, 10),
            "d": LogNormal(0, 0.5),
        }.items()
    )
)
ONE = Prior.uniform(["a"], [2.0], [3.0])
SMALL = {"layers": 3, "hidden": 20}
KINDS = {
    "box": (BOUNDED, Coupling(**SMALL), {}),
    "box, more bins": (BOUNDED, Coupling(**SMALL, bins=6, bound=3.0), {}),
    "box, one number": (ONE, Coupling(**SMALL), {}),
    "partly in the box": (MIXED, Coupling(**SMALL), {}),
    "unbounded": (MIXED, Coupling(**SMALL, box=False), {}),
    "standardized": (MIXED, Coupling(**SMALL), {"leak_free": False}),
    "subset": (BOUNDED, Coupling(**SMALL, embedding=Subset(32, 8)), {}),
    "ensemble": (BOUNDED, Coupling(**SMALL), {"members": 2}),
    "ensemble of subsets": (MIXED, Coupling(**SMALL, embedding=Subset(16, 4)), {"members": 2}),
    "maf": (MIXED, MAF(3, 20), {}),
    "maf, standardized": (BOUNDED, MAF(3, 20), {"leak_free": False}),
}
NAMES = "normal", "counted", "steep", "constant"


def bank(prior: Prior, n: int = 400) -> Bank:
    """Simulations whose statistics are normal, counts, very skewed, and constant."""
    rng, theta = np.random.default_rng(0), prior.sample(n, 1)
    z = prior.to_unbounded(theta)[0] @ rng.normal(size=(len(prior), 3))
    z += 0.3 * rng.normal(size=z.shape)
    counts, steep = np.exp(3 * z[:, 1:]).T
    x = np.column_stack([z[:, 0], counts // 1, steep, np.full(n, 4.0)])
    return Bank(theta, x, np.ones(n, bool), 1, NAMES)


@cache
def posterior(kind: str) -> Posterior:
    """One of these kinds."""
    prior, flow, options = KINDS[kind]
    made = fit(bank(prior), prior, flow=flow, training=Training(epochs=1), seed=1, **options)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weights in made.flow.parameters():
            weights += 0.1 * torch.randn(weights.shape, generator=generator)
    return made
