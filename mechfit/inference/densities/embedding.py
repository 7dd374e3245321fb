r"""Embedding networks: they turn raw data into a few features for a density estimator.

They are trained with the density q(theta | f(x)), by the same loss. `Convolution`, for traces, has
layers of strided convolutions with filters w and a linear map of the short trace h_L that is left:

    h_0 = x,   h_l[c, t] = silu(b_c + sum_{c', s} w_c[c', s] h_{l-1}[c', 4t + s]),   f = W h_L.

`Trials`, for trials x_1 ... x_n in any order and number, is a deep set,

    f(x) = rho((1 / n) sum_t phi(x_t), log n),

`OrderedTrials` gives moments and quantiles of them instead, and `Subset` reads statistics of which
some may be missing. All three are trained with random input masks, so that one training covers
every number of trials or every subset of statistics. The networks are in ``readers.py``. Zaheer et
al. (2017), arXiv:1703.06114; Radev et al. (2020), arXiv:2003.06281. Taught in
``book/summaries/which-features.md`` and ``book/summaries/learned-features.md``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from mechfit.inference.densities.moments import MOST, moments, ordinary, tamed
from mechfit.inference.densities.readers import (
    STRIDE,
    DeepSet,
    MaskedStatistics,
    OrderedSet,
    TraceNetwork,
)

__all__ = [
    "EMBEDDINGS",
    "Convolution",
    "Embedding",
    "OrderedTrials",
    "Sets",
    "Subset",
    "Trials",
]

WHOLE = 0.25
"""Share of the simulations of which `Subset` masks nothing while training."""


@dataclass(frozen=True)
class Embedding(ABC):
    """Kind and size of an embedding network: positive numbers, which are stored as text."""

    shorter: ClassVar[bool] = False
    """Whether an observation may have fewer columns than the simulations."""
    scored: ClassVar[bool] = False
    """Whether a column far from normal is replaced by its normal score."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if np.size(value) == 0 or np.min(value) <= 0:
                raise ValueError(f"{name} is {value}, expected positive numbers")

    @abstractmethod
    def build(self, k: int) -> nn.Module:
        """Make the network from x (..., k), standardized, to features (..., network.outputs)."""

    def valid(self, x: np.ndarray) -> np.ndarray:
        """Which rows of x (n, k) can be learned from (n,)."""
        return finite_rows(x)

    def answerable(self, x: np.ndarray) -> np.ndarray:
        """Which rows of x (n, k) can be observations (n,)."""
        return self.valid(x)

    def scale(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (k,) and standard deviation (k,) to standardize x (n, k) with."""
        return moments(x)

    def thin(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Mask part of each row of x (..., k) at random, by NaN; here nothing."""
        return x


@dataclass(frozen=True)
class Convolution(Embedding):
    """Strided convolutions for raw traces: columns are time points, channel after channel.

    Attributes:
        channels: Number of channels of the trace.
        filters: Filters of each layer; the last is repeated while over 16 time points are left.
        width: Width of the filters in time points.
        outputs: Number of features.
    """

    channels: int = 1
    filters: tuple[int, ...] = (8, 16, 32)
    width: int = 9
    outputs: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", tuple(self.filters))  # a list when read from JSON
        super().__post_init__()
        if self.width < STRIDE:
            raise ValueError(f"width is {self.width}, expected at least {STRIDE}, the stride")

    def build(self, k: int) -> nn.Module:
        """Make the network for traces of k columns."""
        time = quotient(k, self.channels, "channels")
        if time < self.width:
            raise ValueError(f"a trace has {time} time points, expected at least {self.width}")
        return TraceNetwork(self.channels, list(self.filters), self.width, self.outputs, time)

    def scale(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One mean and standard deviation for all time points of a channel."""
        time, size = quotient(x.shape[1], self.channels, "channels"), abs(x).max(1, keepdims=True)
        within = (size <= ordinary(size).max())[:, 0]  # all but traces that exploded
        (mean, std), (near, narrow) = (
            moments(
                part.reshape(-1, self.channels, time).swapaxes(1, 2).reshape(-1, self.channels)
            )
            for part in (x, x[within])
        )
        mean, std = np.where(std > MOST * narrow, [near, narrow], [mean, std])
        return mean.repeat(time), std.repeat(time)


@dataclass(frozen=True)
class Sets(Embedding):
    """What embeddings of trials in any order have in common.

    Columns are the numbers of a trial, trial after trial. A trial with a NaN or infinity in it is
    missing, so rows may have different numbers of trials. Whether a trial is missing must not
    depend on the parameters.

    Attributes:
        size: Numbers of each trial.
    """

    size: int
    shorter = True

    def valid(self, x: np.ndarray) -> np.ndarray:
        """Which rows of x (n, k) have a trial (n,)."""
        count = quotient(x.shape[1], self.size, "numbers of a trial")
        return np.isfinite(x).reshape(len(x), count, self.size).all(2).any(1)

    def scale(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over all trials, the same for each."""
        count = quotient(x.shape[1], self.size, "numbers of a trial")
        trials = x.reshape(-1, self.size)
        present = trials[np.isfinite(trials).all(1)]
        return tuple(np.tile(a, count) for a in moments(tamed(present)))

    def thin(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Keep 1 to all trials of each row of x (..., k), every number equally likely."""
        trials = x.unflatten(-1, (-1, self.size))
        present = trials.isfinite().all(-1, keepdim=True)
        draws = torch.rand(2, *present.shape, generator=generator, device=generator.device)
        order, choice = draws.to(x.device)
        last = torch.where(present, choice, -1.0).argmax(-2, keepdim=True)
        return torch.where(order <= order.gather(-2, last), trials, torch.nan).flatten(-2)


@dataclass(frozen=True)
class Trials(Sets):
    """Deep set for trials in any order: all of what is read from them is learned.

    Attributes:
        size: Numbers of each trial.
        hidden: Width of the networks phi and rho.
        outputs: Number of features.
    """

    hidden: int = 64
    outputs: int = 16

    def build(self, k: int) -> nn.Module:
        """Make the network for k / size trials."""
        quotient(k, self.size, "numbers of a trial")
        return DeepSet(self.size, self.hidden, self.outputs)


@dataclass(frozen=True)
class OrderedTrials(Sets):
    """Moments and quantiles of trials in any order, for a density to learn from.

    They take a fraction of the time of a deep set, and tell edges, such as the smallest of many
    numbers, exactly. They tell each number apart from the others of a trial: take `Trials` where
    these belong together.

    Attributes:
        size: Numbers of each trial.
        kinds: 1, or 2 for trials of two kinds, such as choices, told by their first number: those
            above its mean over all simulations, and the rest. The other numbers are then read for
            all trials and for each kind.
    """

    kinds: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kinds <= min(2, self.size):
            raise ValueError(f"kinds is {self.kinds}, expected 1, or 2 where size is at least 2")

    def build(self, k: int) -> nn.Module:
        """Make the network for k / size trials."""
        quotient(k, self.size, "numbers of a trial")
        return OrderedSet(self.size, self.kinds)


@dataclass(frozen=True)
class Subset(Embedding):
    """Statistics of which any may be missing: NaN in an observation stands for not known.

    Only complete simulations are learned from. Training masks some statistics of each, every
    number of them equally likely, except for a share `WHOLE`. The features are the statistics, 0
    where missing, a flag for each, and the outputs of a network of both.

    Attributes:
        hidden: Width of the network.
        outputs: Number of its features.
    """

    hidden: int = 256
    outputs: int = 64
    scored = True

    def build(self, k: int) -> nn.Module:
        """Make the network from k statistics to 2 k + outputs features."""
        return MaskedStatistics(k, self.hidden, self.outputs)

    def answerable(self, x: np.ndarray) -> np.ndarray:
        """Which rows of x (n, k) have no infinite number (n,)."""
        return ~np.isinf(x).any(1)

    def thin(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Keep all statistics of some rows of x (..., k), any number of them of the others."""
        order = torch.rand(x.shape, generator=generator, device=generator.device)
        whole, count = torch.rand(2, *x.shape[:-1], 1, generator=generator, device=order.device)
        least = torch.where(whole < WHOLE, 1.0, count)
        kept = order.argsort(-1).argsort(-1) < (least * (x.shape[-1] + 1)).floor()
        return torch.where(kept.to(x.device), x, torch.nan)


def finite_rows(x: np.ndarray) -> np.ndarray:
    """Which rows of x (n, k) are finite (n,)."""
    return np.isfinite(x).all(1)


def quotient(k: int, part: int, what: str) -> int:
    """Number of parts in k columns."""
    if k == 0 or k % part:
        raise ValueError(f"x has {k} columns, expected a multiple of the {part} {what}")
    return k // part


EMBEDDINGS = {c.__name__: c for c in (Convolution, OrderedTrials, Subset, Trials)}
