"""Criterion: whether simulations of a model pass a rule, for many parameter sets.

Simulations run as in `mechfit.simulation.simulate`: on all cores, and a simulator that may fail in
processes of its own; one that fails has no statistics. Simulation i of a call has the noise of the
key (seed, first + i). Taught in ``book/robustness/perturbations.md``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from mechfit.models import Model
from mechfit.models.inputs import on_copies
from mechfit.simulation import simulate

__all__ = ["Criterion", "all_defined"]


def all_defined(x: np.ndarray) -> np.ndarray:
    """Whether all statistics of each row of x (n, k) are finite (n,)."""
    return np.isfinite(x).all(1)


class Criterion:
    """A model with a pass/fail rule.

    Args:
        model: The simulator.
        rule: Whether simulations work (n,), from their statistics (n, k); by default, whether all
            statistics are defined.
    """

    def __init__(
        self, model: Model, rule: Callable[[np.ndarray], np.ndarray] = all_defined
    ) -> None:
        self.model, self.rule = model, on_copies(rule)

    def __call__(self, theta: np.ndarray, seed: int, first: int = 0) -> np.ndarray:
        """Whether parameter sets (n, d) work (n,), each simulated once."""
        return np.asarray(self.rule(self.statistics(theta, seed, first)), bool)

    def statistics(self, theta: np.ndarray, seed: int, first: int = 0) -> np.ndarray:
        """Statistics (n, k) of theta (n, d), without a warning where they are undefined."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* not finite$", UserWarning)
            return simulate(self.model, seed=seed, theta=theta, first=first).x
