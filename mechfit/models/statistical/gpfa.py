r"""GPFA: a few smooth latent variables behind the activity of many cells in single trials.

Gaussian-process factor analysis takes the (square roots of) counts y_t of q cells for

    y_t = C x_t + d + e_t,    e_t ~ N(0, diag R),
    x_i ~ N(0, K_i),    K_i(t, t') = (1 - s²) exp(-(t - t')² / (2 tau_i²)) + s² [t = t'],

with p latents x_i that vary with the time constants tau_i. All latents at all times are jointly
normal, also given a trial: with K = blockdiag(K_i) = L L^T, and B = C^T R^-1 C ⊗ 1,

    covariance = (K^-1 + B)^-1 = W^T W,    W = F^-1 L^T,    F F^T = 1 + L^T B L,
    mean = W^T W b,    b = (C^T R^-1 ⊗ 1) (y - d),

and the log-likelihood of the trial, of T bins, is exactly

    -(q T ln 2 pi + T ln |R| + 2 ln |F| + (y - d)^T R^-1 (y - d) - |W b|²) / 2.

How many latents there are is told by how well each cell is predicted by all others (leave neuron
out), or by the likelihood of other trials; that of the same trials only rises. C is known up to
the order and signs of its columns. Yu et al. (2009), doi:10.1152/jn.90941.2008. Taught in
``book/models/mechanism-or-statistics.md``.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag, cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize_scalar

from mechfit.models.inputs import whole
from mechfit.summaries.arguments import array_of, number_of

__all__ = ["GPFA"]

JITTER, LEAST_R, FIRST_TAU = 1e-3, 1e-6, 100.0
"""s²; least variance, relative to the data's; first time constants (ms)."""


