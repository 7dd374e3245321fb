"""Fit: from a bank of simulations to a posterior.

Invalid simulations are left out. That introduces no bias: whether a simulation is valid is a
function of x, so p(theta | x) of a valid x does not depend on how many others were invalid. With
several members the posterior is an ensemble, trained in parallel processes, with the same result
however many, or side by side in one (``members.py``). Every other member starts at a ridge
regression of parameters on statistics: for it few simulations suffice where the posterior is
nearly linear, but it is in the way where it is not. So the two kinds are weighted by the densities
of simulations that both held out (stacking: Yao, Vehtari, Simpson & Gelman 2018,
doi:10.1214/17-BA1091). Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from mechfit.inference.densities.base import Density, Ensemble, seeded
from mechfit.inference.densities.configs import Coupling, Estimator, build, flow_to_dict
from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.module import OwnNetwork
from mechfit.inference.densities.moments import varying
from mechfit.inference.densities.ridge import Ridge, ridge
from mechfit.inference.densities.scaling import Featurizer
from mechfit.inference.files import plain
from mechfit.inference.members import alike, train_members
from mechfit.inference.posterior import Posterior
from mechfit.inference.sequential.losses import npe_loss
from mechfit.inference.space import Space
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import BLOCK, History, Loss, Training, parts, train
from mechfit.models.inputs import whole
from mechfit.models.prior import Prior
from mechfit.simulation import Bank
from mechfit.simulation.progress import inside_a_bar, progress_bar
from mechfit.simulation.workers import isolated

__all__ = ["fit", "learn", "learnable"]

FEWEST = 20
FEW, MANY, MEMBERS = 3000, 10, 4
"""Number of simulations below which many networks are trained, each shortly; else so many."""
SCARCE = 150
"""Number below which it is twice as many, so that each simulation is held out by two of them."""
NARROW, WIDE = 300, 50_000
"""Numbers of simulations below which networks are narrower, and from which on wider and deeper."""


def fit(
    bank: Bank,
    prior: Prior,
    *,
    flow: Estimator | None = None,
    training: Training | None = None,
    leak_free: bool = True,
    members: int | None = None,
    seed: int,
) -> Posterior:
    """Train a conditional density on a bank drawn from the prior.

    Args:
        bank: Simulations; invalid rows are left out.
        prior: The prior that the bank's parameters were drawn from.
        flow: Kind and size of the density estimator; `Coupling()` by default, below 300
            simulations `Coupling(hidden=64)`, from 50,000 on
            `Coupling(layers=5, hidden=256, bound=3)`.
        training: How to train.
        leak_free: Train in the prior's unbounded space, where no draw can leave the prior; else
            in standardized parameters, as most published studies did, and reject draws outside.
        members: Number of densities in the ensemble, each from other random weights and each
            two with other simulations held out. Where `training` leaves the epochs open, four by
            default, and ten with short trainings for fewer than 3,000 simulations, twenty for
            fewer than 150; else one.
        seed: Seed of initial weights, held-out rows and batches.

    Returns:
        The posterior for any observation.

    Example:
        >>> from mechfit.models import TwoMoons
        >>> from mechfit.simulation import simulate
        >>> bank = simulate(TwoMoons(), 200, seed=1)
        >>> posterior = fit(bank, TwoMoons.prior, training=Training(epochs=2), seed=1)
        >>> posterior.at([0.0, 0.0]).sample(10, seed=1).shape
        (10, 2)
    """
    training, bank = training or Training(), bank.under(prior)
    if flow is None:
        flow = default_flow(len(bank))
    valid = bank.rows(learnable(bank, flow))
    posterior = learn(
        valid,
        prior,
        flow=flow,
        training=training,
        leak_free=leak_free,
        members=members,
        seed=seed,
    )
    made = {"simulations": len(bank), "valid": len(valid), "bank_seed": bank.seed}
    return replace(posterior, provenance=made | posterior.provenance)


def default_flow(n: int) -> Coupling:
    """Kind and size of the density estimator for n simulations."""
    if n < NARROW:
        return Coupling(hidden=64)
    return Coupling() if n < WIDE else Coupling(layers=5, hidden=256, bound=3.0)


def learnable(bank: Bank, flow: Estimator) -> np.ndarray:
    """Which simulations (n,) a density can learn from: the valid ones, or its embedding's rule."""
    if not isinstance(flow.embedding, Embedding | None):
        raise TypeError(
            f"embedding is a {type(flow.embedding).__name__}, expected an embedding of this "
            "package; FromModule(lambda: ...) makes one of any module of torch"
        )
    return bank.readable(flow.embedding and flow.embedding.valid)


