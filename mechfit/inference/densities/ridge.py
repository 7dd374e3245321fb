r"""Ridge regression of parameters on statistics: where a density starts.

With centered statistics X (n, k) = U S V^T and parameters Z (n, d), the ridge estimate is

    A^T = V S (S^2 + l)^-1 U^T Z,    h_i = 1/n + sum_j U_ij^2 S_j^2 / (S_j^2 + l),

and leaving simulation i out changes its residual from e_i to e_i / (1 - h_i). For every parameter,
l is that of the least mean of these squares: Allen (1974), doi:10.1080/00401706.1974.10489157. A
density that starts at mean and covariance of this normal approximation need not learn anew what is
linear. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["REACH", "Ridge", "ridge"]

REACH = 5.0
"""Statistics further from their means than so many standard deviations count as that far."""
ROWS = 10_000
PENALTIES = np.logspace(-8, 3, 23)
MOST = 1 - 1e-3
"""Largest leverage h_i."""


class Ridge(NamedTuple):
    """z ~ slope x + constant, with residuals.

    Attributes:
        slope: Matrix (d, k).
        constant: Constants (d,).
        residuals: Residuals (n, d), each of a simulation that was left out.
    """

    slope: Tensor
    constant: Tensor
    residuals: Tensor


def ridge(z: np.ndarray, x: np.ndarray) -> Ridge:
    """Regress z (n, d) on standardized x (n, k), or 10,000 evenly spaced rows of them."""
    n = min(len(x), ROWS)
    rows = np.linspace(0, len(x) - 1, n).astype(int)
    x, z = np.clip(x[rows], -REACH, REACH).astype(float), z[rows].astype(float)
    mean, constant = x.mean(0), z.mean(0)
    u, s, v = np.linalg.svd(x - mean, full_matrices=False)
    projected, least = u.T @ (z - constant), np.full(z.shape[1], np.inf)
    slope, residuals = np.zeros((z.shape[1], x.shape[1])), z - constant
    for penalty in n * PENALTIES:
        kept = s**2 / (s**2 + penalty)
        leverage = np.minimum(1 / n + u**2 @ kept, MOST)
        errors = (z - constant - u @ (kept[:, None] * projected)) / (1 - leverage)[:, None]
        better = (errors**2).mean(0) < least
        least[better], residuals[:, better] = (errors**2).mean(0)[better], errors[:, better]
        shrunk = s[:, None] / (s**2 + penalty)[:, None] * projected[:, better]
        slope[better] = (v.T @ shrunk).T
    parts = slope, constant - slope @ mean, residuals
    return Ridge(*(torch.as_tensor(part, dtype=torch.float32) for part in parts))
