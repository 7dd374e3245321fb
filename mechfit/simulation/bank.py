"""Bank: simulations with what is needed to trust and to repeat them.

Row i holds a parameter set theta_i, the statistics x_i of one simulation of it, and whether these
are all finite. The seed remakes it: simulation i has the noise of the key (seed, i). Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Bank"]


@dataclass(frozen=True)
class Bank:
    """Simulated pairs of parameters and statistics.

    Attributes:
        theta: Parameters (n, d).
        x: Statistics (n, k); NaN where a simulation has none.
        valid: Whether all statistics of a row are finite (n,).
        seed: Seed that the bank was made with.
        statistic_names: Names of the k columns of x.
    """

    theta: np.ndarray
    x: np.ndarray
    valid: np.ndarray
    seed: int
    statistic_names: tuple[str, ...]

    def __post_init__(self) -> None:
        n, k = len(self.theta), len(self.statistic_names)
        if self.theta.ndim != 2 or self.x.shape != (n, k) or self.valid.shape != (n,):
            raise ValueError(
                f"theta, x and valid have shapes {self.theta.shape}, {self.x.shape} and "
                f"{self.valid.shape}, expected (n, d), (n, {k}) and (n,)"
            )

    def __len__(self) -> int:
        return len(self.theta)

    def select(self, names: Sequence[str]) -> Bank:
        """Keep only the statistics called `names`, in that order."""
        unknown = [n for n in names if n not in self.statistic_names]
        if unknown or not names:
            raise ValueError(
                f"got the statistics {list(names)}, expected some of {list(self.statistic_names)}"
            )
        x = self.x[:, [self.statistic_names.index(n) for n in names]]
        return replace(self, x=x, valid=np.isfinite(x).all(1), statistic_names=tuple(names))

    def first(self, n: int) -> Bank:
        """Keep only the first n simulations."""
        if not 1 <= n <= len(self):
            raise ValueError(f"n is {n}, expected 1 to {len(self)}")
        return replace(self, theta=self.theta[:n], x=self.x[:n], valid=self.valid[:n])
