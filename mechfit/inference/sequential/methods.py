r"""Methods of sequential inference: the proposal of each round, and the loss that corrects for it.

With simulations from proposals p~_1 = p, p~_2, ... instead of the prior p:

    method    proposal                 loss                                     simulations used
    TSNPE     the prior on a region    -log q(z|x)                              in the region
    SNPE-A    a Gaussian like it       -log q~(z|x), then q = q~ p / p~         the last round's
    SNPE-B    the last posterior       -w log q(z|x), w = p / sum_r c_r p~_r    all
    SNPE-C    the last posterior       -log [q p~ / p](z|x), atoms or mixtures  all

with c_r the share of round r. The losses are derived in ``losses.py``, the region in
``truncated.py``. As round 1 draws from the prior, no weight of SNPE-B exceeds 1 / c_1. Where it
draws from a region of the prior, SNPE-B and SNPE-C learn the posterior truncated to that region,
TSNPE to the last one. Taught in ``book/inference/sequential.md``.
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
    region_weights,
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
        """Learn from simulations in the last region, weighted where others do not contain it."""
        proposals = [r.proposal for r in rounds]
        self.refuse(*proposals)
        bank, number, keep = pooled(rounds, flow, region := proposals[-1])
        inside = np.ones((len(bank), len(rounds)), bool)
        for r, proposal in enumerate(proposals[:-1]):
            if isinstance(proposal, Region) and not any(proposal is each for each in region.all()):
                inside[:, r] = proposal.inside(bank.theta) | (number == r)
        if not inside.all():
            weights = region_weights(inside, number)[keep]
            settings |= {"loss": snpe_b_loss, "columns": [weights]}
        return learn(bank.rows(keep), prior, flow=flow, **settings)

    def refuse(self, *proposals: Proposal) -> None:
        """Refuse proposals that are not the prior on regions."""
        for proposal in proposals:
            if not isinstance(proposal, Prior | Region):
                raise ValueError(
                    "TSNPE learns from draws of the prior on regions, got a "
                    f"{type(proposal).__name__}: take method=SNPE_C()"
                )


@dataclass(frozen=True)
class SNPE_A:  # noqa: N801
    """Maximum likelihood on the last round alone, corrected in closed form; needs an `MDN`.

    As published, one Gaussian for each x is enough for the proposals, and what it learns can
    nearly always be divided; of several, see `snpe_a_posterior`.
    """

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Gaussian:
        """The Gaussian with the posterior's mean and covariance: the correction divides by one."""
        return Gaussian(posterior.prior, mixture_of(posterior).as_gaussian())

    def learn(
        self, rounds: Sequence[Round], prior: Prior, *, flow: Estimator, **settings: object
    ) -> Posterior:
        """Learn the proposal posterior, then divide by the proposal."""
        self.refuse(flow=flow, **settings)
        proposal = rounds[-1].proposal
        divisor = mixture_of(proposal)
        unlike = divisor is None or len(divisor.log_scales) > 1
        if unlike and not isinstance(proposal, Prior | Region):
            raise ValueError(
                "SNPE-A divides by one Gaussian: expected simulations of `propose`, of a region, "
                f"or of a posterior with MDN(components=1), got a {type(proposal).__name__}"
            )
        bank, _, keep = pooled(rounds[-1:], flow)
        posterior = learn(bank.rows(keep), prior, flow=flow, **settings)
        if divisor is not None:
            for network in getattr(posterior.flow, "members", [posterior.flow]):
                network.divide_by(divisor)
        return posterior

    def refuse(self, *, flow: Estimator, leak_free: bool = True, **_: object) -> None:
        """Refuse settings in which the correction has no closed form."""
        if not isinstance(flow, MDN) or not leak_free:
            raise ValueError(
                "SNPE-A divides mixtures in the prior's unbounded space, expected flow=MDN(...) "
                f"and leak_free=True, got {flow} and {leak_free}; SNPE_C() takes any"
            )


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
        bank, _, keep = pooled(rounds, flow, rounds[0].proposal)
        counts = np.array([len(r.bank) for r in rounds])
        log_shares = np.log(counts / counts.sum())
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
    """Automatic posterior transformation, in closed form where it has one, else with atoms.

    It has one for an `MDN` in the prior's unbounded space, if round 1 draws from the prior and the
    others from such posteriors. A step with atoms costs several without, so training goes on from
    the last round's density.

    Attributes:
        atoms: Number of atoms, where some are needed.
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
        bank, number, keep = pooled(rounds, flow, rounds[0].proposal)
        settings |= {"flow": flow}
        if len(rounds) == 1:
            return learn(bank.rows(keep), prior, **settings)
        closed = isinstance(flow, MDN) and settings.get("leak_free", True)
        if closed and isinstance(rounds[0].proposal, Prior):
            mixtures = [mixture_of(r.proposal) for r in rounds[1:]]
            if all(mixtures):
                loss = partial(by_mixtures, proposals=mixtures)
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


def pooled(
    rounds: Sequence[Round], flow: Estimator, region: Proposal | None = None
) -> tuple[Bank, np.ndarray, np.ndarray]:
    """All simulations, those in a region alone if there is one.

    Returns:
        Them, the number of each one's round (n,) and which can be learned from (n,).
    """
    bank = concatenated([r.bank for r in rounds])
    number = np.repeat(np.arange(len(rounds)), [len(r.bank) for r in rounds])
    if isinstance(region, Region):
        inside = region.inside(bank.theta)
        bank, number = bank.rows(inside), number[inside]
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
def mixture_of(proposal: Proposal) -> Mixture | None:
    """The mixture (k,) that a proposal is in the prior's unbounded space, or None."""
    if isinstance(proposal, Gaussian):
        return proposal.mixture
    flow = getattr(proposal, "flow", None)
    networks = getattr(flow, "members", [flow])
    if not all(isinstance(n, MixtureDensity) for n in networks) or proposal.rejects:
        return None
    each = [vars(n.mixture(proposal.context(proposal.x_o[None]))).values() for n in networks]
    log_scales, eta, precision = (torch.cat([t[0] for t in ts]) for ts in zip(*each, strict=True))
    return Mixture(log_scales - math.log(len(networks)), eta, precision)


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
