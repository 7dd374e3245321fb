r"""Information: mutual information of parameters and sets of statistics, and contraction.

The mutual information of the parameters and a set S of statistics is the mean gain in log-density
of the true parameters from knowing x_S,

    I(theta; x_S) = E[log p(theta | x_S) - log p(theta)]  >=  E[log q(theta | x_S) - log p(theta)],

bounded below by any density q in place of the posterior: Barber & Agakov (2003), The IM algorithm.
A network trained with statistics masked at random (`Subset`) gives q for every S. The contraction
1 - E[var(theta | x_S)] / var(theta) has a value for each parameter. Both are estimated on held-out
simulations. Taught in ``book/summaries/which-features.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from mechfit.inference.densities.embedding import Subset
from mechfit.inference.posterior import Posterior
from mechfit.simulation import Bank

__all__ = ["contraction", "greedy_selection", "information", "leave_one_out"]

PRIOR_DRAWS = 100_000
"""Draws of the prior for its variances."""


def information(
    posterior: Posterior, bank: Bank, sets: Sequence[Collection[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the mutual information of the parameters and sets of statistics.

    Args:
        posterior: Trained with the embedding `Subset()`, or any if the only set is the whole one.
        bank: Held-out simulations of the prior; invalid ones are left out.
        sets: Names of the statistics in each of the s sets.

    Returns:
        Lower bounds (s,) in nats, and their standard errors (s,).

    Example:
        >>> from mechfit.inference import Coupling, Subset, Training, fit
        >>> from mechfit.models import TwoMoons
        >>> from mechfit.simulation import simulate
        >>> settings = {"flow": Coupling(embedding=Subset()), "training": Training(epochs=1)}
        >>> bank = simulate(TwoMoons(), 300, seed=1)
        >>> posterior = fit(bank.first(200), TwoMoons.prior, **settings, seed=1)
        >>> gain, error = information(posterior, bank.rows(slice(200, 300)), [["x_1"], []])
        >>> gain.shape
        (2,)
    """
    gains = np.stack([gain_of(posterior, bank, names) for names in sets])
    return gains.mean(1), standard_error(gains)


def leave_one_out(posterior: Posterior, bank: Bank) -> tuple[np.ndarray, np.ndarray]:
    """Information that each of the k statistics adds to all others: nats and standard errors (k,).

    The arguments are those of `information`.
    """
    names = posterior.statistic_names
    whole = gain_of(posterior, bank, names)
    lost = np.stack([whole - gain_of(posterior, bank, set(names) - {n}) for n in names])
    return lost.mean(1), standard_error(lost)


def greedy_selection(
    posterior: Posterior, bank: Bank, count: int | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """Choose statistics one by one, each time the one that adds most to those chosen before.

    Args:
        posterior: As in `information`.
        bank: As in `information`.
        count: How many to choose; all by default.

    Returns:
        Names in the order of choice, and the information (count,) of the first 1, 2, ... of them.
    """
    names = posterior.statistic_names
    count = len(names) if count is None else count
    if not 1 <= count <= len(names):
        raise ValueError(f"count is {count}, expected 1 to {len(names)}")
    chosen, gains = [], []
    for _ in range(count):
        rest = [n for n in names if n not in chosen]
        each = information(posterior, bank, [[*chosen, n] for n in rest])[0]
        chosen.append(rest[int(each.argmax())])
        gains.append(each.max())
    return tuple(chosen), np.array(gains)


def contraction(
    posterior: Posterior,
    bank: Bank,
    sets: Sequence[Collection[str]],
    *,
    draws: int = 200,
    seed: int,
) -> np.ndarray:
    """Estimate the expected contraction of each parameter, given each set of statistics.

    `posterior`, `bank` and `sets` are those of `information`; `draws` are taken of each posterior.

    Returns:
        One minus the mean posterior variance over the prior variance (s, d): 1 where a parameter
        is determined, 0 where it is independent of the statistics.
    """
    variances = [
        posterior.sample_batched(draws, seed, x=known(posterior, bank, names)[1])
        .var(1, ddof=1)
        .mean(0)
        for names in sets
    ]
    return 1 - np.stack(variances) / posterior.prior.sample(PRIOR_DRAWS, seed).var(0)


def gain_of(posterior: Posterior, bank: Bank, names: Collection[str]) -> np.ndarray:
    """Gain in log-density (n,) of each simulation from knowing these of its statistics."""
    theta, x = known(posterior, bank, names)
    log_q = posterior.log_prob_batched(theta[:, None], x=x)[:, 0]
    return log_q - posterior.prior.log_prob(theta)


def known(
    posterior: Posterior, bank: Bank, names: Collection[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (n, d) and statistics (n, k) of the valid simulations, NaN for all but these."""
    mine, theirs = posterior.statistic_names, bank.statistic_names
    if not isinstance(posterior.flow.embedding, Subset) and set(names) < set(mine):
        raise ValueError(
            f"the posterior needs all of its statistics and got {list(names)}, expected all, or a "
            "posterior that was learned with a flow whose embedding is Subset()"
        )
    unknown = [n for n in names if n not in mine]
    if unknown or mine != theirs:
        raise ValueError(
            f"got the statistics {unknown or list(theirs)}, expected some of {list(mine)} and a "
            "bank with all of these"
        )
    hidden, bank = [n not in names for n in mine], bank.under(posterior.prior)
    return bank.theta[bank.valid], np.where(hidden, np.nan, bank.x[bank.valid])


def standard_error(values: np.ndarray) -> np.ndarray:
    """Standard errors (s,) of the means of values (s, n)."""
    return values.std(1, ddof=1) / np.sqrt(values.shape[1])
