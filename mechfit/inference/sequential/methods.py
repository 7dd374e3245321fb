r"""Methods of sequential inference: the proposal of each round, and the loss that corrects for it.

With simulations from proposals p~_1 = p, p~_2, ... instead of the prior p:

    method    proposal                 loss                                     simulations used
    TSNPE     the prior on a region    -log q(z|x)                              in the region
    SNPE-A    the last posterior       -log q~(z|x), then q = q~ p / p~         the last round's
    SNPE-B    the last posterior       -w log q(z|x), w = p / sum_r c_r p~_r    all
    SNPE-C    the last posterior       -log [q p~ / p](z|x), atoms or mixtures  all

with c_r the share of round r. The losses are derived in ``losses.py``, the region in
``truncated.py``. As round 1 draws from the prior, no weight of SNPE-B exceeds 1 / c_1. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mechfit.inference.densities.configs import Estimator
from mechfit.inference.densities.mdn import MDN, MixtureDensity
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.fit import learn, learnable, settings_of
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
from mechfit.inference.space import Space
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import Training
from mechfit.models.inputs import shaped
from mechfit.models.prior import Prior
from mechfit.simulation.bank import Bank, concatenated
from mechfit.simulation.tasks import Proposal

__all__ = ["SNPE_A", "SNPE_B", "SNPE_C", "TSNPE", "Method", "Round"]


@dataclass(frozen=True)
class Round:
    """Simulations of one round, and the proposal that their parameters were drawn from."""

    bank: Bank
    proposal: Proposal


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian in the prior's unbounded space, as a proposal."""

    prior: Prior
    mixture: Mixture

    @shaped
    @torch_state()
    def sample(self, n: int | Sequence[int], seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""
        noise = np.random.default_rng(seed).standard_normal((1, n, len(self.prior) + 1))
        batch = Mixture(*(t[None] for t in vars(self.mixture).values()))
        return self.prior.from_unbounded(batch.push(torch.as_tensor(noise))[0].numpy())[0]

    @torch_state()
    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of theta (n, d)."""
        z, log_det = self.prior.to_unbounded(theta)
        return self.mixture.log_prob(torch.as_tensor(z)).numpy() + log_det


class Method(Protocol):
    """One way to learn in rounds."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Proposal:
        """Make the next proposal from the posterior at x_o and the round it was learned in."""

    def learn(self, rounds: Sequence[Round], prior: Prior, **settings: object) -> Posterior:
        """Learn from all rounds; the settings are those of `mechfit.inference.fit.learn`."""


@dataclass(frozen=True)
class TSNPE:
    """Truncated proposals: the prior on the last posterior's region; for any estimator.

    Attributes:
        epsilon: Share of the posterior that the region may cut off.
    """

    epsilon: float = 1e-4

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Truncated:
        """Truncate the prior, within the region of the round before."""
        within = last.proposal if isinstance(last.proposal, Region) else None
        return truncate(
            posterior, within=within, epsilon=self.epsilon, known=last.bank.theta, seed=seed
        )

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn from simulations in the last region, where all are draws from the prior."""
        other = [r.proposal for r in rounds if not isinstance(r.proposal, Prior | Region)]
        if other:
            raise ValueError(
                f"TSNPE learns from draws of the prior on regions, got a {type(other[0]).__name__}"
                ": take method=SNPE_C()"
            )
        bank, _, keep = pooled(rounds, flow)
        region = rounds[-1].proposal
        if isinstance(region, Region):
            keep &= region.inside(bank.theta)
        return learn(bank.rows(keep), prior, flow=flow, **settings)


@dataclass(frozen=True)
class SNPE_A:  # noqa: N801
    """Maximum likelihood on the last round alone, corrected in closed form; needs an `MDN`."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Gaussian:
        """The Gaussian with the posterior's mean and covariance: the correction divides by one."""
        return Gaussian(posterior.prior, mixture_of(posterior).as_gaussian())

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn the proposal posterior, then divide by the proposal."""
        if not isinstance(flow, MDN):
            raise ValueError(f"SNPE-A needs a mixture, expected flow=MDN(), got {flow}")
        bank, _, keep = pooled(rounds[-1:], flow)
        posterior = learn(bank.rows(keep), prior, flow=flow, **settings)
        if len(rounds) > 1:
            for network in getattr(posterior.flow, "members", [posterior.flow]):
                network.divide_by(rounds[-1].proposal.mixture)
        return posterior


@dataclass(frozen=True)
class SNPE_B:  # noqa: N801
    """Importance weights; for any estimator."""

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Posterior:
        """The posterior itself."""
        return posterior

    @torch_state()
    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Weight all simulations; the provenance holds their effective sample size."""
        bank, number, keep = pooled(rounds, flow)
        log_shares = np.log(np.bincount(number) / len(number))
        parts = [r.proposal.log_prob(bank.theta) for r in rounds] + log_shares[:, None]
        log_prior, log_proposal = prior.log_prob(bank.theta), np.logaddexp.reduce(parts)
        weights = importance_weights(torch.as_tensor(log_prior), torch.as_tensor(log_proposal))
        weights = weights[keep]
        settings |= {"flow": flow, "loss": snpe_b_loss, "columns": [weights.numpy()]}
        posterior = learn(bank.rows(keep), prior, **settings)
        size = round(effective_sample_size(weights), 1)
        provenance = {**posterior.provenance, "effective_sample_size": size}
        return replace(posterior, provenance=provenance)


@dataclass(frozen=True)
class SNPE_C:  # noqa: N801
    """Automatic posterior transformation: atoms for any estimator, in closed form for an `MDN`.

    A step with atoms costs several without, so training goes on from the last round's density.

    Attributes:
        atoms: Number of atoms; an `MDN` needs none.
        again: Share of the epochs that going on takes; None begins each round anew.
    """

    atoms: int = 10
    again: float | None = 0.3

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Posterior:
        """The posterior itself."""
        return posterior

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn from all simulations; the parameters of invalid ones stay atoms."""
        bank, number, keep = pooled(rounds, flow)
        settings |= {"flow": flow}
        if len(rounds) == 1:
            return learn(bank.rows(keep), prior, **settings)
        if isinstance(flow, MDN):
            loss = partial(by_mixtures, proposals=[mixture_of(r.proposal) for r in rounds[1:]])
            settings |= {"loss": loss, "columns": [number[keep]]}
            return learn(bank.rows(keep), prior, **settings)
        space = Space.of(prior, flow, bank.theta, leak_free=settings.get("leak_free", True))
        start = rounds[-1].proposal
        if self.again and isinstance(start, Posterior) and alike(start, space, bank, **settings):
            training = settings["training"]
            epochs = math.ceil(self.again * training.plan(len(bank))[0])
            settings |= {"training": replace(training, epochs=epochs), "start": start}
        columns = [space.log_prior(bank.theta), keep, number == 0]
        loss = partial(snpe_c_atomic_loss, atoms=self.atoms)
        return learn(bank, prior, loss=loss, columns=columns, **settings)


def pooled(rounds: Sequence[Round], flow: Estimator) -> tuple[Bank, np.ndarray, np.ndarray]:
    """All simulations, the number of each one's round (n,) and which can be learned from (n,)."""
    bank = concatenated([r.bank for r in rounds])
    number = np.repeat(np.arange(len(rounds)), [len(r.bank) for r in rounds])
    return bank, number, learnable(bank, flow)


def alike(
    posterior: Posterior,
    space: Space,
    bank: Bank,
    *,
    flow: Estimator,
    training: Training,
    members: int = 1,
    **_: object,
) -> bool:
    """Whether a posterior has the same density, space and statistics."""
    mine = settings_of(flow, training, members)
    kinds = [[made.get(k) for k in ("flow", "members")] for made in (mine, posterior.provenance)]
    return (
        kinds[0] == kinds[1]
        and (space.leaks, space.prior) == (posterior.space.leaks, posterior.prior)
        and tuple(posterior.statistic_names) == tuple(bank.statistic_names)
    )


@torch_state()
def mixture_of(posterior: Posterior) -> Mixture:
    """The mixture (k,) of an `MDN` at the posterior's observation."""
    if not isinstance(posterior.flow, MixtureDensity) or posterior.space.leaks:
        raise ValueError(
            "the closed form needs one mixture density network in the prior's unbounded space: "
            "expected members=1 and leak_free=True"
        )
    batch = posterior.flow.mixture(posterior.context(posterior.x_o[None]))
    return Mixture(*(t[0] for t in vars(batch).values()))


def by_mixtures(
    density: MixtureDensity, z: Tensor, x: Tensor, number: Tensor, *, proposals: Sequence[Mixture]
) -> Tensor:
    """Loss of SNPE-C in closed form: every simulation with the proposal of its own round."""
    prior, total = Mixture.standard_normal(z.shape[1]).to(z.device), 0.0
    for r in number.unique():
        rows = number == r
        if r == 0:
            loss = npe_loss(density, z[rows], x[rows])
        else:
            proposal = proposals[r - 1].to(z.device)
            loss = snpe_c_mixture_loss(density.mixture(x[rows]), z[rows].double(), proposal, prior)
        total = total + rows.sum() / len(z) * loss
    return total
