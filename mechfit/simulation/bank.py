"""Bank: simulated pairs of parameters and statistics, with the seed that repeats them.

Row i holds a parameter set theta_i, the statistics x_i of one simulation of it, and whether all of
these are finite. Simulation i has the noise of the key (seed, i). Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mechfit.models import Model

__all__ = ["DRAWS", "Bank", "Memory", "draw_seed"]

DRAWS = 2048
"""Number of parameter sets that are drawn with one seed."""


@dataclass(frozen=True, repr=False)
class Bank:
    """Simulated pairs of parameters and statistics.

    Attributes:
        theta: Parameters (n, d).
        x: Statistics (n, k); NaN where undefined.
        valid: Whether all statistics of a row are finite (n,).
        seed: Seed that the bank was made with.
        statistic_names: Names of the k columns of x.
        failure: Message of the first failed simulation of a foreign simulator, or "".
    """

    theta: np.ndarray
    x: np.ndarray
    valid: np.ndarray
    seed: int
    statistic_names: tuple[str, ...]
    failure: str = ""

    def __post_init__(self) -> None:
        n, k = len(self.theta), len(self.statistic_names)
        if self.theta.ndim != 2 or self.x.shape != (n, k) or self.valid.shape != (n,):
            raise ValueError(
                f"theta, x and valid have shapes {self.theta.shape}, {self.x.shape} and "
                f"{self.valid.shape}, expected (n, d), (n, {k}) and (n,)"
            )

    @classmethod
    def of(
        cls, theta: np.ndarray, x: np.ndarray, seed: int, names: Sequence[str], failure: str = ""
    ) -> Bank:
        """Make a bank in which a simulation is valid if all of its statistics are finite."""
        return cls(theta, x, np.isfinite(x).all(1), seed, tuple(names), failure)

    def __len__(self) -> int:
        return len(self.theta)

    def __repr__(self) -> str:
        return f"<Bank of {len(self)} simulations, statistics {', '.join(self.statistic_names)}>"

    def select(self, names: Sequence[str]) -> Bank:
        """Keep only the statistics called `names`, in that order."""
        unknown = [n for n in names if n not in self.statistic_names]
        if unknown or not names:
            raise ValueError(
                f"got the statistics {list(names)}, expected some of {list(self.statistic_names)}"
            )
        x = self.x[:, [self.statistic_names.index(n) for n in names]]
        return Bank.of(self.theta, x, self.seed, names, self.failure)

    def first(self, n: int) -> Bank:
        """Keep only the first n simulations."""
        if not 1 <= n <= len(self):
            raise ValueError(f"n is {n}, expected 1 to {len(self)}")
        return self._first(n)

    def _first(self, n: int) -> Bank:
        return self.rows(slice(n))

    def rows(self, chosen: np.ndarray | slice) -> Bank:
        """Keep only the simulations that a mask (n,), numbers or a slice choose."""
        rows = self.theta[chosen], self.x[chosen], self.valid[chosen]
        return Bank(*rows, self.seed, self.statistic_names, self.failure)


class Memory:
    """The writing side of a bank in memory; it has the interface of `Store`."""

    def __init__(self, model: Model, n: int, seed: int) -> None:
        self.model, self.n, self.seed = model, n, seed
        self.blocks: dict[int, tuple[np.ndarray, np.ndarray, str]] = {}

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def read(self, block: int) -> None:
        """Nothing is there beforehand."""

    def write(self, block: int, theta: np.ndarray, x: np.ndarray, failure: str) -> None:
        """Keep a block."""
        self.blocks[block] = theta, x, failure

    def bank(self) -> Bank | None:
        """Return the blocks up to the first one missing, None if it is the very first."""
        whole = next(b for b in range(len(self.blocks) + 1) if b not in self.blocks)
        if not whole:
            return None
        thetas, xs, failures = zip(*(self.blocks[b] for b in range(whole)), strict=True)
        theta, x = np.concatenate(thetas), np.concatenate(xs)
        failure = next(filter(None, failures), "")
        return Bank.of(theta, x, self.seed, self.model.statistic_names, failure)


def draw_seed(seed: int, k: int) -> int:
    """Seed of the parameters from number k DRAWS on."""
    return int(np.random.SeedSequence((seed, k)).generate_state(1, np.uint64)[0])
