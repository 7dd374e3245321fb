"""Accuracy against the number of parameters: ``python book/artefacts/dimensions.py``.

Model: d parameters from N(0, 1) and d data x = Q D theta + r / 2, with a random rotation Q,
factors D from 1/2 to 2 and r from N(0, 1). Its posterior is normal and known. What is stored is by
how many nats the network's density of the true parameters is below the exact one, and C2ST.
Every finished row is stored, and a stopped call goes on.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from scipy.stats import ortho_group
from study import Study

from mechfit.inference import Coupling, c2st, fit
from mechfit.models import Normal, Parameter, Prior
from mechfit.simulation import Bank

HERE = Path(__file__).parent
DIMENSIONS = 2, 5, 10, 20, 50
SIMULATIONS = 1_000, 10_000, 100_000
NOISE, FRESH, OBSERVED, DRAWS, SEED = 0.5, 1_000, 3, 2_000, 7
SETTINGS = {
    "command": "python book/artefacts/dimensions.py",
    "noise": NOISE,
    "fresh": FRESH,
    "observed": OBSERVED,
    "draws": DRAWS,
    "seed": SEED,
}


class Rotated:
    """The model with d parameters, and its exact posterior."""

    def __init__(self, d: int) -> None:
        rotation = ortho_group.rvs(d, random_state=SEED)
        self.matrix = rotation * np.linspace(0.5, 2, d)
        self.names = tuple(f"x_{j + 1}" for j in range(d))
        self.prior = Prior(tuple(Parameter(f"theta_{j + 1}", Normal(0.0, 1.0)) for j in range(d)))
        self.cov = np.linalg.inv(np.eye(d) + self.matrix.T @ self.matrix / NOISE**2)

    def bank(self, n: int, seed: int) -> Bank:
        """N simulations of the prior."""
        rng = np.random.default_rng([SEED, seed])
        theta = rng.normal(size=(n, len(self.prior)))
        x = theta @ self.matrix.T + NOISE * rng.normal(size=theta.shape)
        return Bank(theta, x, np.ones(n, bool), seed, self.names)

    def means(self, x: np.ndarray) -> np.ndarray:
        """Exact posterior means (n, d)."""
        return x @ self.matrix @ self.cov / NOISE**2

    def log_prob(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Exact log-densities (n,) of theta (n, d) given x (n, d)."""
        root = np.linalg.cholesky(self.cov)
        z = np.linalg.solve(root, (theta - self.means(x)).T)
        constant = np.log(np.diag(root)).sum() + 0.5 * len(z) * np.log(2 * np.pi)
        return -0.5 * (z**2).sum(0) - constant

    def sample(self, n: int, x: np.ndarray, seed: int) -> np.ndarray:
        """Exact draws (n, d) given x (d,)."""
        z = np.random.default_rng([SEED, seed]).normal(size=(n, len(x)))
        return self.means(x) + z @ np.linalg.cholesky(self.cov).T


def result(model: Rotated, n: int) -> dict:
    """Train on n simulations and compare with the exact posterior."""
    started = time.perf_counter()
    posterior = fit(model.bank(n, 1), model.prior, flow=Coupling(bins=8), members=1, seed=SEED)
    seconds, fresh = time.perf_counter() - started, model.bank(FRESH, 2)
    log_q = posterior.log_prob_batched(fresh.theta[:, None], x=fresh.x)[:, 0]
    gap = (model.log_prob(fresh.theta, fresh.x) - log_q).mean()
    scores = [
        c2st(model.sample(DRAWS, x, i), posterior.sample(DRAWS, i, x=x))
        for i, x in enumerate(fresh.x[:OBSERVED])
    ]
    return {"nats": round(float(gap), 3), "c2st": round(float(np.mean(scores)), 4)} | {
        "seconds": round(seconds)
    }


def main() -> None:
    """Train everything that is not stored yet, the small ones first."""
    study = Study(HERE / "dimensions.json", SETTINGS)
    for n in SIMULATIONS:
        for d in DIMENSIONS:
            if not study.holds(dimension=d, simulations=n):
                study.add(result(Rotated(d), n), dimension=d, simulations=n)


if __name__ == "__main__":
    main()
