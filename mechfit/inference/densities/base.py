r"""Densities: what all density estimators have in common.

A conditional density q(z | x) over z (d numbers) reads x through an embedding network h, once for
all z that share it, and works in standardized coordinates, with mean m + A x and covariance L L^T
of the simulations it learns from, or of a regression on x:

    log q(z | x) = log q_u(L^-1 (z - m - A x) | h(x)) - log |L|.

It draws by transforming standard normals. A mean sum_m w_m q_m(z | x) of densities is one as well,
an ensemble: Lakshminarayanan, Pritzel & Blundell (2017), arXiv:1612.01474. Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.mixture import choose
from mechfit.inference.densities.ridge import REACH, Ridge
from mechfit.inference.torch_state import torch_state

__all__ = ["Density", "Ensemble", "perceptron", "seeded"]

NARROWEST = 1e-4
"""Standard deviation that is added to that of z in every direction, in those of the prior."""


class Density(nn.Module):
    """A conditional density over z (..., d) given x (..., k); called, it gives its log-density.

    Attributes:
        d: Number of parameters.
        noise: Number of standard normals that make a draw.
        box: Which numbers of z lie between 0 and 1 (d,).
        embedding: Configuration of the embedding network, or None.
    """

    def __init__(
        self, d: int, k: int, embedding: Embedding | None = None, *, box: Sequence[bool] = ()
    ) -> None:
        super().__init__()
        self.d, self.noise, self.embedding = d, d, embedding
        self.box = tuple(bool(b) for b in box) or (False,) * d
        self.reader = embedding.build(k) if embedding else nn.Identity()
        self.features = self.reader.outputs if embedding else k
        self.register_buffer("center", torch.zeros(d))
        self.register_buffer("root", torch.eye(d))
        self.register_buffer("linear", torch.zeros(d, self.features))

    def standardize(self, z: Tensor, start: Ridge | None = None) -> None:
        """Take m and L from the z (n, d) to be learned from, or these and A from a regression."""
        free = ~torch.tensor(self.box)
        if start is not None:
            self.linear[free], z = start.slope[free], start.constant + start.residuals
        if free.any():
            among, z = free[:, None] & free, z[:, free]
            floor = NARROWEST**2 * torch.eye(z.shape[1]).to(z)
            self.center[free] = z.mean(0)
            self.root[among] = torch.linalg.cholesky(z.T.cov().view_as(floor) + floor).flatten()

    def origin(self, features: Tensor) -> Tensor:
        """Where standardized coordinates are 0: m + A h (..., d), given features h (..., f)."""
        return self.center + features.clamp(-REACH, REACH).to(self.linear) @ self.linear.T

    def whiten(self, z: Tensor, origin: Tensor | None = None) -> Tensor:
        """Standardized coordinates of z (..., n, d), from m unless an origin is given."""
        z = z - (self.center if origin is None else origin)
        return torch.linalg.solve_triangular(self.root, z.mT, upper=False).mT

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Log-density (..., n) of z (..., n, d) given x (n, k)."""
        return self.log_prob(z, x)

    def log_prob(self, z: Tensor, x: Tensor) -> Tensor:
        """Log-density (..., n) of z (..., n, d) given x (n, k)."""
        features = self.reader(x)
        u = self.whiten(z, self.origin(features))
        return self.log_prob_of(u, features) - self.root.diagonal().log().sum()

    def push(self, noise: Tensor, x: Tensor) -> Tensor:
        """Transform standard normals (m, n, self.noise) to draws z (m, n, d) given x (m, k)."""
        features = self.reader(x)[:, None]
        return self.origin(features) + self.push_of(noise, features) @ self.root.T

    def log_prob_of(self, z: Tensor, features: Tensor) -> Tensor:
        """Log-density (..., n) of standardized z (..., n, d) given features (n, f)."""
        raise NotImplementedError

    def push_of(self, noise: Tensor, features: Tensor) -> Tensor:
        """Transform normals (m, n, noise) to draws of standardized z given features (m, 1, f)."""
        raise NotImplementedError


@torch_state(grad=True)
def seeded(make: Callable[..., nn.Module], *sizes: int, seed: int) -> nn.Module:
    """Make a network with weights drawn from `seed`, leaving torch's global generators alone."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))
        return make(*sizes)


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """A network with two hidden layers."""
    sizes = (inputs, hidden), (hidden, hidden), (hidden, outputs)
    first, second, last = (nn.Linear(*size) for size in sizes)
    return nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), last)


class Ensemble(nn.Module):
    """The mean of M densities, each trained from other random weights, with `weights` (M,)."""

    def __init__(self, members: Sequence[Density], weights: Tensor | None = None) -> None:
        super().__init__()
        count = len(members)
        weights = torch.full((count,), 1 / count) if weights is None else weights
        self.register_buffer("weights", weights)
        self.members = nn.ModuleList(members)
        self.d, self.noise = members[0].d, members[0].noise + 1
        self.embedding = members[0].embedding

    def log_prob(self, z: Tensor, x: Tensor) -> Tensor:
        """Log-density (..., n) of z (..., n, d) given x (n, k)."""
        parts = torch.stack([m.log_prob(z, x) for m in self.members])
        return (parts.movedim(0, -1) + self.weights.log()).logsumexp(-1)

    def push(self, noise: Tensor, x: Tensor) -> Tensor:
        """As in `Density`; the last of the self.noise normals chooses the member."""
        chosen = choose(noise[..., -1], self.weights)
        draws, once = noise.new_empty(*noise.shape[:-1], self.d), len(x) == 1
        for c, member in enumerate(self.members):
            i, j = (chosen == c).nonzero(as_tuple=True)
            if once:
                draws[0, j] = member.push(noise[:, j, :-1], x)[0]
            elif self.embedding is None:
                draws[i, j] = member.push(noise[i, j, None, :-1], x[i])[:, 0]
            else:  # to embed an observation once for all of its draws costs less
                draws[i, j] = member.push(noise[..., :-1], x)[i, j]
        return draws
