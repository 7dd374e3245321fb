"""Infer: a loop over rounds of simulations, from a model and one observation to its posterior.

See ``npe.py`` for what a round is. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import os

import numpy as np

from mechfit.inference.posterior import Posterior
from mechfit.inference.sequential.npe import NPE
from mechfit.models import Model
from mechfit.models.inputs import whole
from mechfit.simulation import simulate
from mechfit.simulation.store import Store

__all__ = ["infer"]


def infer(
    model: Model,
    x_o: np.ndarray,
    *,
    rounds: int,
    simulations: int,
    seed: int,
    store: str | os.PathLike | None = None,
    **settings: object,
) -> Posterior:
    """Infer the posterior at one observation in rounds of simulations: a loop over `NPE`.

    Args:
        model: The simulator.
        x_o: The observation (k,).
        rounds: Number of rounds; the first draws from the prior.
        simulations: Simulations in each round.
        seed: Seed of everything; the same seed gives the same posterior.
        store: Folder to keep rounds in. Repeating the call after a stop resumes it.
        settings: `method`, `proposal`, `flow`, `training`, `leak_free` and `members`, as in `NPE`.

    Returns:
        The posterior of the last round at x_o.
    """
    rounds, simulations = whole(rounds, "rounds", 1), whole(simulations, "simulations", 1)
    names = model.statistic_names
    npe = NPE(model.prior, x_o, seed=seed, store=store, names=names, **settings)
    for r in range(rounds):
        if r == len(npe):
            folder = npe.folder(r)
            bank = simulate(
                model,
                simulations,
                npe.seeds(r)[0],
                proposal=npe.proposal(),
                store=folder and folder / "bank",
            )
            if len(bank) < simulations:  # stopped by Ctrl-C
                raise KeyboardInterrupt
            npe.append_bank(bank)
        elif len(npe.rounds[r].bank) != simulations:
            raise ValueError(
                f"{npe.folder(r)} holds {len(npe.rounds[r].bank)} simulations, expected "
                f"{simulations}; repeat the call that made it, or name another store"
            )
        elif (kept := npe.folder(r) / "bank").exists():
            Store(kept, model, simulations, npe.seeds(r)[0]).check()
        posterior = npe.fit(r + 1)
    return posterior
