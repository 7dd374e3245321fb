"""Many simulations: on all cores, in processes or on a cluster, in memory or on disk.

One call for every scale: the bank it returns depends on the model, the proposal, n and the seed,
and on nothing else; neither the workers nor the order of their work, neither a stop nor a restart
can be seen in it. Taught in ``book/beyond/scaling.md``.
"""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from mechfit.models import Model
from mechfit.simulation.bank import Bank, Memory
from mechfit.simulation.progress import progress_bar
from mechfit.simulation.store import Store
from mechfit.simulation.tasks import Proposal, cut, finish, missing, run
from mechfit.simulation.workers import workers_for

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["simulate"]


def simulate(
    model: Model,
    n: int,
    seed: int,
    *,
    proposal: Proposal | None = None,
    store: str | os.PathLike | None = None,
    client: Client | None = None,
) -> Bank:
    """Draw n parameter sets and simulate each once.

    Args:
        model: The simulator.
        n: Number of simulations.
        seed: Seed of parameters and noise; the same seed gives the same bank, and a longer bank
            begins with the shorter one.
        proposal: Where the parameters come from; the model's prior by default.
        store: Folder of a Zarr store to keep the bank in. Repeating the call after a stop, or
            with a larger n, adds only what is missing.
        client: Client of a Dask cluster to work there; all cores of this machine by default.

    Returns:
        A bank of n rows, also those whose statistics are not finite (marked invalid). Stopped by
        Ctrl-C, the call returns what it has in memory; with a store it raises, as all is on disk.

    Raises:
        ValueError: The store holds simulations with other settings.

    Example:
        >>> from mechfit.models import HodgkinHuxley
        >>> bank = simulate(HodgkinHuxley(), n=4, seed=1)
        >>> bank.theta.shape, bank.x.shape
        ((4, 8), (4, 7))
    """
    if n < 1:
        raise ValueError(f"n is {n}, expected at least 1")
    sink = Memory(model, n, seed) if store is None else Store(store, model, n, seed)
    workers = workers_for(model, client)
    with sink, progress_bar(n, " simulations") as bar:
        blocks = missing(sink, proposal or model.prior, bar.update)
        work = run(cut(blocks, model, n, workers), workers, model, seed)
        try:
            with closing(work):
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
