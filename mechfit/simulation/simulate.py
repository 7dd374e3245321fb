"""Many simulations: on all cores, in processes or on a cluster, in memory or on disk.

The bank depends on the model, the parameters or their proposal, n and the seed alone: not on the
workers, the order of their work, or a stop and a restart. Taught in ``book/beyond/scaling.md``.
"""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from mechfit.models import Model
from mechfit.models.inputs import whole
from mechfit.simulation.bank import Bank, Memory
from mechfit.simulation.progress import progress_bar
from mechfit.simulation.rows import statistics_of
from mechfit.simulation.store import Store
from mechfit.simulation.tasks import LANES, Draws, Given, Proposal, cut, finish, missing, run
from mechfit.simulation.workers import workers_for

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["simulate"]


def simulate(
    model: Model,
    n: int | None = None,
    seed: int | None = None,
    *,
    theta: np.ndarray | None = None,
    first: int = 0,
    proposal: Proposal | None = None,
    store: str | os.PathLike | None = None,
    client: Client | None = None,
) -> Bank:
    """Simulate n parameter sets drawn from the prior or a proposal, or given ones, once each.

    Args:
        model: The simulator.
        n: Number of parameter sets to draw.
        seed: Seed of parameters and noise; the same seed gives the same bank, and a longer bank
            begins with the shorter one.
        theta: Parameters (n, d) to simulate instead of drawing them, also outside the prior;
            the statistics are those of ``model.statistics(theta, seed, first=first)``.
        first: Number of the first row of theta; row i has the noise of the key (seed, first + i).
        proposal: What parameters are drawn from; the model's prior by default.
        store: Folder of a Zarr store to keep the bank in. Repeating the call after a stop, or
            with a larger n, adds only what is missing.
        client: Client of a Dask cluster to work there; all cores of this machine by default.

    Returns:
        A bank of n rows; those whose statistics are not finite are marked invalid. Stopped by
        Ctrl-C, the call returns what is finished; with a store it raises, as all is on disk.

    Raises:
        TypeError: A number is not whole, parameters are no real numbers, or what is given as
            a proposal cannot be drawn from.
        ValueError: Parameters are given and drawn, or neither; a proposal has other ones than the
            model; the model returns statistics of another shape; or the store has other settings.

    Example:
        >>> from mechfit.models import HodgkinHuxley
        >>> model = HodgkinHuxley()
        >>> bank = simulate(model, n=4, seed=1)
        >>> bank.theta.shape, bank.x.shape
        ((4, 8), (4, 7))
        >>> again = simulate(model, theta=bank.theta, seed=1)
        >>> bool((again.x == bank.x).all())
        True
    """
    if seed is None:
        raise TypeError("seed is missing")
    seed, first = whole(seed, "seed", 0, 2**64), whole(first, "first", 0, 2**32)
    if first and (theta is None or store is not None):
        raise ValueError(f"first is {first}, expected 0 for drawn parameters and in a store")
    if theta is None:
        if n is None:
            raise ValueError("n is None, expected at least 1, or theta instead")
        n = whole(n, "n", 1)
        source = Draws(_drawn_for(model, proposal), seed)
    else:
        if n is not None or proposal is not None:
            raise ValueError("got theta and also n or a proposal, expected only one of them")
        source = Given(_finite(model.prior.check(theta)).copy())
        n = len(source.theta)
        if n <= LANES and store is client is None and not model.run_in_process:
            x = statistics_of(model, source.theta, seed, first)
            return Bank.of(source.theta, x, seed, model.statistic_names)
    sink = Memory(model, n, seed) if store is None else Store(store, model, n, seed)
    workers = workers_for(model, client)
    with sink, progress_bar(n, " simulations") as bar:
        tasks = cut(missing(sink, source, bar.update), model, n, workers, first)
        try:
            with closing(run(tasks, workers, model, seed)) as work:
                for task, x, failure in work:
                    finish(task, x, failure, sink)
                    bar.update(len(x))
        except KeyboardInterrupt:
            bank = sink.bank() if store is None else None
            if bank is None:
                raise
            warnings.warn(f"stopped: kept the first {len(bank)} of {n} simulations", stacklevel=2)
            return bank
    bank = sink.bank()
    if bank.failure:
        bad = len(bank) - np.count_nonzero(bank.valid)
        warnings.warn(f"{bad} of {n} simulations are marked invalid; {bank.failure}", stacklevel=2)
    return bank


def _drawn_for(model: Model, proposal: Proposal | None) -> Proposal:
    """The prior, or a proposal for the same parameters."""
    proposal = model.prior if proposal is None else proposal
    if isinstance(proposal, type) or not callable(getattr(proposal, "sample", None)):
        raise TypeError(
            f"the proposal is of type {type(proposal).__name__}, expected a prior, a region, a "
            "posterior at an observation, or another object with sample(n, seed)"
        )
    names = getattr(getattr(proposal, "prior", proposal), "names", model.prior.names)
    if tuple(names) != model.prior.names:
        raise ValueError(f"the proposal is of {tuple(names)}, expected {model.prior.names}")
    return proposal


def _finite(theta: np.ndarray) -> np.ndarray:
    """Parameters (n, d) that can be simulated."""
    bad = np.flatnonzero(~np.isfinite(theta).all(1))
    if not len(theta) or len(bad):
        raise ValueError(
            f"theta has {len(theta)} rows, not finite in rows {bad[:5].tolist()}; expected at "
            "least one row, and finite numbers"
        )
    return theta
