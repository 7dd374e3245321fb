r"""Mixture density network: the parameters of a mixture of Gaussians as functions of x.

A network gives weights w_c, means mu_c and factors A_c of the precisions,

    q(z | x) = sum_c w_c(x) N(z; mu_c(x), P_c(x)^-1),    P_c = I + A_c A_c^T.

In the prior's unbounded space the prior is N(0, I), so no component is wider than the prior: the
quotient p~ / p that sequential inference multiplies with (see ``losses.py``) leaves every product
a density. Bishop (1994), Mixture density networks; for inference: Papamakarios & Murray (2016),
arXiv:1605.06376. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mechfit.inference.densities.base import Density, perceptron
from mechfit.inference.densities.embedding import Embedding
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.sequential.losses import snpe_a_posterior

__all__ = ["MDN", "MixtureDensity"]

LARGEST = 9.0
"""Largest logarithm of a diagonal element of A, in units of the spread of z."""


@dataclass(frozen=True)
class MDN:
    """Mixture density network.

    Attributes:
        components: Number of Gaussians.
        hidden: Width of the network.
        embedding: Embedding network for the data; None takes statistics as they are.
    """

    components: int = 8
    hidden: int = 64
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> MixtureDensity:
        """Make the network for d parameters given k statistics, with random weights."""
        return MixtureDensity(d, k, self.components, self.hidden, self.embedding)


class MixtureDensity(Density):
    """A mixture of Gaussians for every x; may divide by a Gaussian proposal (SNPE-A)."""

    def __init__(
        self, d: int, k: int, components: int, hidden: int, embedding: Embedding | None
    ) -> None:
        super().__init__(d, k, embedding)
        self.noise = d + 1
        self.components = components
        outputs = components * (1 + d + d * (d + 1) // 2)
        self.network = perceptron(self.features, hidden, outputs)
        self.means = nn.Parameter(torch.randn(components, d))
        self.register_buffer("proposal_eta", torch.zeros(1, d, dtype=torch.float64))
        self.register_buffer("proposal_precision", torch.eye(d, dtype=torch.float64)[None])

    def divide_by(self, proposal: Mixture) -> None:
        """Multiply the density by the prior over this Gaussian, from now on."""
        self.proposal_eta.copy_(proposal.eta.flatten(0, -2))
        self.proposal_precision.copy_(proposal.precision.flatten(0, -3))

    def learned(self, x: Tensor) -> Mixture:
        """The network's mixture, before division, for each x (n, k), in float64."""
        d, c = self.d, self.components
        features = self.reader(x)
        out = self.network(features).double()
        logits, mean, factor = out.split([c, c * d, c * d * (d + 1) // 2], -1)
        lower = out.new_zeros(*out.shape[:-1], c, d, d)
        lower[..., *torch.tril_indices(d, d).to(out.device)] = factor.unflatten(-1, (c, -1))
        log_diagonal = lower.diagonal(dim1=-2, dim2=-1).clamp(-LARGEST, LARGEST)
        lower = lower.tril(-1) + torch.diag_embed(log_diagonal.exp())
        root = self.root.double()
        lower = torch.linalg.solve_triangular(root.T, lower, upper=True)
        precision = lower @ lower.mT + torch.eye(d).to(lower)
        mean = (
            self.origin(features)[..., None, :]
            + (mean.unflatten(-1, (c, d)) + self.means) @ root.T
        )
        eta = (precision @ mean[..., None])[..., 0]
        return Mixture.of(logits.log_softmax(-1), eta, precision)

    def mixture(self, x: Tensor) -> Mixture:
        """The posterior: a mixture for each x (n, k)."""
        learned = self.learned(x)
        prior = Mixture.standard_normal(self.d).to(x.device)
        if torch.equal(self.proposal_precision, prior.precision) and not self.proposal_eta.any():
            return learned
        proposal = Mixture.of(prior.eta.new_zeros(1), self.proposal_eta, self.proposal_precision)
        return snpe_a_posterior(learned, proposal, prior)

    def log_prob(self, z: Tensor, x: Tensor) -> Tensor:
        """Log-density (..., n) of z (..., n, d) given x (n, k)."""
        return self.mixture(x).log_prob(z.double())

    def push(self, noise: Tensor, x: Tensor) -> Tensor:
        """Transform standard normals (m, n, d + 1) to draws z (m, n, d) given x (m, k)."""
        return self.mixture(x).push(noise.double()).to(noise)