@torch_state()
def learn(
    bank: Bank,
    prior: Prior,
    *,
    flow: Estimator,
    training: Training,
    leak_free: bool = True,
    members: int | None = 1,
    seed: int,
    loss: Loss = npe_loss,
    columns: Sequence[np.ndarray] = (),
    folder: Path | None = None,
    start: Posterior | None = None,
) -> Posterior:
    """Train densities on a bank from any proposals, with any loss, instead of `fit`'s.

    The loss takes a density, z, x (zeros for invalid simulations) and the further columns (n,).
    The state of the training is kept in `folder`, so that a stopped one is resumed. `start` is a
    posterior with the same settings, whose scales and weights are the initial ones.

    Raises:
        ValueError: There are too few simulations, or parameters outside the prior.
    """
    bank = bank.under(prior)
    valid = learnable(bank, flow)
    if members is None:
        many = MANY * (2 if len(bank) < SCARCE else 1)
        members = 1 if training.epochs else many if len(bank) < FEW else MEMBERS
    members = whole(members, "members", 1)
    if valid.sum() < FEWEST:
        raise ValueError(f"{valid.sum()} simulations are valid, expected at least {FEWEST}")
    if start is None:
        space = Space.of(prior, flow, bank.theta, leak_free=leak_free)
        featurizer = Featurizer.of(bank.x[valid], flow.embedding)
        starts = [flow] * members
    else:
        space, featurizer = start.space, start.featurizer
        starts = [start.flow] if members == 1 else start.flow.members
    inputs = featurizer.apply(bank.x)
    inputs[~valid] = 0.0
    data = space.apply(bank.theta)[0], inputs, *columns

    started = time.perf_counter()
    seeds = [seed] if members == 1 else np.random.SeedSequence(seed).generate_state(members)
    few = members > 1 and len(bank) < FEW
    folds = -(-members // 2)
    held_out = parts(len(bank), training.validation, folds, np.random.default_rng(seed))
    linear = start is None and flow.embedding is None
    jobs = []
    for m, first in enumerate(starts):
        rows, regression = held_out[m // 2], None
        if linear and m % 2 == 0:
            others = np.setdiff1d(np.flatnonzero(valid), rows)
            regression = ridge(data[0][others], inputs[others])
        options = {"loss": loss, "held_out": rows, "short": few}
        options["checkpoint"] = folder and folder / f"training-{m}"
        jobs.append(((first, regression, space.box), data, training, int(seeds[m]), options))
    if few and loss is npe_loss and alike(starts, training):
        networks = [begun(*job[0], *data[:2], job[3]) for job in jobs]
        rows = [job[4]["held_out"] for job in jobs]
        kinds = [m % 2 for m in range(members)]
        histories = train_members(networks, data, training, [job[3] for job in jobs], rows, kinds)
    else:
        alone = few or members == 1
        trained = [train_one(*job) for job in jobs] if alone else train_in_parallel(jobs)
        networks, histories = zip(*trained, strict=True)
    provenance = {
        **settings_of(flow, training, members),
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
    }
    x, known = bank.x[valid], np.isinf(featurizer.standard.std)
    if len(constant := np.flatnonzero(~varying(x) & np.isfinite(x).all(0) & ~known)):
        provenance["constant"] = [[j, x[0, j]] for j in constant]
    weights = stacked(networks, held_out, *data[:2]) if loss is npe_loss else None
    network = networks[0] if members == 1 else Ensemble(networks, weights)
    names = tuple(bank.statistic_names)
    return Posterior(space, network, featurizer, names, tuple(histories), provenance)


def begun(
    start: Estimator | Density,
    regression: Ridge | None,
    box: Sequence[bool],
    z: np.ndarray,
    x: np.ndarray,
    seed: int,
) -> Density:
    """A density to be trained, from random weights at a regression or those of a trained one."""
    if isinstance(start, Density):
        return copy.deepcopy(start)
    network = build(start, z.shape[1], x.shape[1], seed, box)
    network.standardize(torch.as_tensor(z).float(), regression)
    return network


def train_one(
    start: tuple[Estimator | Density, Ridge | None, Sequence[bool]],
    data: Sequence[np.ndarray],
    training: Training,
    seed: int,
    options: dict,
) -> tuple[Density, History]:
    """Train one density."""
    network = begun(*start, *data[:2], seed)
    steps = partial(train, network, data, training, seed, **options)
    draws = isinstance(network.reader, OwnNetwork)  # perhaps, as dropout does
    return network, seeded(steps, seed=seed) if draws else steps()


@torch.no_grad()
def stacked(
    networks: Sequence[Density], held_out: Sequence[np.ndarray], z: np.ndarray, x: np.ndarray
) -> Tensor:
    """Weights (m,) of networks, those of even number and the rest, that predict best.

    Of the simulations that each two of them held out, the weights w and 1 - w of the two kinds
    maximize the mean log-density, with one log w (1 - w) beside them all.
    """
    even, odd = networks[::2], networks[1::2]
    if not odd:
        return torch.ones(1)
    logs = []
    for rows, *pair in zip(held_out, even, odd, strict=False):
        columns = (torch.as_tensor(a[rows]).float().split(BLOCK) for a in (z, x))
        blocks = list(zip(*columns, strict=True))
        logs.append([torch.cat([n.log_prob(a, b) for a, b in blocks]) for n in pair])
    first, second = (torch.cat(each).double().numpy() for each in zip(*logs, strict=True))

    def surprise(w: float) -> float:
        return -np.logaddexp(first + np.log(w), second + np.log1p(-w)).sum() - np.log(w * (1 - w))

    w = minimize_scalar(surprise, bounds=(1e-6, 1 - 1e-6), method="bounded").x
    weights = torch.full((len(networks),), (1 - w) / len(odd))
    weights[::2] = w / len(even)
    return weights


def train_silently(*job: object) -> tuple[Density, History]:
    """Train one density in a worker, without a progress bar."""
    inside_a_bar.set(True)
    return train_one(*job)


def train_in_parallel(jobs: Sequence[tuple]) -> list[tuple[Density, History]]:
    """Train several densities in processes, as many at a time as there are cores."""
    workers = isolated()
    futures = [workers.submit(train_silently, *job) for job in jobs]
    trained = {}
    try:
        with progress_bar(len(jobs), " networks") as bar:
            for future in as_completed(futures):
                m = futures.index(future)
                if isinstance(future.exception(), workers.died):  # perhaps by another's fault
                    future = workers.submit_alone(train_silently, *jobs[m])
                trained[m] = future.result()
                history = trained[m][1]
                bar.set_postfix(validation=f"{history.validation[history.best]:.3f}")
                bar.update()
    except BaseException:
        workers.stop()
        raise
    return [trained[m] for m in range(len(jobs))]


def settings_of(flow: Estimator, training: Training, members: int) -> dict:
    """The part of a posterior's provenance that describes its densities and their training."""
    return {"flow": flow_to_dict(flow), "training": asdict(training), "members": plain(members)}
