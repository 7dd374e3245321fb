r"""Transforms of the package nflows: masked autoregressive flow and neural spline flow.

A transform is an invertible map z -> u for every context x, with log |det du/dz|: for the masked
autoregressive flow u_j = (z_j - m_j) / s_j, with m_j and s_j functions of z_1 .. z_{j-1} and x,
Papamakarios, Pavlakou & Murray (2017), arXiv:1705.07057; for the neural spline flow see
``coupling.py``, which keeps to the same interface. No other file imports nflows. Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import torch
from nflows import transforms
from nflows.nn.nets import ResidualNet
from nflows.transforms import Transform
from torch import Tensor, nn

__all__ = ["Transform", "autoregressive", "neural_spline"]


def autoregressive(d: int, k: int, layers: int, hidden: int) -> Transform:
    """The masked autoregressive flow of d parameters given k numbers."""
    parts = []
    for _ in range(layers):
        parts.append(transforms.RandomPermutation(d))
        parts.append(
            transforms.MaskedAffineAutoregressiveTransform(
                d, hidden, context_features=k, use_residual_blocks=False
            )
        )
    return transforms.CompositeTransform(parts)


def neural_spline(d: int, k: int, layers: int, hidden: int, bins: int, bound: float) -> Transform:
    """The neural spline flow of d > 1 parameters given k numbers, by coupling."""

    def network(inputs: int, outputs: int) -> nn.Module:
        return ResidualNet(inputs, outputs, hidden, context_features=k, num_blocks=2)

    parts = []
    for layer in range(layers):
        mask = (torch.arange(d) + layer) % 2
        spline = transforms.PiecewiseRationalQuadraticCouplingTransform(
            mask, network, bins, tails="linear", tail_bound=bound
        )
        parts += [spline, Mixing(d)]
    return transforms.CompositeTransform(parts)


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
