"""Fit: from a bank of simulations to a posterior.

Drop the invalid simulations, map the parameters to the space the flow works in, standardize the
statistics, train. Dropping is right here: the prior is then that of *valid* simulations, which is
what an observation, itself valid, asks for. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import time
from dataclasses import asdict

import numpy as np
import torch

from mechfit.inference.flows import MAF, NSF, Coupling, Flow
from mechfit.inference.posterior import Posterior, Standardizer
from mechfit.inference.training import Training, train
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["fit"]

FEWEST = 20


def fit(
    bank: Bank,
    prior: Prior,
    *,
    flow: Coupling | MAF | NSF | None = None,
    training: Training | None = None,
    leak_free: bool = True,
    seed: int,
) -> Posterior:
    """Train a conditional density on a bank drawn from the prior.

    Args:
        bank: Simulations; rows marked invalid are left out.
        prior: The prior that the bank's parameters were drawn from.
        flow: Kind and size of the density estimator; `Coupling()` by default.
        training: How to train.
        leak_free: Work in the prior's unbounded space, so that no draw leaves it; else
            standardize the parameters, as most published studies did, and reject.
        seed: Seed of initial weights, held-out rows and batches.

    Returns:
        The posterior for any observation.

    Example:
        >>> from mechfit.models import Model
        >>> from mechfit.simulation import simulate
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> model = Model.from_function(lambda theta, rng: theta + rng.normal(), prior, ["x"])
        >>> bank = simulate(model, 200, seed=1)
        >>> posterior = fit(bank, prior, training=Training(epochs=2), seed=1)
        >>> posterior.at([0.5]).sample(10, seed=1).shape
        (10, 1)
    """
    flow, training = flow or Coupling(), training or Training()
    theta, x = prior.check(bank.theta)[bank.valid], bank.x[bank.valid]
    if len(theta) < FEWEST:
        raise ValueError(
            f"{len(theta)} of {len(bank)} simulations are valid, expected at least {FEWEST}"
        )
    if not np.isfinite(prior.log_prob(theta)).all():
        raise ValueError("the bank holds parameters outside the prior that was given")
    x_scale = Standardizer.of(x)
    theta_scale = None if leak_free else Standardizer.of(theta)
    network = build(flow, theta.shape[1], x.shape[1], seed)
    if network.box and not leak_free:
        raise ValueError("a flow in the unit cube cannot leave the prior: expected leak_free=True")
    if not leak_free:
        z = theta_scale.apply(theta)
    else:
        z = (prior.to_unit if network.box else prior.to_unbounded)(theta)[0]

    started = time.perf_counter()
    history = train(network, z, x_scale.apply(x), training, seed)
    provenance = {
        **settings_of(flow, training),
        "simulations": len(bank),
        "valid": len(theta),
        "bank_seed": bank.seed,
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
    }
    return Posterior(
        prior, network, x_scale, theta_scale, bank.statistic_names, history, provenance
    )


def settings_of(flow: Coupling | MAF | NSF, training: Training) -> dict[str, dict]:
    """What a posterior's provenance says of flow and training."""
    return {
        "flow": {"kind": type(flow).__name__, **asdict(flow)},
        "training": asdict(training),
    }


def build(flow: Coupling | MAF | NSF, d: int, k: int, seed: int) -> Flow:
    """Make a flow with weights drawn from `seed`, leaving torch's global generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return flow.build(d, k)
