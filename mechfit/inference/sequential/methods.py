r"""Methods: what a round draws from, and how it learns from all rounds before it.

A method answers two questions. Where to simulate next: a proposal made of the last posterior. And
what to minimize, given that the simulations come from proposals p~_1 = p, p~_2, ... instead of the
prior p:

    TSNPE    draws from the prior on a region      -log q(z|x)                in the last region
    SNPE-A   draws from the last posterior         -log q~(z|x), then q = q~ p / p~   this round's
    SNPE-B   draws from the last posterior         -w log q(z|x), w = p / sum_r c_r p~_r      all's
    SNPE-C   draws from the last posterior         -log [q p~ / p](z|x), atoms or mixtures    all's

with c_r the share of round r. The losses are derived in ``losses.py``, the region in
``truncated.py``. As round 1 draws from the prior, no weight of SNPE-B exceeds 1 / c_1. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mechfit.inference.densities.base import Density
from mechfit.inference.densities.mdn import MDN, MixtureDensity
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.fit import Estimator, learn, readable, settings_of
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential.losses import (
    effective_sample_size,
    importance_weights,
    npe_loss,
    snpe_b_loss,
    snpe_c_atomic_loss,
    snpe_c_mixture_loss,
)
from mechfit.inference.sequential.truncated import Truncated, truncate
from mechfit.inference.training import Training
from mechfit.models.prior import Prior
from mechfit.simulation.tasks import Proposal

__all__ = ["SNPE_A", "SNPE_B", "SNPE_C", "TSNPE", "Method", "Round"]


@dataclass(frozen=True)
class Round:
    """Simulations of one round.

    Attributes:
        proposal: What the parameters were drawn from; the prior in the first round.
        theta: Parameters (n, d).
        x: Data (n, k), NaN where invalid.
    """

    proposal: Proposal
    theta: np.ndarray
    x: np.ndarray


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian in the prior's unbounded space, to draw parameters from."""

    prior: Prior
    mixture: Mixture

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""
        noise = np.random.default_rng(seed).standard_normal((1, n, len(self.prior) + 1))
        batch = Mixture(*(t[None] for t in vars(self.mixture).values()))
        return self.prior.from_unbounded(batch.push(torch.as_tensor(noise))[0].numpy())[0]


class Method(Protocol):
    """One way to learn in rounds."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Proposal:
        """Make the next proposal of the posterior at x_o and the round it was learned in."""

    def learn(self, rounds: Sequence[Round], prior: Prior, **settings: object) -> Posterior:
        """Learn from all rounds; the settings are those of `mechfit.inference.fit.learn`."""


@dataclass(frozen=True)
class TSNPE:
    """Truncated proposals: the prior, where the last posterior is dense; any estimator.

    Attributes:
        epsilon: Share of the posterior that the region may cut off.
    """

    epsilon: float = 1e-4

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Truncated:
        """Truncate the prior; a region lies within the one before."""
        within = last.proposal if isinstance(last.proposal, Region) else None
        return truncate(
            posterior, within=within, epsilon=self.epsilon, known=last.theta, seed=seed
        )

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn from what lies in the last region: there every round drew from the prior."""
        theta, x, _, keep = joined(rounds, flow)
        region = rounds[-1].proposal
        if isinstance(region, Region):
            keep &= region.inside(theta)
        return learn(theta[keep], x[keep], prior, flow=flow, **settings)


