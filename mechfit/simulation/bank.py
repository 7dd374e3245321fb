"""Bank: simulated pairs of parameters and statistics, with the seed that repeats them.

Row i holds a parameter set theta_i, the statistics x_i of one simulation of it, and whether it is
valid, which decides everywhere what may be used. Simulation i has the noise of the key (seed, i).
Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.inputs import column_names, named, numbers, shortened

if TYPE_CHECKING:
    from mechfit.models import Model, Prior

__all__ = ["DRAWS", "Bank", "Memory", "concatenated", "draw_seed"]

ROWS = "theta", "x", "valid"
DRAWS = 2048
"""Number of parameter sets that are drawn with one seed."""


@dataclass(frozen=True, repr=False)
class Bank:
    """Simulated pairs of parameters and statistics.

    A bank keeps copies, in double precision; theta and x may also be lists, tensors, masked
    arrays or tables with named columns.

    Attributes:
        theta: Parameters (n, d).
        x: Statistics (n, k); NaN where undefined.
        valid: Which simulations may be used (n,): those that are given as valid, of which all
            statistics are finite.
        seed: Seed that the bank was made with.
        statistic_names: Names of the k columns of x.
        failure: Message of the first failed simulation of a foreign simulator, or "".
        parameter_names: Names of the d columns of theta, if it was given with names.
    """

    theta: np.ndarray
    x: np.ndarray
    valid: np.ndarray
    seed: int
    statistic_names: tuple[str, ...]
    failure: str = ""
    parameter_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.statistic_names, str):
            raise TypeError(f"statistic_names is {self.statistic_names!r}, expected a sequence")
        names = tuple(self.statistic_names)
        if len(set(names)) < len(names):
            raise ValueError(f"statistic_names are {names}, expected distinct ones")
        parameters = self.parameter_names or column_names(self.theta) or ()
        theta, x = named(self.theta, parameters, "theta"), named(self.x, names, "x")
        x, valid = x[:, None] if x.ndim == len(names) == 1 else x, numbers(self.valid, "valid")
        n, k = len(np.atleast_1d(theta)), len(names)
        if theta.ndim != 2 or x.shape != (n, k) or valid.shape != (n,):
            raise ValueError(
                f"theta, x and valid have shapes {theta.shape}, {x.shape} and "
                f"{valid.shape}, expected (n, d), (n, {k}) and (n,)"
            )
        if not np.isin(valid, (0, 1)).all():
            raise ValueError("valid holds other numbers than 0 and 1, expected True or False")
        finite, marked = np.isfinite(x).all(1), valid == 1
        vars(self).update(
            theta=np.array(theta),
            x=np.array(x),
            valid=finite & marked,
            marked=None if np.array_equal(finite, marked) else marked,
            statistic_names=names,
            parameter_names=parameters,
        )

    @classmethod
    def of(
        cls, theta: np.ndarray, x: np.ndarray, seed: int, names: Sequence[str], failure: str = ""
    ) -> Bank:
        """Make a bank in which a simulation is valid if all of its statistics are finite."""
        return cls(theta, x, np.ones(len(theta), bool), seed, names, failure)

    def __len__(self) -> int:
        return len(self.theta)

    def __repr__(self) -> str:
        return f"<Bank of {len(self)} simulations, statistics {shortened(self.statistic_names)}>"

    def select(self, names: Sequence[str]) -> Bank:
        """Keep only the statistics called `names`, in that order."""
        unknown = [n for n in names if n not in self.statistic_names]
        if unknown or not names or len(set(names)) < len(names):
            raise ValueError(
                f"got the statistics {list(names)}, expected some of {list(self.statistic_names)}"
                ", each once"
            )
        x = self.x[:, [self.statistic_names.index(n) for n in names]]
        valid = self.allowed & np.isfinite(x).all(1)
        return self._with(x=x, valid=valid, statistic_names=tuple(names))

    def first(self, n: int) -> Bank:
        """Keep only the first n simulations."""
        if not isinstance(n, int | np.integer) or not 1 <= n <= len(self):
            raise ValueError(f"n is {n}, expected 1 to {len(self)}")
        return self._first(int(n))

    def _first(self, n: int) -> Bank:
        return self.rows(slice(n))

    def rows(self, chosen: ArrayLike | slice) -> Bank:
        """Keep only the simulations that a mask (n,), numbers or a slice choose."""
        if not isinstance(chosen, slice):
            chosen = np.atleast_1d(chosen) if np.size(chosen) else np.empty(0, int)
        try:
            rows = {name: getattr(self, name)[chosen] for name in ROWS}
        except IndexError as error:
            raise ValueError(f"chosen rows do not fit {len(self)} simulations: {error}") from None
        return self._with(**rows, marked=self.allowed[chosen])

    @property
    def allowed(self) -> np.ndarray:
        """Which simulations (n,) were not marked invalid, but for statistics not finite."""
        marked = vars(self).get("marked")
        return np.ones(len(self), bool) if marked is None else marked

    def readable(self, rule: Callable[[np.ndarray], np.ndarray] | None) -> np.ndarray:
        """Which simulations (n,) a network can learn from: the valid ones by default.

        One that reads sets of trials, of which some may be missing, has its own rule for x (n, k);
        what was marked invalid is left out by any network.
        """
        return self.valid if rule is None else self.allowed & rule(self.x)

    def under(self, prior: Prior) -> Bank:
        """The same simulations, parameters in the prior's order and all inside it.

        Raises:
            ValueError: A parameter set lies outside the prior, or has other names.
        """
        columns = dict(zip(self.parameter_names, self.theta.T, strict=False))
        theta = prior.inside(columns or self.theta)
        return self if theta is self.theta else self._with(theta=theta, parameter_names=())

    def _with(self, **changes: object) -> Bank:
        """The same with other arrays, which are not copied."""
        bank = object.__new__(Bank)
        same = {f.name: getattr(self, f.name) for f in fields(Bank) if f.name not in changes}
        vars(bank).update(same | {"marked": self.allowed} | changes)
        return bank


def concatenated(banks: Sequence[Bank]) -> Bank:
    """The rows of all banks, with the seed of the first and the first failure."""
    names = {bank.statistic_names for bank in banks}
    if len(names) != 1:
        raise ValueError(f"the banks hold the statistics {sorted(names)}, expected one set")
    parts = {
        name: np.concatenate([getattr(bank, source) for bank in banks])
        for name, source in (*zip(ROWS, ROWS, strict=True), ("marked", "allowed"))
    }
    failure = next((bank.failure for bank in banks if bank.failure), "")
    return banks[0]._with(**parts, failure=failure)


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
