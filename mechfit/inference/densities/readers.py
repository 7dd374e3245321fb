r"""Readers: the networks of embeddings, from standardized data to features.

`TraceNetwork`, `DeepSet` and `MaskedStatistics` are trained, see ``embedding.py``. `OrderedSet`
has nothing to train. Of each number of the n trials present it gives the smallest, the mean m,
the standard deviation s, the skewness and quantiles,

    q_0,   m,   ln s,   sum_t (x_t - m)^3 / (n s^3),   (q_p - q_0) / s;   ln n,

and the same for the k trials of each of two kinds, 0 where k = 0, with ln((k + 1/2) / (n + 1)). A
mean of smooth functions hardly tells the smallest of many numbers, which is an edge of posteriors.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["DeepSet", "MaskedStatistics", "OrderedSet", "TraceNetwork"]

STRIDE = 4
"""Each layer of a convolution keeps one time point of so many."""
LEVELS = 0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0
"""Levels of the quantiles of a set, more where edges are: at its smallest numbers."""
LEAST = 1e-3
"""Standard deviation that is added to that of a set."""


class TraceNetwork(nn.Module):
    """Convolutions until the trace is short, then a linear map of all of it."""

    def __init__(
        self, channels: int, filters: list[int], width: int, outputs: int, time: int
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.layers = nn.Sequential(nn.Unflatten(-1, (channels, time)))
        while filters or time > 16:
            new, padding = filters.pop(0) if filters else channels, width // 2
            self.layers.extend([nn.Conv1d(channels, new, width, STRIDE, padding), nn.SiLU()])
            channels, time = new, (time + 2 * padding - width) // STRIDE + 1
        self.layers.extend([nn.Flatten(), nn.Linear(channels * time, self.outputs)])

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., outputs) of traces x (..., k)."""
        return self.layers(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], self.outputs)


class DeepSet(nn.Module):
    """A network's mean over the n trials present, then a network of the mean and log n.

    What a trial that is missing would cost is saved.
    """

    def __init__(self, size: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.size, self.outputs, self.width, h = size, outputs, hidden, hidden
        shapes = (size, h), (h, h), (h + 1, h), (h, outputs)
        first, second, third, last = (nn.Linear(*shape) for shape in shapes)
        self.phi = nn.Sequential(first, nn.SiLU(), second, nn.SiLU())
        self.rho = nn.Sequential(third, nn.SiLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., outputs) of trials x (..., k)."""
        trials, rows, n = gathered(x, self.size)
        sums = x.new_zeros(len(n), self.width).index_add(0, rows, self.phi(trials))
        n = n.clamp(min=1)[:, None].to(x.dtype)
        features = self.rho(torch.cat([sums / n, n.log()], -1))
        return features.reshape(*x.shape[:-1], self.outputs)


class MaskedStatistics(nn.Module):
    """The known statistics, flags for which they are, and a residual network of both."""

    def __init__(self, k: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.outputs, h = 2 * k + outputs, hidden
        self.first, self.last = nn.Linear(2 * k, h), nn.Linear(h, outputs)
        self.middle = nn.ModuleList(nn.Linear(h, h) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., 2 k + outputs) of statistics x (..., k)."""
        known = x.isfinite()
        given = torch.cat([torch.where(known, x, 0.0), known.to(x.dtype)], -1)
        h = self.first(given)
        for layer in self.middle:
            h = h + layer(nn.functional.silu(h))
        return torch.cat([given, self.last(nn.functional.silu(h))], -1)


class OrderedSet(nn.Module):
    """Moments and quantiles of the numbers of trials, of all and of each of two kinds."""

    def __init__(self, size: int, kinds: int) -> None:
        super().__init__()
        self.size, self.kinds, self.first = size, kinds, kinds - 1
        each = (size - self.first) * (3 + len(LEVELS))
        self.outputs = 1 + each + (kinds * (1 + each) if kinds > 1 else 0)

    def forward(self, x: Tensor) -> Tensor:
        """Features (..., outputs) of trials x (..., k)."""
        trials, rows, n = gathered(x, self.size)
        numbers, count = trials[:, self.first :], n.clamp(min=1)[:, None].to(x.dtype)
        features = [count.log(), self._ordered(numbers, rows, n)]
        for kind in range(self.kinds) if self.kinds > 1 else ():
            own = (trials[:, 0] > 0) == kind
            k = rows[own].bincount(minlength=len(n))
            share = ((k[:, None] + 0.5) / (n[:, None] + 1)).log().to(x.dtype)
            features += [share, self._ordered(numbers[own], rows[own], k)]
        return torch.cat(features, -1).reshape(*x.shape[:-1], self.outputs)

    def _ordered(self, numbers: Tensor, rows: Tensor, n: Tensor) -> Tensor:
        """Features (m, 12 j) of numbers (N, j), of which the rows (N,) have n (m,) each."""

        def mean(values: Tensor) -> Tensor:
            sums = values.new_zeros(len(n), values.shape[1]).index_add(0, rows, values)
            return sums / n.clamp(min=1)[:, None]

        middle = mean(numbers)
        away = numbers - middle[rows]
        s = (mean(away**2) + LEAST**2).sqrt()
        levels = torch.tensor(LEVELS).to(numbers)
        inside = levels * (n[:, None] - 1).clamp(min=0)
        low = (n.cumsum(0) - n)[:, None] + inside.long()
        part, last, quantiles = inside.frac(), max(len(rows) - 1, 0), []
        for column in numbers.unbind(1):
            order = column.argsort()
            column = column[order[rows[order].argsort(stable=True)]]
            column = column if len(column) else column.new_zeros(1)
            ends = column[low.clamp(max=last)], column[(low + 1).clamp(max=last)]
            quantiles.append(ends[0].lerp(ends[1], part))
        q = torch.stack(quantiles, 1)
        least, shape = q[..., 0], (q[..., 1:] - q[..., :1]) / s[..., None]
        parts = [least, middle, s.log(), mean((away / s[rows]) ** 3), shape.flatten(1)]
        return torch.where(n[:, None] > 0, torch.cat(parts, -1), 0.0)


def gathered(x: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Trials (N, size) that are present in rows of x (..., k), their rows (N,), and numbers."""
    trials = x.unflatten(-1, (-1, size))
    present = trials.isfinite().all(-1)
    n = present.sum(-1).flatten()
    return trials[present], torch.arange(len(n), device=x.device).repeat_interleave(n), n
