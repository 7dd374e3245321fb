r"""Harmonics: the published parametrization of a path, its loss and its number of nodes.

From x_0 to x_1 each parameter goes its own way,

    x(s) = x_0 + (x_1 - x_0) γ(s),    γ_d(s) = s + sum_k [α_kd sin(π k s) + β_kd sin²(π k s)],

and the coefficients lower the sum over nodes of -log q(x(s)) |x'(s)|. Gonçalves, Lueckmann,
Deistler et al. (2020), doi:10.7554/eLife.56261, took K = 2, 80 nodes, and 30 steps of BFGS with
finite differences; here the gradient is exact and the search goes on until it ends. A parameter
that both ends share cannot move, no bound is respected, and a constant added to log q changes the
path: `mechfit.geometry.paths` has none of these limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from mechfit.geometry.paths import length
from mechfit.geometry.slopes import Function, Slope, slope_of


@dataclass(frozen=True)
class Harmonics:
    """A path from start (d,) to end (d,); coefficients have rows α_1 ... α_K, β_1 ... β_K."""

    start: np.ndarray
    end: np.ndarray
    coefficients: np.ndarray

    def at(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes x(s) (n, d) and derivatives x'(s) (n, d) at s (n,) from 0 to 1."""
        value, slope = waves(len(self.coefficients) // 2, np.asarray(s, float))
        gone = self.end - self.start
        x = self.start + gone * (np.asarray(s)[:, None] + value @ self.coefficients)
        return x, gone * (1 + slope @ self.coefficients)

    def nodes(self, nodes: int = 80) -> np.ndarray:
        """Nodes (nodes, d) at equal steps of s."""
        return self.at(np.linspace(0, 1, nodes))[0]

    def loss(self, log_prob: Function, nodes: int = 80) -> float:
        """Sum over the nodes of -log q times the speed at which the path is walked."""
        x, slope = self.at(np.linspace(0, 1, nodes))
        return float(-(log_prob(x) * np.linalg.norm(slope, axis=1)).sum())

    def length(self, nodes: int = 80) -> float:
        """Length of the chain of nodes."""
        return length(self.nodes(nodes))


def waves(orders: int, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sines and squared sines (n, 2 K) at s (n,), and their derivatives (n, 2 K)."""
    rate = np.pi * np.arange(1, orders + 1)
    angle = np.outer(s, rate)
    value = np.concatenate([np.sin(angle), np.sin(angle) ** 2], 1)
    return value, np.concatenate([rate * np.cos(angle), rate * np.sin(2 * angle)], 1)


def harmonic_path(
    log_prob: Function,
    start: np.ndarray,
    end: np.ndarray,
    *,
    log_prob_grad: Slope | None = None,
    orders: int = 2,
    nodes: int = 80,
    first: np.ndarray | None = None,
) -> Harmonics:
    """Find the published kind of path between two parameter sets.

    Args:
        log_prob: Log-density (n,) of parameters (n, d), finite wherever the path may go.
        start: Where it starts (d,).
        end: Where it ends (d,).
        log_prob_grad: The log-density with its gradient; by default central differences.
        orders: Number K of sines.
        nodes: Nodes over which the loss is summed.
        first: Coefficients (2 K, d) to begin with; by default 0, the straight line.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    gone, s, both = end - start, np.linspace(0, 1, nodes), slope_of(log_prob, log_prob_grad)
    value, slope = waves(orders, s)
    begin = np.zeros((2 * orders, len(start))) if first is None else np.asarray(first)

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        x, velocity = Harmonics(start, end, flat.reshape(2 * orders, -1)).at(s)
        log_q, uphill = both(x)
        speed = np.linalg.norm(velocity, axis=1)
        by_x = -uphill * speed[:, None] * gone
        by_velocity = -(log_q / speed)[:, None] * velocity * gone
        return -(log_q * speed).sum(), (value.T @ by_x + slope.T @ by_velocity).ravel()

    options = {"maxiter": 3000, "maxfun": 6000, "maxcor": 30, "ftol": 1e-10, "gtol": 1e-5}
    found = minimize(cost, begin.ravel(), jac=True, method="L-BFGS-B", options=options)
    return Harmonics(start, end, found.x.reshape(2 * orders, -1))
