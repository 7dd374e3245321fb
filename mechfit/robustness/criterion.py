"""Criterion: whether simulations of a model pass a rule, for many parameter sets, on all cores.

A rule looks at the statistics of a simulation: by default it works if all of them are defined.
Simulation i of a call has the noise of the key (seed, first + i), whatever the number of threads.
Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mechfit.models import Model
from mechfit.simulation.workers import cores

__all__ = ["Criterion", "all_defined"]

CHUNK = 32


def all_defined(x: np.ndarray) -> np.ndarray:
    """Whether all statistics of each row of x (n, k) are finite (n,)."""
    return np.isfinite(x).all(1)


class Criterion:
    """A model with a pass/fail rule.

    Args:
        model: The simulator.
        rule: Whether it works (n,), from its statistics (n, k); by default, whether all of them
            are defined.
    """

    def __init__(
        self, model: Model, rule: Callable[[np.ndarray], np.ndarray] = all_defined
    ) -> None:
        self.model, self.rule = model, rule

    def __call__(self, theta: np.ndarray, seed: int, first: int = 0) -> np.ndarray:
        """Whether parameter sets (n, d) work (n,), each simulated once."""
        return np.asarray(self.rule(self.statistics(theta, seed, first)), bool)

    def statistics(self, theta: np.ndarray, seed: int, first: int = 0) -> np.ndarray:
        """Statistics (n, k) of theta (n, d)."""
        theta = self.model.prior.check(theta)
        starts = range(0, len(theta), CHUNK)

        def part(start: int) -> np.ndarray:
            rows = theta[start : start + CHUNK]
            return self.model.statistics(rows, seed, first=first + start)

        with ThreadPoolExecutor(cores()) as pool:
            parts = list(pool.map(part, starts))
        return np.concatenate(parts) if parts else np.empty((0, len(self.model.statistic_names)))
