"""Fit: from a bank of simulations to a posterior.

Leave out the invalid simulations, map the parameters to the space the density works in,
standardize the data, train. Leaving out is right here: whether a simulation is valid can be seen
in x alone, so for a valid x the posterior is the same whether or not there were invalid ones.
Several members make an ensemble, the mean of their densities; they are trained side by side in
processes of their own, and end alike wherever they run. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import MAF, NSF, Coupling
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.densities.regression import PosteriorMean
from mechfit.inference.densities.scaling import Featurizer, Standardizer
from mechfit.inference.posterior import Posterior, finite_rows
from mechfit.inference.training import History, Loss, Training, likelihood, train
from mechfit.models.prior import Prior
from mechfit.simulation import Bank
from mechfit.simulation.progress import progress_bar
from mechfit.simulation.workers import Processes

__all__ = ["FLOWS", "Estimator", "build", "fit", "learn"]

FEWEST = 20
Estimator = Coupling | MAF | NSF | MDN | PosteriorMean
FLOWS = {c.__name__: c for c in (Coupling, MAF, NSF, MDN, PosteriorMean)}


def fit(
    bank: Bank,
    prior: Prior,
    *,
    flow: Estimator | None = None,
    training: Training | None = None,
    leak_free: bool = True,
    members: int = 1,
    seed: int,
) -> Posterior:
    """Train a conditional density on a bank drawn from the prior.

    Args:
        bank: Simulations; invalid rows are left out.
        prior: The prior that the bank's parameters were drawn from.
        flow: Kind and size of the density estimator; `Coupling()` by default.
        training: How to train.
        leak_free: Work in the prior's unbounded space, so that no draw leaves it; else
            standardize the parameters, as most published studies did, and reject.
        members: Number of densities, each from other random weights, whose mean is taken.
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
    flow = flow or Coupling()
    valid = readable(flow, bank.x)
    theta, x = prior.check(bank.theta)[valid], bank.x[valid]
    provenance = {"simulations": len(bank), "valid": len(theta), "bank_seed": bank.seed}
    posterior = learn(
        theta,
        x,
        prior,
        names=bank.statistic_names,
        flow=flow,
        training=training or Training(),
        leak_free=leak_free,
        members=members,
        seed=seed,
    )
    return replace(posterior, provenance=provenance | posterior.provenance)


def readable(flow: Estimator, x: np.ndarray) -> np.ndarray:
    """Which rows of x (n, k) a density can learn from (n,)."""
    return (flow.embedding.valid if flow.embedding else finite_rows)(x)


def learn(
    theta: np.ndarray,
    x: np.ndarray,
    prior: Prior,
    *,
    names: Sequence[str],
    flow: Estimator,
    training: Training,
    leak_free: bool = True,
    members: int = 1,
    seed: int,
    loss: Loss = likelihood,
    columns: Sequence[np.ndarray] = (),
    folder: Path | None = None,
    start: Posterior | None = None,
) -> Posterior:
    """Train densities on parameters (n, d) and data (n, k) with any loss.

    Besides the arguments of `fit`: the loss and the further columns (n,) that it takes; a folder
    to keep the state of the training in, so that a stopped one goes on; and a posterior with the
    same settings to start from, with its scales and weights, instead of random weights.

    Raises:
        ValueError: There are too few simulations, or parameters outside the prior.
    """
    usable = readable(flow, x)
    if usable.sum() < FEWEST:
        raise ValueError(f"{usable.sum()} simulations are valid, expected at least {FEWEST}")
    if not np.isfinite(prior.log_prob(theta)).all():
        raise ValueError("the bank holds parameters outside the prior that was given")
    box = getattr(flow, "box", False)
    if box and not leak_free:
        raise ValueError("a flow in the unit cube cannot leave the prior: expected leak_free=True")
    if start is None:
        x_scale = Featurizer.of(x[usable], flow.embedding)
        theta_scale = None if leak_free else Standardizer.of(theta)
        networks = [None] * members
    else:
        x_scale, theta_scale = start.x_scale, start.theta_scale
        networks = [start.flow] if members == 1 else start.flow.members
    if not leak_free:
        z = theta_scale.apply(theta)
    else:
        z = (prior.to_unit if box else prior.to_unbounded)(theta)[0]
    scaled = x_scale.apply(x)
    scaled[~usable] = 0.0

    started = time.perf_counter()
    seeds = [seed] if members == 1 else np.random.SeedSequence(seed).generate_state(members)
    jobs = [
        (
            network or flow,
            (z, scaled, *columns),
            training,
            int(s),
            loss,
            folder and folder / f"training-{m}",
        )
        for m, (network, s) in enumerate(zip(networks, seeds, strict=True))
    ]
    trained = [one(*jobs[0])] if members == 1 else side_by_side(jobs)
    networks, histories = zip(*trained, strict=True)
    provenance = {
        **settings_of(flow, training, members),
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
    }
    network = networks[0] if members == 1 else Ensemble(networks)
    return Posterior(
        prior, network, x_scale, theta_scale, tuple(names), tuple(histories), provenance
    )


def one(
    start: Estimator | Density,
    columns: Sequence[np.ndarray],
    training: Training,
    seed: int,
    loss: Loss,
    checkpoint: Path | None,
) -> tuple[Density, History]:
    """Train one density, new or as far as it came."""
    if isinstance(start, Density):
        network = copy.deepcopy(start)
    else:
        network = build(start, columns[0].shape[1], columns[1].shape[1], seed)
        network.standardize(torch.as_tensor(columns[0]).float())
    history = train(network, columns, training, seed, loss=loss, checkpoint=checkpoint)
    return network, history


def one_silently(*job: object) -> tuple[Density, History]:
    """Train one density in a process whose progress nobody sees."""
    os.environ["MECHFIT_PROGRESS"] = "0"
    return one(*job)


def side_by_side(jobs: Sequence[tuple]) -> list[tuple[Density, History]]:
    """Train several densities, as many at a time as there are cores."""
    workers = Processes()
    futures = [workers.submit(one_silently, *job) for job in jobs]
    try:
        with progress_bar(len(jobs), " networks") as bar:
            for future in as_completed(futures):
                history = future.result()[1]
                bar.set_postfix(validation=f"{history.validation[history.best]:.3f}")
                bar.update()
    except BaseException:
        workers.stop()
        raise
    return [f.result() for f in futures]


def settings_of(flow: Estimator, training: Training, members: int) -> dict:
    """What a posterior's provenance says of its densities and their training."""
    settings = {"kind": type(flow).__name__, **asdict(flow)}
    if flow.embedding:
        settings["embedding"]["kind"] = type(flow.embedding).__name__
    return {"flow": settings, "training": asdict(training), "members": members}


def build(flow: Estimator, d: int, k: int, seed: int) -> Density:
    """Make a density with weights drawn from `seed`, leaving torch's global generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return flow.build(d, k)
