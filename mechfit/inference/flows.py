r"""Flows: a standard normal, bent by invertible maps until it is the posterior.

A flow is a map z = T(u; x) from noise u ~ N(0, I), invertible in u for every x. Its density is

    log q(z | x) = log N(T^-1(z; x); 0, I) + log |det dT^-1/dz|.

Two of the maps are those of nflows, which only this file and ``spline.py`` know: the masked
autoregressive flow of Papamakarios, Pavlakou & Murray (2017), arXiv:1705.07057, and the neural
spline flow of Durkan, Bekasov, Murray & Papamakarios (2019), arXiv:1906.04032. The third, a spline
coupling flow as well but faster, is our own. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from nflows import transforms
from nflows.nn.nets import ResidualNet
from torch import Tensor, nn

from mechfit.inference.spline import SplineCoupling
from mechfit.models.prior import LOG_SQRT_2PI

__all__ = ["MAF", "NSF", "Coupling"]


@dataclass(frozen=True)
class MAF:
    """Masked autoregressive flow: each number is shifted and scaled given those before it."""

    layers: int = 5
    hidden: int = 50

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        parts = []
        for _ in range(self.layers):
            parts += [
                transforms.RandomPermutation(d),
                transforms.MaskedAffineAutoregressiveTransform(
                    d, self.hidden, context_features=k, use_residual_blocks=False
                ),
            ]
        return Flow(transforms.CompositeTransform(parts), d)


@dataclass(frozen=True)
class NSF:
    """Neural spline flow: half of the numbers bend by splines that the other half chooses."""

    layers: int = 5
    hidden: int = 50
    bins: int = 8
    bound: float = 5.0

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        if d == 1:
            return MAF(self.layers, self.hidden).build(d, k)

        def network(inputs: int, outputs: int) -> nn.Module:
            return ResidualNet(inputs, outputs, self.hidden, context_features=k, num_blocks=2)

        parts = []
        for layer in range(self.layers):
            mask = (torch.arange(d) + layer) % 2
            parts += [
                transforms.PiecewiseRationalQuadraticCouplingTransform(
                    mask, network, self.bins, tails="linear", tail_bound=self.bound
                ),
                Mixing(d),
            ]
        return Flow(transforms.CompositeTransform(parts), d)


@dataclass(frozen=True)
class Coupling:
    """Spline coupling flow of our own: splines as in `NSF`, in far fewer operations.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        bins: Number of bins of each spline.
        bound: The splines reach from -bound to bound, with linear tails.
        box: Work in the unit cube of the prior, with a uniform base, instead of unbounded space.
    """

    layers: int = 5
    hidden: int = 64
    bins: int = 8
    bound: float = 5.0
    box: bool = False

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        bound = None if self.box else self.bound
        transform = SplineCoupling(d, k, self.layers, self.hidden, self.bins, bound)
        return Flow(transform, d, box=self.box)


class Mixing(transforms.LULinear):
    """A learned linear map between layers, inverted by two triangular solves."""

    def inverse_no_cache(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Solve L U z = inputs - bias (n, d); also log |det| of the inverse (n,)."""
        lower, upper = self._create_lower_upper()
        rows = torch.linalg.solve_triangular(
            lower, (inputs - self.bias).T, upper=False, unitriangular=True
        )
        outputs = torch.linalg.solve_triangular(upper, rows, upper=True)
        return outputs.T, -self.logabsdet().expand(len(inputs))


class Flow(nn.Module):
    """A conditional density over z (n, d) given standardized statistics (n, k).

    With `box`, z lies in the unit cube and the base is uniform there, else it is standard normal.
    """

    def __init__(self, transform: transforms.Transform, d: int, *, box: bool = False) -> None:
        super().__init__()
        self.transform = transform
        self.d = d
        self.box = box

    def log_prob(self, z: Tensor, x: Tensor) -> Tensor:
        """Log-density (n,) of z (n, d) given x (n, k)."""
        noise, log_det = self.transform(z, context=x)
        return log_det if self.box else log_det - 0.5 * (noise**2).sum(-1) - self.d * LOG_SQRT_2PI

    def push(self, noise: Tensor, x: Tensor) -> Tensor:
        """Turn standard normals (n, d) into draws z (n, d) given x (n, k)."""
        if self.box:
            return self.transform.inverse(torch.special.ndtr(noise), context=x)[0].clamp(0, 1)
        return self.transform.inverse(noise, context=x)[0]


FLOWS = {c.__name__: c for c in (Coupling, MAF, NSF)}
