r"""Posterior: a trained density over parameters, for any observation.

The network sees z = f(theta) and standardized statistics; a change of variables brings its density
back to the parameters, and division by the mass A inside the prior makes it a density there:

    log q(theta | x) = log q_z(f(theta) | x) + log |df/dtheta| - log A(x),  theta in the prior.

In the *unbounded* space f is the prior's own map to standard normals and A = 1: nothing can leak;
the same holds for a flow whose space is the *box*, where f is the prior's map to the unit cube.
In the *standardized* space f subtracts a mean and divides by a standard deviation; draws outside
the prior are rejected, and A is the acceptance rate. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from mechfit.inference.flows import Flow
from mechfit.inference.training import History, one_thread
from mechfit.models.prior import Prior

__all__ = ["Posterior", "Standardizer"]

BLOCK = 10_000
SMALLEST_U = 2.0**-25
LOWEST_ACCEPTANCE = 1e-3


@dataclass(frozen=True)
class Standardizer:
    """Subtract a mean (d,) and divide by a standard deviation (d,)."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Standardizer:
        """Take mean and standard deviation of rows (n, d); a constant column is divided by 1."""
        std = rows.std(0)
        return cls(rows.mean(0), np.where(std > 0, std, 1.0))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Standardize rows (n, d)."""
        return (rows - self.mean) / self.std

    def invert(self, rows: np.ndarray) -> np.ndarray:
        """Inverse of `apply`."""
        return self.mean + self.std * rows


@dataclass(frozen=True)
class Posterior:
    """An amortized posterior; `at` fixes the observation.

    Attributes:
        prior: Prior over the d parameters; no draw ever leaves it.
        flow: The trained density.
        x_scale: Standardization of the k statistics.
        theta_scale: Standardization of the parameters, or None for the prior's unbounded
            space or unit cube.
        statistic_names: Names of the k statistics.
        history: Losses of the training.
        provenance: Where it comes from: simulations, seeds, settings, versions.
        x_o: The observation (k,), or None.
    """

    prior: Prior
    flow: Flow
    x_scale: Standardizer
    theta_scale: Standardizer | None
    statistic_names: tuple[str, ...]
    history: History
    provenance: dict = field(default_factory=dict)
    x_o: np.ndarray | None = None

    def at(self, x_o: np.ndarray) -> Posterior:
        """Fix the observation x_o (k,).

        Raises:
            ValueError: x_o has the wrong shape or is not finite.
        """
        x_o = np.asarray(x_o, float)
        names = ", ".join(self.statistic_names)
        if x_o.ndim == 2 and len(x_o) == 1:
            x_o = x_o[0]
        if x_o.shape != (len(self.statistic_names),) or not np.isfinite(x_o).all():
            raise ValueError(
                f"x_o has shape {x_o.shape} and the values {x_o.tolist()}, expected "
                f"{len(self.statistic_names)} finite statistics: {names}"
            )
        return replace(self, x_o=x_o)

    def sample(
        self, n: int | tuple[int], seed: int | None = None, *, x: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw from the posterior.

        Args:
            n: Number of draws; a tuple (n,) is understood too.
            seed: Seed of the draws; None takes fresh entropy.
            x: Observation (k,); the fixed one by default.

        Returns:
            Draws theta (n, d), every one inside the prior.

        Raises:
            RuntimeError: Fewer than one draw in a thousand falls inside the prior.
        """
        n = int(np.prod(n))
        if n < 1:
            raise ValueError(f"n is {n}, expected at least 1")
        return self._draw(n, np.random.default_rng(seed), self._observation(x))

    def log_prob(self, theta: np.ndarray, *, x: np.ndarray | None = None) -> np.ndarray:
        """Log-density (n,) of theta (n, d), normalized over the prior; -inf outside it."""
        theta = self.prior.check(theta)
        x_o = self._observation(x)
        inside = np.isfinite(self.prior.log_prob(theta))
        out = np.full(len(theta), -np.inf)
        if inside.any():
            z, log_det = self._to_z(theta[inside])
            out[inside] = self._evaluate(z, x_o) + log_det - np.log(self.acceptance_rate(x=x_o))
        return out

    def acceptance_rate(
        self, *, x: np.ndarray | None = None, draws: int = 10_000, seed: int = 0
    ) -> float:
        """Fraction of the flow's draws that fall inside the prior; 1 unless standardized."""
        if self.theta_scale is None:
            return 1.0
        theta = self._push(draws, np.random.default_rng(seed), self._observation(x))
        return max(float(np.isfinite(self.prior.log_prob(theta)).mean()), 1 / draws)

    def _observation(self, x: np.ndarray | None) -> np.ndarray:
        chosen = self if x is None else self.at(x)
        if chosen.x_o is None:
            raise ValueError("no observation: call posterior.at(x_o) first, or pass x=x_o")
        return chosen.x_o

    def _context(self, x_o: np.ndarray, n: int) -> torch.Tensor:
        x = torch.as_tensor(self.x_scale.apply(x_o), dtype=torch.float32)
        return x.expand(n, -1)

    def _to_z(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.theta_scale is None:
            return self.prior.to_unit(theta) if self.flow.box else self.prior.to_unbounded(theta)
        log_det = np.full(len(theta), -np.log(self.theta_scale.std).sum())
        return self.theta_scale.apply(theta), log_det

    def _evaluate(self, z: np.ndarray, x_o: np.ndarray) -> np.ndarray:
        with torch.no_grad(), one_thread():
            blocks = torch.as_tensor(z, dtype=torch.float32).split(BLOCK)
            parts = [self.flow.log_prob(b, self._context(x_o, len(b))) for b in blocks]
        return torch.cat(parts).double().numpy()

    def _push(self, n: int, rng: np.random.Generator, x_o: np.ndarray) -> np.ndarray:
        parts = []
        with torch.no_grad(), one_thread():
            for start in range(0, n, BLOCK):
                size = min(BLOCK, n - start)
                noise = rng.standard_normal((size, len(self.prior)), np.float32)
                z = self.flow.push(torch.as_tensor(noise), self._context(x_o, size))
                parts.append(z.double().numpy())
        z = np.concatenate(parts)
        if self.theta_scale is not None:
            return self.theta_scale.invert(z)
        if self.flow.box:
            return self.prior.from_unit(np.clip(z, SMALLEST_U, 1 - SMALLEST_U))[0]
        return self.prior.from_unbounded(z)[0]

    def _draw(self, n: int, rng: np.random.Generator, x_o: np.ndarray) -> np.ndarray:
        """Draw n parameter sets (n, d) inside the prior."""
        kept, accepted, tried = [], 0, 0
        while accepted < n:
            theta = self._push(max(n - accepted, 100), rng, x_o)
            inside = np.isfinite(self.prior.log_prob(theta))
            tried += len(theta)
            accepted += int(inside.sum())
            kept.append(theta[inside])
            if tried >= 10 * BLOCK and accepted < LOWEST_ACCEPTANCE * tried:
                raise RuntimeError(self._leak(theta, accepted / tried))
        return np.concatenate(kept)[:n]

    def _leak(self, theta: np.ndarray, rate: float) -> str:
        outside = [
            ~np.isfinite(p.distribution.log_prob(theta[:, j]))
            for j, p in enumerate(self.prior.parameters)
        ]
        worst = int(np.argmax([o.mean() for o in outside]))
        return (
            f"only {rate:.2%} of the draws fall inside the prior; "
            f"{self.prior.names[worst]} leaves it "
            f"most often ({outside[worst].mean():.0%} of draws). The observation may be far from "
            "every simulation; or fit again with leak_free=True, where no draw can leave"
        )