@dataclass(frozen=True)
class GPFA:
    """Gaussian-process factor analysis with p latents of q cells.

    Trials Y are (n, q, T), of equal length.

    Attributes:
        C: Loadings (q, p).
        d: Means (q,).
        R: Variances (q,) of what is private to a cell.
        tau: Time constants (p,) in ms.
        dt: Bin (ms).

    Example:
        >>> truth = GPFA([[1.0], [0.5], [-1.0]], [1.0, 2.0, 3.0], [0.2, 0.2, 0.2], [80.0])
        >>> Y = truth.sample(20, bins=30, seed=1)
        >>> model = GPFA.fit(Y, latents=1)
        >>> bool(model.log_likelihood(Y).sum() > truth.log_likelihood(Y).sum())
        True
    """

    C: np.ndarray
    d: np.ndarray
    R: np.ndarray
    tau: np.ndarray
    dt: float = 20.0

    def __post_init__(self) -> None:
        C, d, R, tau = (
            array_of(name, getattr(self, name), shape)
            for name, shape in (("C", "(q, p)"), ("d", "(q,)"), ("R", "(q,)"), ("tau", "(p,)"))
        )
        q, p = C.shape
        if d.shape != (q,) or R.shape != (q,) or tau.shape != (p,) or not 1 <= p <= q:
            raise ValueError(
                f"C has shape {C.shape}, d {d.shape}, R {R.shape} and tau {tau.shape}, expected "
                "(q, p), (q,), (q,) and (p,), with at most as many latents p as cells q"
            )
        if not (R > 0).all() or not (tau > 0).all():
            raise ValueError(f"R is at least {R.min()} and tau {tau.min()}, expected both above 0")
        vars(self).update(C=C, d=d, R=R, tau=tau, dt=number_of("dt", self.dt, positive=True))

    @classmethod
    def fit(cls, Y: ArrayLike, latents: int, *, dt: float = 20.0, iterations: int = 40) -> Self:
        """Raise the likelihood of trials by expectation maximization, from factor analysis.

        Args:
            Y: Trials (n, q, T), such as square roots of counts.
            latents: Number p of latents, below q.
            dt: Bin (ms).
            iterations: Number of steps; none lowers the likelihood.
        """
        from sklearn.decomposition import FactorAnalysis

        Y = array_of("Y", Y, "(n, q, T)")
        n, q, bins = Y.shape
        latents, iterations = whole(latents, "latents", 1), whole(iterations, "iterations", 0)
        if latents >= q or n * bins < 2:
            raise ValueError(
                f"latents is {latents} and Y has shape {Y.shape}, expected fewer latents than "
                "cells, and two bins or more"
            )
        flat = Y.transpose(0, 2, 1).reshape(-1, q)
        if not (flat.std(0) > 0).all():
            raise ValueError(f"cell {flat.std(0).argmin()} never varies, expected no silent cells")
        factors = FactorAnalysis(latents, svd_method="lapack").fit(flat)
        tau = np.full(latents, FIRST_TAU)
        model = cls(factors.components_.T, flat.mean(0), factors.noise_variance_, tau, dt)
        for _ in range(iterations):
            model = model.improved(Y)
        return model

    def improved(self, Y: ArrayLike) -> Self:
        """The model after one step of expectation maximization on trials Y (n, q, T)."""
        Y, p = self._checked(Y), len(self.tau)
        n, _, bins = Y.shape
        mean, covariance = self.posterior(Y)
        x, y = (values.transpose(1, 0, 2).reshape(len(values[0]), -1) for values in (mean, Y))
        # regression of y on x and 1, where products of x are expected ones
        second = n * np.einsum("itjt->ij", covariance) + x @ x.T
        moments = np.block([[second, x.sum(1)[:, None]], [x.sum(1), n * bins]])
        products = np.column_stack([y @ x.T, y.sum(1)])
        loadings = np.linalg.solve(moments, products.T).T
        R = ((y**2).sum(1) - (loadings * products).sum(1)) / (n * bins)
        R = np.maximum(R, LEAST_R * y.var(1))
        each = [n * covariance[i, :, i] + mean[:, i].T @ mean[:, i] for i in range(p)]
        tau = [self._time_constant(i, each[i], n) for i in range(p)]
        return type(self)(loadings[:, :p], loadings[:, p], R, tau, self.dt)

    def log_likelihood(self, Y: ArrayLike) -> np.ndarray:
        """Exact log-likelihood (n,) of trials Y (n, q, T)."""
        Y = self._checked(Y)
        _, q, bins = Y.shape
        W, log_F = self._given_a_trial(bins)
        away = ((Y - self.d[:, None]) ** 2 / self.R[:, None]).sum((1, 2))
        explained = ((W @ self._drive(Y)) ** 2).sum(0)
        constant = bins * (q * np.log(2 * np.pi) + np.log(self.R).sum()) + 2 * log_F
        return -0.5 * (constant + away - explained)

    def posterior(self, Y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Means (n, p, T) of the latents of trials Y (n, q, T), and their covariance (p, T, p, T).

        The covariance is the same for all trials.
        """
        Y = self._checked(Y)
        n, _, bins = Y.shape
        p = len(self.tau)
        W, _ = self._given_a_trial(bins)
        mean = W.T @ (W @ self._drive(Y))
        return mean.T.reshape(n, p, bins), (W.T @ W).reshape(p, bins, p, bins)

    def leave_neuron_out(self, Y: ArrayLike) -> np.ndarray:
        """Predict each cell of trials Y (n, q, T) from all other cells; (n, q, T)."""
        Y = self._checked(Y)
        predicted = np.empty_like(Y)
        for j in range(len(self.d)):
            others = np.arange(len(self.d))[:, None] != j
            mean, _ = replace(self, C=self.C * others).posterior(Y)  # cell j tells nothing
            predicted[:, j] = self.C[j] @ mean + self.d[j]
        return predicted

    def sample(self, n: int, *, bins: int, seed: int | np.random.Generator) -> np.ndarray:
        """Draw n trials (n, q, T) of so many bins."""
        rng, q, p = np.random.default_rng(seed), len(self.d), len(self.tau)
        n, bins = whole(n, "n", 1), whole(bins, "bins", 1)
        x = (self._root(bins) @ rng.normal(size=(p * bins, n))).T.reshape(n, p, bins)
        noise = rng.normal(size=(n, q, bins)) * np.sqrt(self.R)[:, None]
        return self.C @ x + self.d[:, None] + noise

    def _checked(self, Y: ArrayLike) -> np.ndarray:
        Y = array_of("Y", Y, "(n, q, T)")
        if Y.shape[1] != len(self.d) or not Y.size:
            raise ValueError(f"Y has shape {Y.shape}, expected (n, {len(self.d)}, T)")
        return Y

    def _root(self, bins: int) -> np.ndarray:
        """Root L (p T, p T) of the covariance of the latents."""
        return block_diag(*(np.linalg.cholesky(smooth(tau, self.dt, bins)) for tau in self.tau))

    def _given_a_trial(self, bins: int) -> tuple[np.ndarray, float]:
        """W (p T, p T) and ln |F|."""
        L = self._root(bins)
        B = np.kron((self.C.T / self.R) @ self.C, np.eye(bins))
        F = np.linalg.cholesky(np.eye(len(L)) + L.T @ B @ L)
        return solve_triangular(F, L.T, lower=True), np.log(F.diagonal()).sum()

    def _drive(self, Y: np.ndarray) -> np.ndarray:
        """What the cells say of the latents, b (p T, n)."""
        return ((self.C.T / self.R) @ (Y - self.d[:, None])).reshape(len(Y), -1).T

    def _time_constant(self, i: int, second: np.ndarray, n: int) -> float:
        """Most likely tau_i, given the second moments (T, T) of latent i, summed over n trials."""

        def cost(log_tau: float) -> float:
            K = smooth(np.exp(log_tau), self.dt, len(second))
            factor = cho_factor(K)
            log_det = 2 * np.log(factor[0].diagonal()).sum()
            return n * log_det + np.trace(cho_solve(factor, second))

        near = np.log(self.tau[i]) + np.array([-1.0, 1.0])
        found = minimize_scalar(cost, bounds=near, method="bounded", options={"xatol": 1e-6})
        better = found.fun < cost(np.log(self.tau[i]))
        return float(np.exp(found.x)) if better else self.tau[i]


def smooth(tau: float, dt: float, bins: int) -> np.ndarray:
    """Covariance (T, T) of a latent with time constant tau in bins of dt."""
    lag = dt / tau * np.subtract.outer(np.arange(bins), np.arange(bins))
    return (1 - JITTER) * np.exp(-(lag**2) / 2) + JITTER * np.eye(bins)
