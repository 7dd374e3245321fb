"""Many simulations on all cores.

The index range 0 ... n-1 is cut into blocks and a pool of threads works through them; the kernels
run without the interpreter's lock. Simulation i draws its noise from the key (seed, i), so neither
the blocks nor the threads can be seen in the result. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol

import numpy as np

from mechfit.models import Model
from mechfit.simulation.bank import Bank
from mechfit.simulation.progress import progress_bar

__all__ = ["simulate"]

MAX_BLOCK = 500


class Proposal(Protocol):
    """Anything that parameters can be drawn from: a prior, or a posterior at an observation."""

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def simulate(
    model: Model,
    n: int,
    seed: int,
    *,
    proposal: Proposal | None = None,
    threads: int | None = None,
) -> Bank:
    """Draw n parameter sets and simulate each once.

    Args:
        model: The simulator.
        n: Number of simulations.
        seed: Seed of parameters and noise; the same seed gives the same bank.
        proposal: Where the parameters come from; the model's prior by default.
        threads: Threads to use; all cores by default.

    Returns:
        A bank of n rows, also those whose statistics are not finite (marked invalid).

    Example:
        >>> from mechfit.models import HodgkinHuxley
        >>> bank = simulate(HodgkinHuxley(), n=4, seed=1)
        >>> bank.theta.shape, bank.x.shape
        ((4, 8), (4, 7))
    """
    if n < 1:
        raise ValueError(f"n is {n}, expected at least 1")
    threads = threads or cores()
    theta = (proposal or model.prior).sample(n, seed)
    x = np.empty((n, len(model.statistic_names)))
    size = int(np.clip(n // (4 * threads), 1, MAX_BLOCK))

    def run(start: int) -> int:
        stop = min(start + size, n)
        x[start:stop] = model.statistics(theta[start:stop], seed, first=start)
        return stop - start

    with ThreadPoolExecutor(threads) as pool, progress_bar(n, " simulations") as bar:
        blocks = [pool.submit(run, start) for start in range(0, n, size)]
        try:
            for block in as_completed(blocks):
                bar.update(block.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Bank(theta, x, np.isfinite(x).all(1), seed, model.statistic_names)
