"""Five sequential methods on one problem: ``python book/artefacts/sequential.py``.

Two parameters with a uniform prior are observed with Gaussian noise, so that the exact posterior
is a normal cut by the prior. Each method runs three rounds of 500 simulations with the same seed.
Stored are the proposed parameters of every round, C2ST between 2,000 draws of each round's
posterior and of the exact one, and what the training cost. The problem is that of the chapter
inference/sequential, which trains the truncated proposals and the single round itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import norm

from mechfit.inference import (
    MDN,
    SNPE_A,
    SNPE_B,
    SNPE_C,
    TSNPE,
    Coupling,
    Rounds,
    Training,
    c2st,
)
from mechfit.models import Prior

STORED = Path(__file__).with_name("sequential.npz")
SEED, N, ROUNDS, DRAWS = 1, 500, 3, 2000
PRIOR = Prior.uniform(["a", "b"], [-1.0, -1.0], [1.0, 1.0])
NOISE, X_O = np.array([0.025, 0.05]), np.array([0.985, 0.2])
WAYS = {
    "Truncated": (TSNPE(), Coupling()),
    "SNPE-A": (SNPE_A(), MDN(components=1)),
    "SNPE-B": (SNPE_B(), Coupling()),
    "SNPE-C": (SNPE_C(atoms=5, again=None), Coupling()),
    "C, closed form": (SNPE_C(), MDN(components=4)),
}


def simulator(theta: np.ndarray, seed: object) -> np.ndarray:
    """Data (n, 2): the parameters themselves, with noise."""
    return theta + NOISE * np.random.default_rng(seed).normal(size=theta.shape)


def exact(n: int, seed: int) -> np.ndarray:
    """Draws (n, 2) of the exact posterior."""
    low, high = (norm.cdf((end - X_O) / NOISE) for end in (-1, 1))
    u = np.random.default_rng(seed).random((n, 2))
    return X_O + NOISE * norm.ppf(low + u * (high - low))


def new(method: object = None, flow: object = None) -> Rounds:
    """Rounds of this problem, none yet."""
    training = Training(epochs=50)
    return Rounds(PRIOR, X_O, method=method, flow=flow, training=training, seed=SEED)


def main() -> None:
    """Run every method and store what the chapter tells."""
    reference, out = exact(DRAWS, SEED + 1), {}

    def learned(name: str, posteriors: list) -> None:
        out[f"{name}: c2st"] = [c2st(reference, p.sample(DRAWS, SEED)) for p in posteriors]
        out[f"{name}: seconds"] = [p.provenance["seconds"] for p in posteriors]
        out[f"{name}: acceptance"] = [p.acceptance_rate() for p in posteriors]

    runs = {}
    for name, way in WAYS.items():
        runs[name] = state = new(*way)
        for r in range(ROUNDS):
            theta = state.propose(N)
            state.append(theta, simulator(theta, (SEED, r))).fit()
        out[f"{name}: theta"] = [r.theta for r in state.rounds]
        learned(name, state.posteriors)
    weighted, region = runs["SNPE-B"], runs["Truncated"].rounds
    counts = [p.provenance["effective_sample_size"] for p in weighted.posteriors]
    out["SNPE-B: effective_sample_size"] = counts
    last = weighted.rounds[-1]
    out["SNPE-B: log_proposal"] = last.proposal.log_prob(last.theta)
    seen = [np.concatenate([r.theta for r in region[: k + 1]]) for k in range(ROUNDS)]
    inside = [
        r.proposal.inside(theta).sum() for r, theta in zip(region[1:], seen[1:], strict=True)
    ]
    out["Truncated: inside"] = [N, *inside]
    theta = PRIOR.sample(ROUNDS * N, SEED)
    learned("No rounds", [new().append(theta, simulator(theta, SEED)).fit()])
    np.savez_compressed(STORED, **{name: np.asarray(values) for name, values in out.items()})


if __name__ == "__main__":
    main()
