r"""Restricted prior: simulate only where simulations are likely to be valid.

A classifier learns from a first bank the probability of a valid simulation, c(theta) =
P(valid | theta), by the cross-entropy

    L = -E [v log c(theta) + (1 - v) log(1 - c(theta))],      v = 1 if valid, else 0,

and parameters are drawn from the prior on the region R = {theta : logit c(theta) > t}, where
maximum likelihood needs no correction (``region.py``). R cuts off p(theta outside R | valid),
which held-out valid simulations bound: with t the j-th smallest logit of m of them, a new one
falls below t with probability j / (m + 1), whatever the classifier. Deistler, Macke & Gonçalves
(2022), doi:10.1073/pnas.2207632119. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mechfit.inference.densities.base import Density, perceptron, seeded
from mechfit.inference.posterior import BLOCK
from mechfit.inference.region import Region
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import Training, train
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["Restricted", "restrict"]

HIDDEN = 64


class ValidityClassifier(Density):
    """Logit of the probability to be valid, for z in the prior's unbounded space.

    It is a `Density` only in that it is trained like one and standardizes z.
    """

    def __init__(self, d: int) -> None:
        super().__init__(d, 1)
        self.network = perceptron(d, HIDDEN, 1)

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n,) of z (n, d)."""
        return self.network(self.whiten(z))[:, 0]


@dataclass(frozen=True)
class Restricted(Region):
    """The prior, restricted to where a classifier expects simulations to be valid."""

    classifier: ValidityClassifier
    costly: ClassVar[bool] = False

    @torch_state()
    def score(self, theta: np.ndarray) -> np.ndarray:
        """Logit of the probability of being valid (n,) of theta (n, d)."""
        z = torch.as_tensor(self.prior.to_unbounded(theta)[0], dtype=torch.float32)
        logits = torch.cat([self.classifier(block) for block in z.split(BLOCK)])
        inside = np.isfinite(self.prior.log_prob(theta))
        return np.where(inside, logits.double().numpy(), -np.inf)


@torch_state()
def restrict(
    bank: Bank,
    prior: Prior,
    *,
    within: Region | None = None,
    keep: float = 0.999,
    training: Training | None = None,
    seed: int,
) -> Restricted:
    """Restrict the prior to where simulations are likely to be valid.

    Args:
        bank: Simulations from the prior, some of them invalid.
        prior: The prior.
        within: A region that the bank was drawn from instead, which is to contain the new one.
        keep: Least expected share of the valid simulations that lie in the region. Half of them
            are held out to find the threshold.
        training: How to train the classifier.
        seed: Seed of weights, batches and held-out simulations.

    Returns:
        A proposal for `mechfit.simulation.simulate`.

    Raises:
        ValueError: No simulation is invalid, or too few are valid to keep such a share.

    Example:
        >>> prior = Prior.uniform(["a"], [-1.0], [1.0])
        >>> theta = prior.sample(1000, seed=1)
        >>> x = np.where(theta > 0, theta, np.nan)
        >>> bank = Bank(theta, x, np.isfinite(x[:, 0]), 1, ("x",))
        >>> restrict(bank, prior, keep=0.99, seed=1).inside([[-0.5], [0.5]])
        array([False,  True])
    """
    if not 0 < keep < 1:
        raise ValueError(f"keep is {keep}, expected more than 0 and less than 1")
    bank = bank.under(prior) if within is None else within.join(bank)
    theta, valid = bank.theta, np.flatnonzero(bank.valid)
    if len(valid) == len(bank):
        raise ValueError(f"all {len(bank)} simulations are valid: there is nothing to restrict")
    share = round(1 - keep, 12)
    fewest = 2 * (int(np.ceil(1 / share)) - 1)
    if len(valid) < fewest:
        raise ValueError(
            f"{len(valid)} of {len(bank)} simulations are valid, expected at least {fewest} to "
            f"keep a share of {keep:g}: simulate more of them, or keep less"
        )
    held_out = np.random.default_rng(seed).permutation(valid)[: len(valid) // 2]
    learned = np.delete(np.arange(len(bank)), held_out)
    columns = prior.to_unbounded(theta[learned])[0], bank.valid[learned, None].astype(float)
    classifier = seeded(ValidityClassifier, len(prior), seed=seed)
    train(classifier, columns, training or Training(), seed, loss=cross_entropy)
    region = Restricted(classifier, prior=prior, threshold=-np.inf, within=within)
    cut = max(1, int(share * (len(held_out) + 1)))
    lowest = np.sort(region.score(theta[held_out]))[cut - 1]
    known = None if within is None else theta
    return replace(region, threshold=float(lowest)).measured(seed, known)


def cross_entropy(classifier: ValidityClassifier, z: Tensor, valid: Tensor) -> Tensor:
    """Mean cross-entropy, in nats."""
    return binary_cross_entropy_with_logits(classifier(z), valid[:, 0])
