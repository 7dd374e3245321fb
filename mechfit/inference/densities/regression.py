r"""Regression: a network for the posterior mean.

Of all functions f of the data, the posterior mean has the smallest expected squared error,
E[z | x] = argmin_f E |z - f(x)|^2, and the squared error is, up to a constant, -log N(z; f(x), I):
a density like the others, trained like them. Taught in ``book/summaries/learned-features.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from mechfit.inference.densities.base import Density, perceptron
from mechfit.inference.densities.embedding import Embedding
from mechfit.models.distributions import LOG_SQRT_2PI

__all__ = ["MeanNetwork", "PosteriorMean"]


@dataclass(frozen=True)
class PosteriorMean:
    """A network for the posterior mean.

    Attributes:
        hidden: Width of the network.
        embedding: Embedding network for the data; None takes statistics as they are.
    """

    hidden: int = 128
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> MeanNetwork:
        """Make the network for d parameters given k columns of data, with random weights."""
        return MeanNetwork(d, k, self.hidden, self.embedding)


class MeanNetwork(Density):
    """A normal of unit variance about a mean that depends on x: its loss is the squared error."""

    def __init__(self, d: int, k: int, hidden: int, embedding: Embedding | None) -> None:
        super().__init__(d, k, embedding)
        self.network = perceptron(self.features, hidden, d)

    def mean(self, x: Tensor) -> Tensor:
        """Mean (n, d) of standardized z given x (n, k)."""
        features = self.reader(x)
        return self.network(features) + self.whiten(self.origin(features))

    def log_prob_of(self, z: Tensor, features: Tensor) -> Tensor:
        """Log-density (..., n) of standardized z (..., n, d) given features (n, f)."""
        return -0.5 * ((z - self.network(features)) ** 2).sum(-1) - self.d * LOG_SQRT_2PI

    def push_of(self, noise: Tensor, features: Tensor) -> Tensor:
        """Transform normals (m, n, d) to draws of standardized z given features (m, 1, f)."""
        return self.network(features) + noise
