r"""Box: from numbers between two bounds to normals that are cut off, so that both ends stay.

A truncated logistic F (``truncated_logistic.py``) gives each number z_i of the box (-1, 1) a place
and a width first, given x and the numbers before it; the normal score of the result is its
coordinate w_i among the layers of a flow,

    w_i = Phi^-1((1 + p F(z_i; m_i, s_i)) / 2),    m_i = l_i(x) + sum_{j<i} C_ij(x) (z_j - l_j(x)),

with p = P(|N(0, 1)| < b), so that |w_i| < b. What is linear is so in F's argument, what is left is
about standard normal, and close to a bound w resolves small z; yet the density of z is finite at
the ends. With a regression of z on x, l is its mean, and C that of each residual on those before.
Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.special import ndtr, ndtri

from mechfit.inference.densities.ridge import REACH, Ridge
from mechfit.inference.densities.truncated_logistic import scale_of, truncated_logistic
from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["Box", "Place"]

SMALLEST = 1e-8
"""Variance that is added to that of the residuals of a regression."""

Place = tuple[Tensor, Tensor, Tensor]
"""For each x, the l (..., d), log s (..., d) and C (..., d, d) above."""


class Box(nn.Module):
    """The map above, for those of d numbers that are `inside` (d,); the others stay.

    Attributes:
        bound: The b above.
        mass: The p above.
        outputs: How many outputs of a network of x the places are made of.
    """

    def __init__(self, inside: Tensor, k: int, bound: float) -> None:
        super().__init__()
        d = len(inside)
        self.bound, self.mass = bound, math.erf(bound / 2**0.5)
        self.sizes = [d, d, d * (d - 1) // 2]
        self.outputs = sum(self.sizes)
        pairs = (inside[:, None] * inside).tril(-1)
        turn = torch.zeros(d, d, dtype=torch.long)
        turn[*torch.tril_indices(d, d, -1)] = torch.arange(self.sizes[-1])
        self.register_buffer("inside", inside, persistent=False)
        self.register_buffer("turn", turn, persistent=False)
        self.register_buffer("pairs", pairs, persistent=False)
        self.register_buffer("slope", torch.zeros(d, k))
        self.register_buffer("location", torch.zeros(d))
        self.register_buffer("scale", torch.full((d,), 2.0))
        self.register_buffer("mixing", torch.zeros(d, d))

    def start(self, regression: Ridge) -> None:
        """Take l, s and C from a regression of numbers between 0 and 1."""
        inside = self.inside > 0
        slope, constant, residuals = (2 * part for part in regression)
        self.slope[inside], self.location[inside] = slope[inside], constant[inside] - 1
        one = torch.eye(int(inside.sum())).to(residuals)
        root = torch.linalg.cholesky(residuals[:, inside].T.cov().view_as(one) + SMALLEST * one)
        std = root.diagonal()
        self.mixing[inside[:, None] & inside] = (one - torch.linalg.inv(root / std)).flatten()
        self.scale[inside] = scale_of(std)

    def place(self, context: Tensor, outputs: Tensor) -> Place:
        """Where x (..., k) puts the numbers, by a network's outputs for it."""
        shift, log_s, turns = outputs.split(self.sizes, -1)
        linear = context.clamp(-REACH, REACH) @ self.slope.T + self.location
        location, log_s = linear + self.scale * shift, self.scale.log() + log_s
        if not len(self.pairs) > 1:
            return location, log_s, self.mixing
        ratio = self.pairs * self.scale[:, None] / self.scale
        return location, log_s, self.mixing + ratio * turns[..., self.turn]

    def forward(self, z: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        """Return w (..., d) and log dw/dz (..., d) of z, between -1 and 1 where inside."""
        location, log_s, mixing = place
        within = torch.where(self.inside > 0, z, 0.0)
        apart = within - location.clamp(-1, 1)
        m = location + (mixing @ apart[..., None])[..., 0]
        placed, log = truncated_logistic(within, m, log_s)
        w = self._scores(placed)
        return self._inside(w, z), self._inside(log + self._log_slope(w), 0.0)

    def inverse(self, w: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        """Return z (..., d) and log dz/dw (..., d) of w, one number after the other."""
        location, log_s, mixing = place
        placed = ((2 * ndtr(w) - 1) / self.mass).clamp(-1, 1)
        m, found, logs = location, [], []
        for i in range(w.shape[-1]):
            z, log = truncated_logistic(placed[..., i], m[..., i], log_s[..., i], inverse=True)
            m = m + mixing[..., i] * (z - location[..., i].clamp(-1, 1))[..., None]
            found.append(z)
            logs.append(log)
        log = torch.stack(logs, -1) - self._log_slope(w)
        return self._inside(torch.stack(found, -1), w), self._inside(log, 0.0)

    def base(self, noise: Tensor) -> Tensor:
        """Standard normals, cut off at -b and b, from standard normals."""
        return self._scores(2 * ndtr(noise) - 1)

    def _scores(self, placed: Tensor) -> Tensor:
        """Normal scores, between -b and b, of numbers between -1 and 1.

        They come from the nearer tail, or rounding would put the ends beside those of the splines,
        which may be steep there: a layer makes 1e-5 a thousand, the next a density of exp(-1e13).
        """
        below = ndtri((1 - self.mass) / 2 + self.mass * (1 - placed.abs()) / 2)
        return torch.where(placed < 0, below, -below).clamp(-self.bound, self.bound)

    def _log_slope(self, w: Tensor) -> Tensor:
        """Log of p / (2 phi(w)) (..., d)."""
        return w * w / 2 + LOG_SQRT_2PI + math.log(self.mass / 2)

    def _inside(self, values: Tensor, others: Tensor | float) -> Tensor:
        """Values where numbers are inside, else the others."""
        return torch.where(self.inside > 0, values, others)
