"""Five sequential methods on one problem: ``python book/artefacts/sequential.py``.

Two parameters with a uniform prior are observed with Gaussian noise, so that the exact posterior
is a normal cut by the prior. Each method runs three rounds of 500 simulations with the same seed.
Stored are the proposed parameters of every round, C2ST between 2,000 draws of each round's
posterior and of the exact one, and what the training cost. The problem is that of the chapter
inference/sequential, which trains the truncated proposals and the single round itself.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from scipy.stats import norm

from mechfit.inference import (
    MDN,
    NPE,
    SNPE_A,
    SNPE_B,
    SNPE_C,
    TSNPE,
    Coupling,
    Posterior,
    Training,
    c2st,
)
from mechfit.models import Prior

STORED = Path(__file__).with_name("sequential.npz")
SEED, N, ROUNDS, DRAWS = 1, 500, 3, 2000
PRIOR = Prior.uniform(["a", "b"], [-1.0, -1.0], [1.0, 1.0])
NOISE, X_O = np.array([0.025, 0.05]), np.array([0.985, 0.2])
WAYS = {
    "Truncated": (TSNPE(), Coupling(bins=8, box=False)),
    "SNPE-A": (SNPE_A(), MDN(components=1)),
    "SNPE-B": (SNPE_B(), Coupling(bins=8, box=False)),
    "SNPE-C": (SNPE_C(atoms=5, again=None), Coupling(bins=8, box=False)),
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


def new(method: object = None, flow: object = None) -> NPE:
    """Inference of this problem, without a round yet."""
    training = Training(epochs=50)
    return NPE(PRIOR, X_O, method=method, flow=flow, training=training, seed=SEED)


def trained(state: NPE) -> tuple[Posterior, float]:
    """Learn from the last round; the posterior and the processor time of the training in s."""
    started = time.process_time()
    return state.fit(), time.process_time() - started


def main() -> None:
    """Run every method and store what the chapter tells."""
    reference, out = exact(DRAWS, SEED + 1), {}
    theta = PRIOR.sample(100, SEED)
    trained(new().append(theta, simulator(theta, SEED)))  # the first call compiles
    for name, way in WAYS.items():
        state, seconds = new(*way), []
        for r in range(ROUNDS):
            theta = state.propose(N)
            seconds.append(trained(state.append(theta, simulator(theta, (SEED, r))))[1])
        out[f"{name}: theta"] = np.stack([r.bank.theta for r in state.rounds])
        out[f"{name}: c2st"] = [c2st(reference, p.sample(DRAWS, SEED)) for p in state.posteriors]
        out[f"{name}: seconds"] = seconds
        last = state.rounds[-1]
        if name == "Truncated":
            seen = [np.concatenate(out[f"{name}: theta"][: k + 1]) for k in range(1, ROUNDS)]
            regions = [r.proposal for r in state.rounds[1:]]
            inside = [p.inside(theta).sum() for p, theta in zip(regions, seen, strict=True)]
            out[f"{name}: inside"] = [N, *inside]
        if name == "SNPE-B":
            out[f"{name}: effective sample size"] = [
                p.provenance["effective_sample_size"] for p in state.posteriors
            ]
            out[f"{name}: log proposal"] = last.proposal.log_prob(last.bank.theta)
    theta = PRIOR.sample(ROUNDS * N, SEED)
    single, seconds = trained(new().append(theta, simulator(theta, SEED)))
    out["No rounds: c2st"] = [c2st(reference, single.sample(DRAWS, SEED))]
    out["No rounds: seconds"] = [seconds]
    np.savez_compressed(STORED, **{name: np.asarray(values) for name, values in out.items()})


if __name__ == "__main__":
    main()