@dataclass(frozen=True)
class SNPE_A:  # noqa: N801
    """Maximum likelihood on the last round alone, corrected in closed form; an `MDN`."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Gaussian:
        """Draw from the Gaussian with the posterior's mean and covariance: a single divisor."""
        return Gaussian(posterior.prior, mixture_of(posterior).as_gaussian())

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn the proposal posterior, then divide by the proposal."""
        if not isinstance(flow, MDN):
            raise ValueError(f"SNPE-A needs a mixture, expected flow=MDN(), got {flow}")
        theta, x, _, keep = joined(rounds[-1:], flow)
        posterior = learn(theta[keep], x[keep], prior, flow=flow, **settings)
        if len(rounds) > 1:
            for network in getattr(posterior.flow, "members", [posterior.flow]):
                network.divide_by(rounds[-1].proposal.mixture)
        return posterior


@dataclass(frozen=True)
class SNPE_B:  # noqa: N801
    """Importance weights; any estimator."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Posterior:
        """Draw from the posterior."""
        return posterior

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Weight all simulations; the provenance tells how many equal ones they are worth."""
        theta, x, number, keep = joined(rounds, flow)
        log_shares = np.log(np.bincount(number) / len(number))
        parts = [r.proposal.log_prob(theta) for r in rounds] + log_shares[:, None]
        log_prior, log_proposal = prior.log_prob(theta), np.logaddexp.reduce(parts)
        weights = importance_weights(torch.as_tensor(log_prior), torch.as_tensor(log_proposal))
        weights = weights[keep]
        columns = [weights.numpy()]
        posterior = learn(
            theta[keep], x[keep], prior, flow=flow, loss=weighted, columns=columns, **settings
        )
        size = round(effective_sample_size(weights), 1)
        provenance = {**posterior.provenance, "effective_sample_size": size}
        return replace(posterior, provenance=provenance)


@dataclass(frozen=True)
class SNPE_C:  # noqa: N801
    """Automatic posterior transformation: atoms for any estimator, in closed form for an `MDN`.

    A step with atoms costs several without, so the density that the last round was drawn from
    goes on learning, for fewer epochs.

    Attributes:
        atoms: Number of atoms; an `MDN` needs none.
        again: Share of a training's epochs that going on takes; None begins anew each round.
    """

    atoms: int = 10
    again: float | None = 0.3

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Posterior:
        """Draw from the posterior."""
        return posterior

    def learn(
        self,
        rounds: Sequence[Round],
        prior: Prior,
        *,
        flow: Estimator,
        leak_free: bool = True,
        **settings: object,
    ) -> Posterior:
        """Learn from all simulations; the parameters of invalid ones stay atoms."""
        theta, x, number, keep = joined(rounds, flow)
        settings |= {"flow": flow, "leak_free": leak_free}
        if len(rounds) == 1:
            return learn(theta[keep], x[keep], prior, **settings)
        if isinstance(flow, MDN):
            loss = partial(by_mixtures, proposals=[mixture_of(r.proposal) for r in rounds[1:]])
            return learn(
                theta[keep], x[keep], prior, loss=loss, columns=[number[keep]], **settings
            )
        log_prior = prior.log_prob(theta)
        if leak_free:  # as a density of z
            to_z = prior.to_unit if getattr(flow, "box", False) else prior.to_unbounded
            log_prior = log_prior - to_z(theta)[1]
        loss, start = partial(by_atoms, atoms=self.atoms), rounds[-1].proposal
        if self.again and isinstance(start, Posterior) and alike(start, prior, **settings):
            training = settings["training"]
            epochs = math.ceil(self.again * training.plan(len(theta))[0])
            settings |= {"training": replace(training, epochs=epochs), "start": start}
        return learn(
            theta, x, prior, loss=loss, columns=[log_prior, keep, number == 0], **settings
        )


def joined(
    rounds: Sequence[Round], flow: Estimator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Parameters and data of all rounds, the number of each one's round, and which are valid."""
    theta, x = (np.concatenate([getattr(r, name) for r in rounds]) for name in ("theta", "x"))
    number = np.repeat(np.arange(len(rounds)), [len(r.theta) for r in rounds])
    return theta, x, number, readable(flow, x)


def alike(
    posterior: Posterior,
    prior: Prior,
    *,
    names: Sequence[str],
    flow: Estimator,
    training: Training,
    leak_free: bool,
    members: int = 1,
    **_: object,
) -> bool:
    """Whether a posterior was learned with these settings, of whatever simulations."""
    mine = settings_of(flow, training, members)
    kinds = [[e.get(name) for name in ("flow", "members")] for e in (mine, posterior.provenance)]
    return (
        json.dumps(kinds[0]) == json.dumps(kinds[1])
        and leak_free == (posterior.theta_scale is None)
        and posterior.prior == prior
        and tuple(posterior.statistic_names) == tuple(names)
    )


def mixture_of(posterior: Posterior) -> Mixture:
    """The mixture (k,) that an `MDN` says is the posterior at its observation."""
    if not isinstance(posterior.flow, MixtureDensity):
        raise ValueError("the closed form needs one mixture density network, expected members=1")
    with torch.no_grad():
        batch = posterior.flow.mixture(posterior.context(posterior.x_o[None]))
    return Mixture(batch.log_weights[0], batch.eta[0], batch.precision[0])


def weighted(density: Density, z: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    """Loss of SNPE-B."""
    return snpe_b_loss(density.log_prob, z, x, weights)


def by_atoms(
    density: Density,
    z: Tensor,
    x: Tensor,
    log_prior: Tensor,
    valid: Tensor,
    first: Tensor,
    *,
    atoms: int,
) -> Tensor:
    """Loss of SNPE-C with atoms."""
    return snpe_c_atomic_loss(density.log_prob, z, x, log_prior, valid, first, atoms)


def by_mixtures(
    density: MixtureDensity, z: Tensor, x: Tensor, number: Tensor, *, proposals: Sequence[Mixture]
) -> Tensor:
    """Loss of SNPE-C in closed form: every simulation with the proposal of its own round."""
    prior, total = Mixture.standard_normal(z.shape[1]).to(z.device), 0.0
    for r in number.unique():
        rows = number == r
        if r == 0:
            loss = npe_loss(density.log_prob, z[rows], x[rows])
        else:
            proposal = proposals[r - 1].to(z.device)
            loss = snpe_c_mixture_loss(density.mixture(x[rows]), z[rows].double(), proposal, prior)
        total = total + rows.sum() / len(z) * loss
    return total
