r"""Learned statistics: posterior means, predicted by a network, in place of summary statistics.

The d statistics are E[z | x], with z the parameters in the prior's unbounded space, learned by
regression (``densities/regression.py``). No other d numbers predict the parameters with a smaller
squared error; other features of the posterior, such as correlations or a second mode, are lost.
Fearnhead & Prangle (2012), doi:10.1111/j.1467-9868.2011.01010.x. Taught in
``book/summaries/learned-features.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.regression import PosteriorMean
from mechfit.inference.fit import fit
from mechfit.inference.posterior import BLOCK, Posterior
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import Training
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["LearnedStatistics", "learn_statistics"]


@dataclass(frozen=True)
class LearnedStatistics:
    """Learned statistics; `regression` is the trained network as `fit` returns it."""

    regression: Posterior

    @torch_state()
    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Learned statistics (n, d) of data x (n, k)."""
        context = self.regression.context(self.regression.check(x))
        means = [self.regression.flow.mean(rows) for rows in context.split(BLOCK)]
        return torch.cat(means).double().numpy()

    def bank(self, bank: Bank) -> Bank:
        """The same simulations with their learned statistics; invalid ones stay invalid."""
        names = tuple(f"mean of {name}" for name in self.regression.prior.names)
        bank, x = bank.under(self.regression.prior), np.full((len(bank), len(names)), np.nan)
        valid = self.regression.readable(bank)
        x[valid] = self(bank.x[valid])
        return Bank(bank.theta, x, valid, bank.seed, names, bank.failure)


def learn_statistics(
    bank: Bank,
    prior: Prior,
    *,
    embedding: Embedding | None = None,
    training: Training | None = None,
    seed: int,
) -> LearnedStatistics:
    """Train a network to predict the posterior mean of each parameter.

    Args:
        bank: Simulations of the prior; invalid rows are left out.
        prior: The prior that the bank's parameters were drawn from.
        embedding: Embedding network for the data, `Convolution()` for traces.
        training: How to train, as in `fit`.
        seed: Seed of initial weights, held-out rows and batches.

    Returns:
        A function from data (n, k) to statistics (n, d).

    Example:
        >>> from mechfit.models import TwoMoons
        >>> from mechfit.simulation import simulate
        >>> bank = simulate(TwoMoons(), 200, seed=1)
        >>> learned = learn_statistics(bank, TwoMoons.prior, training=Training(epochs=2), seed=1)
        >>> learned.bank(bank).statistic_names
        ('mean of theta_1', 'mean of theta_2')
    """
    flow = PosteriorMean(embedding=embedding)
    return LearnedStatistics(fit(bank, prior, flow=flow, training=training, members=1, seed=seed))
