r"""Posterior: a trained density over parameters, for any observation.

A density q_z of z = f(theta) (``space.py``) becomes one of theta by a change of variables, and is
normalized over the prior by its mass A there:

    log q(theta | x) = log q_z(f(theta) | x) + log |df/dtheta| - log A(x),  theta in the prior.

A = 1 where f is one of the prior's maps. With standardized parameters, and on a *region* of the
prior such as `restrict` finds, draws outside are rejected, and A is the acceptance rate. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from scipy.optimize import minimize

from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.embedding import finite_rows
from mechfit.inference.densities.scaling import Featurizer, Standardizer, unlike
from mechfit.inference.files import plain
from mechfit.inference.region import Region
from mechfit.inference.space import Space
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import History
from mechfit.models.inputs import named, numbers, shaped, shortened
from mechfit.models.prior import Prior
from mechfit.simulation import Bank

__all__ = ["Posterior"]

BLOCK = 10_000
RATE_DRAWS = 1_000
"""Draws that estimate the acceptance rate for each of many observations."""
LOWEST_ACCEPTANCE = 1e-3
STARTS = 3
ENOUGH = 50
"""Draws that show a corner of the prior."""


@dataclass(frozen=True, repr=False)
class Posterior:
    """An amortized posterior; `at` fixes the observation.

    Attributes:
        space: Space that the density works in, with the prior; no draw leaves the prior.
        flow: The trained density, or an ensemble.
        featurizer: Makes the network's inputs from the k statistics.
        statistic_names: Names of the k statistics.
        history: Losses of the training of each member.
        provenance: Simulations, seeds, settings and versions it was made with.
        x_o: The observation (k,), or None.
        region: Part of the prior that no draw leaves, or None for all of it.
    """

    space: Space
    flow: Density | Ensemble
    featurizer: Featurizer
    statistic_names: tuple[str, ...]
    history: tuple[History, ...]
    provenance: dict = field(default_factory=dict)
    x_o: np.ndarray | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", plain(self.provenance))

    def __repr__(self) -> str:
        made = self.provenance.get("simulations")
        parts = [
            f"of {shortened(self.prior.names)} given {shortened(self.statistic_names)}",
            *([f"trained on {made:,} simulations"] if isinstance(made, int) else []),
            "for any observation" if self.x_o is None else "at one observation",
        ]
        return f"<Posterior {', '.join(parts)}>"

    @property
    def prior(self) -> Prior:
        """Prior over the d parameters."""
        return self.space.prior

    @property
    def rejects(self) -> bool:
        """Whether draws of the density may have to be rejected."""
        return self.space.leaks or self.region is not None

    def at(self, x_o: np.ndarray) -> Posterior:
        """Fix the observation x_o (k,); warns where it is unlike every simulation."""
        return replace(self, x_o=self.check(x_o, rows=1)[0].copy())

    def on(self, region: Region) -> Posterior:
        """The same density on a region of the prior, such as `restrict` finds; 0 outside it."""
        return replace(self, region=region)

    def sample(
        self, n: int | Sequence[int], seed: int | None = None, *, x: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw n parameter sets (n, d), every one inside the prior.

        Args:
            n: Number of draws, or their shape, such as (5, 3) for draws (5, 3, d).
            seed: Seed of the draws; None takes fresh entropy.
            x: Observation (k,); the fixed one by default.

        Warns where most draws lie in a corner of the prior: the model may be unable to make x.

        Raises:
            RuntimeError: Fewer than one draw in a thousand falls inside the prior and the region.
        """
        theta = self._draw(n, seed, self._fixed(x).x_o[None])[0]
        if cornered := self._cornered(theta.reshape(-1, len(self.prior))):
            warnings.warn(
                f"most draws lie within 1 % of a bound of the prior, in {', '.join(cornered)}; "
                "perhaps no parameters of the model can make this observation",
                stacklevel=2,
            )
        return theta

    def sample_batched(
        self, n: int | Sequence[int], seed: int | None = None, *, x: np.ndarray
    ) -> np.ndarray:
        """Draw n times for each of m observations x (m, k); returns theta (m, n, d)."""
        return self._draw(n, seed, self.check(x))

    def log_prob(self, theta: np.ndarray, *, x: np.ndarray | None = None) -> np.ndarray:
        """Log-density (n,) of theta (n, d), normalized over prior and region; -inf outside."""
        at = self._fixed(x)
        return at._log_prob(theta, at.acceptance_rate(), slope=False)[0]

    @torch_state()
    def log_prob_batched(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """Log-densities (m, n) of theta (m, n, d), row i given observation i of x (m, k).

        Theta (n, d) stands for the same at every observation. Where draws are rejected, each row
        is normalized by the share of 1,000 draws that are kept.
        """
        x = self.check(x)
        return self.potential(theta, x=x) - np.log(self.acceptance_rates(x))[:, None]

    @torch_state()
    def acceptance_rates(self, x: np.ndarray) -> np.ndarray:
        """Share (m,) of 1,000 draws that are kept, for each of m checked observations (m, k)."""
        if not self.rejects:
            return np.ones(len(x))
        drawn = self._push(RATE_DRAWS, np.random.default_rng(0), x)
        kept = self._inside(drawn.reshape(-1, len(self.prior))).reshape(len(x), -1).mean(1)
        return np.maximum(kept, 1 / RATE_DRAWS)

    @torch_state()
    def potential(self, theta: np.ndarray, *, x: np.ndarray) -> np.ndarray:
        """As `log_prob_batched`, of checked observations, without the normalization of rows."""
        theta, d = numbers(theta, "theta"), len(self.prior)
        rows = theta.shape[:-2] in ((), (len(x),))
        if theta.ndim < 2 or not rows or theta.shape[-1] != d:
            raise ValueError(
                f"theta has shape {theta.shape}, expected ({len(x)}, n, {d}): "
                f"for each observation n parameter sets; or (n, {d}), the same for all"
            )
        rows = self.prior.round(theta.reshape(-1, d))
        inside = self._inside(rows)
        middle = self.prior.from_unit(np.full((1, d), 0.5))[0]
        z, log_det = self.space.apply(np.where(inside[:, None], rows, middle))
        z, parts = torch.as_tensor(z.reshape(theta.shape), dtype=torch.float32), []
        z, size = z.expand(len(x), -1, -1), max(1, BLOCK // theta.shape[-2])
        for block, context in zip(z.split(size), self.context(x).split(size), strict=True):
            parts.append(self.flow.log_prob(block.transpose(0, 1), context).T)
        value = torch.cat(parts).double().numpy() + log_det.reshape(theta.shape[:-1])
        return np.where(inside.reshape(theta.shape[:-1]), value, -np.inf)

    def log_prob_grad(
        self, theta: np.ndarray, *, x: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log-density (n,) of theta (n, d) and its gradient (n, d), 0 outside the prior."""
        at = self._fixed(x)
        return at._log_prob(theta, at.acceptance_rate(), slope=True)

    @torch_state()
    def map(
        self, *, x: np.ndarray | None = None, draws: int = 10_000, seed: int = 0
    ) -> np.ndarray:
        """Most probable parameters (d,), found by ascent from the best of many draws.

        The search stays within the range of the draws, as the density is not trained beyond it.
        """
        at = self._fixed(x)
        theta, rate = at.sample(draws, seed), at.acceptance_rate()
        scale = Standardizer.of(theta, constant=1.0)

        def downhill(y: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = at._log_prob(scale.invert(y), rate, slope=True)
            return -value[0], -slope[0] * scale.std

        y = scale.apply(theta)
        bounds = np.stack([y.min(0), y.max(0)], 1)
        starts = y[np.argsort(at.log_prob(theta))[-STARTS:]]
        ends = [minimize(downhill, s, jac=True, method="L-BFGS-B", bounds=bounds) for s in starts]
        return scale.invert(min(ends, key=lambda end: end.fun).x)

    @torch_state()
    def acceptance_rate(
        self, *, x: np.ndarray | None = None, draws: int = 10_000, seed: int = 0
    ) -> float:
        """Fraction of the density's draws that fall inside the prior and the region."""
        if not self.rejects:
            return 1.0
        theta = self._push(draws, np.random.default_rng(seed), self._fixed(x).x_o[None])[0]
        return max(float(self._inside(theta).mean()), 1 / draws)

    def check(self, x: np.ndarray, rows: int | None = None) -> np.ndarray:
        """Return observations as rows (m, k); fewer trials than k are filled up with NaN.

        Warns where one is unlike every simulation.
        """
        x, k = named(x, self.statistic_names, "x_o"), len(self.statistic_names)
        embedding = self.flow.embedding
        table = np.atleast_2d(x)
        if table.ndim == 2 and embedding and embedding.shorter and table.shape[1] < k:
            table = np.pad(table, [(0, 0), (0, k - table.shape[1])], constant_values=np.nan)
        right = (
            table.ndim == 2 and table.shape[1] == k and len(table) and rows in (None, len(table))
        )
        if not right or not (embedding.answerable if embedding else finite_rows)(table).all():
            names = ", ".join(self.statistic_names[:20]) + (", ..." if k > 20 else "")
            raise ValueError(
                f"x_o has shape {x.shape} and the values {np.array2string(x, threshold=20)}, "
                f"expected {k} finite statistics: {names}"
            )
        if said := unlike(table, self._seen, self.statistic_names):
            warnings.warn(f"{said}; the posterior was not trained for it", stacklevel=3)
        return table

    def readable(self, bank: Bank) -> np.ndarray:
        """Which simulations of a bank (n,) the posterior could be learned from."""
        embedding = self.flow.embedding
        return bank.readable(embedding and embedding.valid)

    def context(self, x: np.ndarray) -> torch.Tensor:
        """The network's inputs for data x (m, k)."""
        return torch.as_tensor(self.featurizer.apply(x), dtype=torch.float32)

    @property
    def _seen(self) -> Standardizer:
        """What the simulations were like: mean and standard deviation, infinite where constant."""
        mean, std = (a.copy() for a in vars(self.featurizer.standard).values())
        for j, value in self.provenance.get("constant", ()):
            mean[j], std[j] = value, np.inf
        return Standardizer(mean, std)

    def _fixed(self, x: np.ndarray | None) -> Posterior:
        """The posterior at x, or at its own observation."""
        if x is None and self.x_o is None:
            raise ValueError("no observation: call posterior.at(x_o) first, or pass x=x_o")
        return self if x is None else self.at(x)

    @shaped
    @torch_state()
    def _draw(self, n: int | Sequence[int], seed: int | None, x: np.ndarray) -> np.ndarray:
        """Draws (m, n, d) inside the prior and the region for x (m, k)."""
        rng = np.random.default_rng(seed)
        if not self.rejects:
            return self._push(n, rng, x)
        return np.stack([self._accept(n, rng, row[None]) for row in x])

    @torch_state()
    def _log_prob(
        self, theta: np.ndarray, rate: float, *, slope: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        theta = self.prior.round(theta)
        inside = self._inside(theta)
        value, gradient = np.full(len(theta), -np.inf), np.zeros(theta.shape)
        if inside.any():
            z, log_det = self.space.apply(theta[inside])
            log_q, by_z = self._evaluate(z, slope=slope)
            value[inside] = log_q + log_det - np.log(rate)
            if slope:
                gradient[inside] = self.space.gradient(theta[inside], by_z)
        return value, gradient

    def _evaluate(self, z: np.ndarray, *, slope: bool) -> tuple[np.ndarray, np.ndarray]:
        """Log-density (n,) of z (n, d), and its gradient (n, d) if asked for."""
        values, slopes = [], []
        with torch_state(grad=slope):
            context = self.context(self.x_o[None])
            for block in torch.as_tensor(z, dtype=torch.float32).split(BLOCK):
                block.requires_grad_(slope)
                value = self.flow.log_prob(block, context)
                values.append(value.detach())
                slopes += torch.autograd.grad(value.sum(), block) if slope else [block]
        return torch.cat(values).double().numpy(), torch.cat(slopes).double().numpy()

    @torch_state()
    def _push(self, n: int, rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
        """Draws (m, n, d) of the density for x (m, k), inside the prior or not."""
        parts, size = [], max(1, BLOCK // len(x))
        for start in range(0, n, size):
            shape = len(x), min(size, n - start), self.flow.noise
            noise = torch.as_tensor(rng.standard_normal(shape, np.float32))
            parts.append(self.flow.push(noise, self.context(x)).double().numpy())
        return self.space.invert(np.concatenate(parts, 1))

    def _accept(self, n: int, rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
        """Draw n parameter sets (n, d) inside the prior and the region for one x (1, k)."""
        kept, accepted, tried = [], 0, 0
        while accepted < n:
            theta = self._push(max(n - accepted, 100), rng, x)[0]
            inside = self._inside(theta)
            tried += len(theta)
            accepted += int(inside.sum())
            kept.append(theta[inside])
            if tried >= 10 * BLOCK and accepted < LOWEST_ACCEPTANCE * tried:
                raise RuntimeError(self._leak(theta, accepted / tried))
        return np.concatenate(kept)[:n]

    def _cornered(self, theta: np.ndarray) -> list[str]:
        """Name parameters of which most draws (n, d) lie at a bound, if at least half do so."""
        bound = self.prior.at_bounds(theta) > 0.5
        many = len(theta) >= ENOUGH and bound.sum() >= max(2, len(bound) / 2)
        return [self.prior.names[j] for j in np.flatnonzero(bound)] if many else []

    def _inside(self, theta: np.ndarray) -> np.ndarray:
        """Whether theta (n, d) lies in the prior and the region (n,)."""
        inside = np.isfinite(self.prior.log_prob(theta))
        if self.region is not None and inside.any():
            inside[inside] = self.region.inside(theta[inside])
        return inside

    def _leak(self, theta: np.ndarray, rate: float) -> str:
        if not self.space.leaks:
            return f"only {rate:.2%} of the draws fall inside the region, expected more than 0.1%"
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
