r"""Losses of sequential neural posterior estimation, and how each corrects for the proposal.

In later rounds parameters come from a proposal p~(theta), not from the prior p(theta). Maximum
likelihood then learns the *proposal posterior*, which is off by the ratio of the two,

    p~(theta | x)  ∝  p(theta | x) p~(theta) / p(theta).

SNPE-A divides it out afterwards, in closed form; SNPE-B weights the simulations; SNPE-C puts the
ratio inside the loss, in closed form or with atoms; with truncated proposals it is constant.

A density enters as `log_q(z, x)`: parameters z (..., n, d) and statistics x (n, k) to the
log-density (..., n). Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from mechfit.inference.densities.mixture import Mixture
from mechfit.models.inputs import finite, numbers

__all__ = [
    "effective_sample_size",
    "importance_weights",
    "npe_loss",
    "region_weights",
    "snpe_a_posterior",
    "snpe_b_loss",
    "snpe_c_atomic_loss",
    "snpe_c_mixture_loss",
]

WIDEST = 2.0
"""Most that the variance of a component of SNPE-A's posterior may be over the prior's."""

LogDensity = Callable[[Tensor, Tensor], Tensor]


def npe_loss(log_q: LogDensity, z: Tensor, x: Tensor) -> Tensor:
    r"""Maximum likelihood: L = -E log q(z | x).

    Over draws from p(z) p(x | z) it equals E_p(x) KL[p(z | x) || q(z | x)] + constant, so that
    its minimum is the posterior under whatever z was drawn from: the prior, or the prior on a
    region. Papamakarios & Murray (2016), arXiv:1605.06376.
    """
    return -log_q(z, x).mean()


def snpe_a_posterior(estimate: Mixture, proposal: Mixture, prior: Mixture) -> Mixture:
    r"""SNPE-A: divide the ratio out of what maximum likelihood learned.

    The estimate q~ of the proposal posterior is a mixture, proposal and prior are Gaussians; then
    q(z | x) ∝ q~(z | x) p(z) / p~(z) is a mixture in closed form. A component that comes out much
    wider than the prior, or is no density, says that the likelihood grows the further z is from
    all simulations, and may end anywhere. Where q~ has such a one, the Gaussian with its mean and
    covariance is divided instead, with a warning. Papamakarios & Murray (2016), arXiv:1605.06376,
    whose proposals are single Gaussians as well.

    Raises:
        ValueError: That Gaussian is so wide that no density results.
    """
    slack = estimate.precision - proposal.precision + prior.precision * (1 - 1 / WIDEST)
    wide = torch.linalg.cholesky_ex(slack)[1].bool().any(-1)
    if not wide.any() or (k := estimate.eta.shape[-2]) == 1:
        return estimate.times_over(prior, proposal)
    one = estimate.as_gaussian()
    one = Mixture(one.log_scales - math.log(k), one.eta, one.precision)
    pairs = zip(vars(one).values(), vars(estimate).values(), strict=True)
    where = [wide.reshape(*wide.shape, *[1] * i) for i in (1, 2, 3)]
    estimate = Mixture(*(torch.where(w, *pair) for w, pair in zip(where, pairs, strict=True)))
    quotient = estimate.times_over(prior, proposal)
    warnings.warn(
        f"a component of SNPE-A's mixture is too wide to be divided by the proposal, at "
        f"{wide.sum()} of {wide.numel()} observations: one Gaussian takes its place; "
        "expected MDN(components=1), or SNPE_C() for several",
        stacklevel=2,
    )
    return quotient


def region_weights(inside: np.ndarray, number: np.ndarray) -> np.ndarray:
    r"""Weights (n,) that turn draws of the prior on several regions into draws of it on them all.

    The n_r draws of round r have the density p(z) 1[z in R_r] / a_r, so that those of all rounds
    have the weights w = 1 / sum_r n_r 1[z in R_r] / a_r. The shares of the prior a_r, which need
    not be known, solve a_r = sum_i w_i 1[z_i in R_r]: the maximum of the likelihood of all draws,
    found here by its logarithms. Vardi (1985), doi:10.1214/aos/1176346585.

    Args:
        inside: Which draws lie in which region (n, R), some region containing all of them.
        number: Number of the region that each was drawn from (n,).

    Returns:
        Weights with a mean of one.
    """
    counts = np.bincount(number, minlength=inside.shape[1])

    def downhill(log_factors: np.ndarray) -> tuple[float, np.ndarray]:
        each = inside * counts * np.exp(log_factors)
        total = each.sum(1, keepdims=True)
        shares = (each / total).mean(0) - counts / len(inside)
        return np.log(total).mean() - log_factors @ counts / len(inside), shares

    found = minimize(downhill, np.zeros(len(counts)), jac=True)
    weights = 1 / (inside @ (counts * np.exp(found.x)))
    return weights / weights.mean()


def importance_weights(log_prior: Tensor, log_proposal: Tensor) -> Tensor:
    """Weights p / p~ (n,) of simulations, scaled to a mean of one."""
    return torch.softmax(log_prior - log_proposal, 0) * len(log_prior)


def effective_sample_size(weights: Tensor | np.ndarray) -> float:
    """Number of equally weighted simulations with the same variance: (sum w)² / sum w²."""
    weights = finite(numbers(weights, "weights"), "weights", rows=None)
    return float(weights.sum() ** 2 / (weights**2).sum())


def snpe_b_loss(log_q: LogDensity, z: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    r"""SNPE-B: L = -E_p~ w log q(z | x) with the weights w = p(z) / p~(z) (n,).

    The weighted expectation under the proposal is that under the prior, so the minimum is the
    posterior. Where the proposal is narrow, few weights carry the sum and the loss is noisy:
    report the `effective_sample_size`. Lueckmann, Gonçalves et al. (2017), arXiv:1711.01861.
    """
    return -(weights * log_q(z, x)).mean()


def snpe_c_atomic_loss(
    log_q: LogDensity,
    z: Tensor,
    x: Tensor,
    log_prior: Tensor,
    valid: Tensor,
    first: Tensor,
    atoms: int,
) -> Tensor:
    r"""SNPE-C (automatic posterior transformation) with atoms.

    Replace the proposal by the uniform distribution over M of the parameter sets drawn from it,
    the atoms. Its proposal posterior is a softmax, whatever density q is:

        L = -E log q~(z_1 | x),   q~(z_1 | x) = [q(z_1 | x) / p(z_1)] / sum_m [q(z_m | x) / p(z_m)]

    where z_1 belongs to x. At the minimum q ∝ p(z | x) wherever the proposal has draws; beyond it
    q is free to leak. To prevent that the likelihood of the first round, -E_p log q(z_1 | x), is
    added, which has its minimum at the posterior as well. The other atoms of row i are the rows
    after it: the batch is shuffled, so they are draws of the proposal. An invalid simulation has
    no x to learn from, but its z stays an atom: else the atoms would be draws of
    p~(z) P(valid | z), and q too large by 1 / P(valid | z) where many simulations fail.
    Greenberg, Nonnenmacher & Macke (2019), arXiv:1905.07488.

    Args:
        log_q: The density; x is embedded once, as z has the atoms on its first axis.
        z: Parameters (n, d).
        x: Statistics (n, k), any finite number where the simulation is invalid.
        log_prior: Log-density of the prior at z, up to a constant (n,).
        valid: Which simulations are valid (n,).
        first: Which simulations were drawn from the prior (n,).
        atoms: Number of atoms M, at least 2; a batch of fewer rows has as many atoms as rows.
    """
    if atoms < 2:
        raise ValueError(f"atoms is {atoms}, expected at least 2")
    shifts = torch.arange(min(atoms, len(z)), device=z.device)[:, None]
    rows = (torch.arange(len(z), device=z.device)[valid] + shifts) % len(z)
    log_qs = log_q(z[rows], x[valid])
    log_q1 = torch.log_softmax(log_qs - log_prior[rows], 0)[0]
    # a batch may hold no valid simulation: then there is nothing to learn from it
    return -(log_q1 + log_qs[0] * first[valid]).sum() / max(len(log_q1), 1)


def snpe_c_mixture_loss(estimate: Mixture, z: Tensor, proposal: Mixture, prior: Mixture) -> Tensor:
    r"""SNPE-C in closed form: L = -E log q~(z | x) with q~ ∝ q(z | x) p~(z) / p(z).

    The estimate is a mixture for each x (batch shape (n,)), the proposal a mixture, the prior
    Gaussian: q~ is a mixture of all pairs of components. As nothing is divided out afterwards, a
    step that leaves no density raises during training. Greenberg et al. (2019), arXiv:1905.07488.
    """
    return -estimate.times_over(proposal, prior).log_prob(z).mean()
