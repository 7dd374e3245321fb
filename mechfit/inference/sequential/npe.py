"""NPE: rounds step by step, with the names that users of the package sbi know.

It learns from simulations made by any program, from the prior and then from proposals,

    npe = NPE(prior)
    npe.append_simulations(theta, x).train()
    posterior = npe.build_posterior()
    npe.append_simulations(theta, x, proposal=posterior.at(x_o)).train()

and keeps order among them; the methods are those of ``methods.py``. Tejero-Cantero et al. (2020),
doi:10.21105/joss.02505. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import Coupling
from mechfit.inference.fit import Estimator
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential.methods import SNPE_C, TSNPE, Round
from mechfit.inference.training import Training
from mechfit.models.prior import Prior
from mechfit.simulation.tasks import Proposal

__all__ = ["NPE"]


class NPE:
    """Neural posterior estimation, step by step.

    Args:
        prior: The prior.

    Example:
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> theta = prior.sample(200, seed=1)
        >>> x = theta + 0.1 * np.random.default_rng(1).normal(size=(200, 1))
        >>> npe = NPE(prior)
        >>> density = npe.append_simulations(theta, x).train(training=Training(epochs=2))
        >>> npe.build_posterior().sample((10,), x=[0.5]).shape
        (10, 1)
    """

    def __init__(self, prior: Prior) -> None:
        if not isinstance(prior, Prior):
            raise TypeError(
                f"the prior is of type {type(prior).__name__}, expected a Prior of this package: "
                "Prior.uniform(names, low, high) makes a box; Prior and Parameter the others"
            )
        self.prior = prior
        self.rounds: list[Round] = []
        self.posteriors: list[Posterior] = []

    def append_simulations(
        self, theta: np.ndarray | Tensor, x: np.ndarray | Tensor, proposal: Proposal | None = None
    ) -> NPE:
        """Add simulations: parameters (n, d) and their data (n, k), arrays or tensors.

        Args:
            theta: Parameters.
            x: Data, NaN where a simulation failed; leave none out.
            proposal: What theta was drawn from: the prior by default, a posterior at an
                observation, `posterior.at(x_o)`, or a region.

        Returns:
            This object.
        """
        theta, x = self.prior.check(theta), np.asarray(x, float)
        k = self.rounds[0].x.shape[1] if self.rounds else x.shape[-1]
        if x.shape != (len(theta), k):
            raise ValueError(f"x has shape {x.shape}, expected {(len(theta), k)}")
        if isinstance(proposal, Posterior) and proposal.x_o is None:
            raise ValueError("the proposal has no observation, expected posterior.at(x_o)")
        if proposal is not None and proposal != self.prior:
            if not self.rounds and not isinstance(proposal, Region):
                raise ValueError("append simulations from the prior first: they anchor the others")
            self.rounds.append(Round(proposal, theta, x))
            return self
        if self.rounds and self.rounds[0].proposal == self.prior:
            first = self.rounds.pop(0)
            theta, x = np.concatenate([first.theta, theta]), np.concatenate([first.x, x])
        self.rounds.insert(0, Round(self.prior, theta, x))
        return self

    def train(
        self,
        *,
        flow: Estimator | None = None,
        training: Training | None = None,
        leak_free: bool = True,
        members: int = 1,
        seed: int = 0,
    ) -> Density | Ensemble:
        """Train on all simulations, and return the density.

        The loss is that of SNPE-C, with atoms, once a proposal was a posterior, and the last such
        posterior goes on learning if it has the same settings; else, with the prior and regions,
        it is maximum likelihood in the last region, from random weights. The arguments are those
        of `fit`.
        """
        if not self.rounds:
            raise ValueError("there are no simulations: call append_simulations(theta, x) first")
        plain = all(isinstance(r.proposal, Prior | Region) for r in self.rounds)
        posterior = (TSNPE() if plain else SNPE_C()).learn(
            self.rounds,
            self.prior,
            names=[f"x{i}" for i in range(self.rounds[0].x.shape[1])],
            flow=flow or Coupling(),
            training=training or Training(),
            leak_free=leak_free,
            members=members,
            seed=seed,
        )
        self.posteriors.append(posterior)
        return posterior.flow

    def build_posterior(self, density: Density | Ensemble | None = None) -> Posterior:
        """The posterior with a density that `train` returned, the last one by default."""
        trained = [p for p in self.posteriors if density is None or p.flow is density]
        if not trained:
            raise ValueError("no such density was trained here: call train() first")
        return trained[-1]
