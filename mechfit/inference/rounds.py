r"""Rounds: simulate where the last estimate says it matters, and learn again.

Around one observation most of the prior is soon seen to be impossible. Each round draws
parameters from the prior on the region that the last estimate leaves open (see `truncated`),
simulates them and fits a posterior to all simulations of all rounds that lie in the region. The
regions are nested, so within the last one every round drew from the prior: maximum likelihood
needs no correction. The result answers for this observation and its neighborhood alone. Deistler,
Gonçalves & Macke (2022), arXiv:2210.04815. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mechfit.inference.fit import fit, settings_of
from mechfit.inference.flows import MAF, NSF, Coupling
from mechfit.inference.posterior import Posterior
from mechfit.inference.storage import load, save
from mechfit.inference.training import Training
from mechfit.inference.truncated import Truncated, truncate
from mechfit.models import Model
from mechfit.simulation import Bank, simulate

__all__ = ["infer"]


def infer(
    model: Model,
    x_o: np.ndarray,
    *,
    rounds: int,
    simulations: int,
    seed: int,
    flow: Coupling | MAF | NSF | None = None,
    training: Training | None = None,
    store: str | os.PathLike | None = None,
) -> Posterior:
    """Infer the posterior at one observation in rounds of simulations.

    Args:
        model: The simulator.
        x_o: The observation (k,).
        rounds: Number of rounds; the first draws from the prior.
        simulations: Simulations in each round.
        seed: Seed of everything; the same seed gives the same posterior.
        flow: Kind and size of the density estimator, as in `fit`.
        training: How to train, as in `fit`.
        store: Folder to keep each round's bank and posterior in. Repeating the call after a stop
            takes up where it stood.

    Returns:
        The posterior of the last round at x_o.

    Raises:
        ValueError: The store holds rounds with other settings.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}, expected at least 1")
    flow, training = flow or Coupling(), training or Training()
    region, posterior, banks = None, None, []
    for r in range(rounds):
        proposing, fitting, truncating = seeds(seed, r)
        folder = None if store is None else Path(store) / f"round-{r}"
        if posterior is not None:
            region = truncate(posterior, within=region, seed=truncating)
        banks.append(
            simulate(
                model,
                simulations,
                proposing,
                proposal=region,
                store=folder and folder / "bank",
            )
        )
        if len(banks[-1]) < simulations:  # stopped by Ctrl-C
            raise KeyboardInterrupt
        bank = inside(banks, region)
        settings = {"flow": flow, "training": training, "seed": fitting}
        posterior = stored(folder, settings) or fit(bank, model.prior, **settings)
        if folder is not None:
            save(posterior, folder / "posterior")
        posterior = posterior.at(x_o)
    return posterior


def seeds(seed: int, r: int) -> list[int]:
    """Seeds of round r: of its bank, its training and its region."""
    return [int(s) for s in np.random.SeedSequence((seed, r)).generate_state(3, np.uint64)]


def inside(banks: Sequence[Bank], region: Truncated | None) -> Bank:
    """Join banks, keeping what lies in the region."""
    theta, x, valid = (
        np.concatenate([getattr(b, name) for b in banks]) for name in ("theta", "x", "valid")
    )
    keep = np.ones(len(theta), bool) if region is None else region.inside(theta)
    return Bank(theta[keep], x[keep], valid[keep], banks[0].seed, banks[0].statistic_names)


def stored(folder: Path | None, settings: dict) -> Posterior | None:
    """The posterior of a finished round, if it is there and was made with these settings."""
    if folder is None or not (folder / "posterior.json").exists():
        return None
    posterior = load(folder / "posterior")
    now = {**settings_of(settings["flow"], settings["training"]), "seed": settings["seed"]}
    for name, value in now.items():
        if posterior.provenance[name] != value:
            raise ValueError(
                f"{folder} holds a posterior with {name} {posterior.provenance[name]}, expected "
                f"{value}; repeat the call that made it, or name another store"
            )
    return posterior
