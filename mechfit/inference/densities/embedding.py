r"""Embedding networks: they turn raw data into a few features for a density estimator.

They are trained with the density q(theta | f(x)), by the same loss. `Convolution`, for traces, has
layers of strided convolutions with filters w and a linear map of the short trace h_L that is left:

    h_0 = x,   h_l[c, t] = silu(b_c + sum_{c', s} w_c[c', s] h_{l-1}[c', 4t + s]),   f = W h_L.

`Trials`, for trials x_1 ... x_n in any order and number, is a deep set,

    f(x) = rho((1 / n) sum_t phi(x_t), log n),

and `Subset` reads statistics of which some may be missing. Both are trained with random input
masks, so that one training covers every number of trials or every subset of statistics. Zaheer et
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

__all__ = ["EMBEDDINGS", "Convolution", "Embedding", "Subset", "Trials"]

WHOLE = 0.25
"""Share of the simulations of which `Subset` masks nothing while training."""
STRIDE = 4
"""Each layer of a convolution keeps one time point of so many."""


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
        return TraceNetwork(self, time)

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
class Trials(Embedding):
    """Deep set for trials in any order: columns are the numbers of a trial, trial after trial.

    A trial with a NaN or infinity in it is missing, so rows may have different numbers of trials.
    Whether a trial is missing must not depend on the parameters.

    Attributes:
        size: Numbers of each trial.
        hidden: Width of the networks phi and rho.
        outputs: Number of features.
    """

    size: int
    hidden: int = 64
    outputs: int = 16
    shorter = True

    def build(self, k: int) -> nn.Module:
        """Make the network for k / size trials."""
        quotient(k, self.size, "numbers of a trial")
        return DeepSet(self)

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
        return MaskedStatistics(self, k)

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


class TraceNetwork(nn.Module):
    """Convolutions until the trace is short, then a linear map of all of it."""

    def __init__(self, kind: Convolution, time: int) -> None:
        super().__init__()
        channels, filters, self.outputs = kind.channels, list(kind.filters), kind.outputs
        self.layers = nn.Sequential(nn.Unflatten(-1, (channels, time)))
        while filters or time > 16:
            new, padding = filters.pop(0) if filters else channels, kind.width // 2
            self.layers.extend([nn.Conv1d(channels, new, kind.width, STRIDE, padding), nn.SiLU()])
            channels, time = new, (time + 2 * padding - kind.width) // STRIDE + 1
        self.layers.extend([nn.Flatten(), nn.Linear(channels * time, self.outputs)])

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., outputs) of traces x (..., k)."""
        return self.layers(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], self.outputs)


class DeepSet(nn.Module):
    """A network's mean over the n trials present, then a network of the mean and log n.

    What a trial that is missing would cost is saved.
    """

    def __init__(self, kind: Trials) -> None:
        super().__init__()
        self.size, self.outputs, self.width = kind.size, kind.outputs, kind.hidden
        h = kind.hidden
        shapes = (kind.size, h), (h, h), (h + 1, h), (h, kind.outputs)
        first, second, third, last = (nn.Linear(*shape) for shape in shapes)
        self.phi = nn.Sequential(first, nn.SiLU(), second, nn.SiLU())
        self.rho = nn.Sequential(third, nn.SiLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., outputs) of trials x (..., k)."""
        trials = x.unflatten(-1, (-1, self.size))
        present = trials.isfinite().all(-1)
        n = present.sum(-1).flatten()
        rows = torch.arange(len(n), device=x.device).repeat_interleave(n)
        sums = x.new_zeros(len(n), self.width).index_add(0, rows, self.phi(trials[present]))
        n = n.clamp(min=1)[:, None].to(x.dtype)
        features = self.rho(torch.cat([sums / n, n.log()], -1))
        return features.reshape(*x.shape[:-1], self.outputs)


class MaskedStatistics(nn.Module):
    """The known statistics, flags for which they are, and a residual network of both."""

    def __init__(self, kind: Subset, k: int) -> None:
        super().__init__()
        self.outputs, h = 2 * k + kind.outputs, kind.hidden
        self.first, self.last = nn.Linear(2 * k, h), nn.Linear(h, kind.outputs)
        self.middle = nn.ModuleList(nn.Linear(h, h) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., 2 k + outputs) of statistics x (..., k)."""
        known = x.isfinite()
        given = torch.cat([torch.where(known, x, 0.0), known.to(x.dtype)], -1)
        h = self.first(given)
        for layer in self.middle:
            h = h + layer(nn.functional.silu(h))
        return torch.cat([given, self.last(nn.functional.silu(h))], -1)


def finite_rows(x: np.ndarray) -> np.ndarray:
    """Which rows of x (n, k) are finite (n,)."""
    return np.isfinite(x).all(1)


def quotient(k: int, part: int, what: str) -> int:
    """Number of parts in k columns."""
    if k == 0 or k % part:
        raise ValueError(f"x has {k} columns, expected a multiple of the {part} {what}")
    return k // part


EMBEDDINGS = {c.__name__: c for c in (Convolution, Subset, Trials)}
