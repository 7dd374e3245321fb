"""Which current step to give a neuron next: ``python book/artefacts/next_step.py``.

A neuron is recorded under steps, each with its amplitude and length, of a small set of designs.
Two networks learn q(theta | steps and responses so far) from neurons under random steps, each from
its own simulations: one chooses steps, the other judges what they told.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata
from study import Study

from mechfit.inference import Coupling, Posterior, Training, Trials, fit, load, save
from mechfit.models import HodgkinHuxley, Model, step_current
from mechfit.models.hodgkin_huxley.model import PRIOR
from mechfit.simulation import simulate

HERE = Path(__file__).parent
WORK = HERE / ".work"
NAME = "hodgkin-huxley-next-step"
SIMULATIONS = 100_000
PARTS = {"chooser": 11, "judge": 12}
"""The two networks, and the seeds of their simulations and trainings."""
HELD_OUT, COUNT, DRAWS, SEED, RIDGE = 4096, 256, 128, 1_000_011, 3.0
"""Neurons that designs are compared on; neurons with three steps; draws for each decision."""
TRAINING = Training(epochs=24, batch=256)
FLOW = Coupling(bound=3.0, embedding=Trials(9, hidden=128, outputs=64))

SETTINGS = {
    "command": "python book/artefacts/next_step.py",
    "simulations": SIMULATIONS,
    "held_out": HELD_OUT,
    "neurons": COUNT,
    "draws": DRAWS,
    "seeds": [*PARTS.values(), SEED],
}

SHORT, LONG = 100.0, 500.0
DESIGNS = (
    *((amplitude, SHORT) for amplitude in (0.5, 1.0, 1.5, 2.0, 3.248, 4.5, 6.5, 9.0)),
    (1.0, LONG),
    (3.248, LONG),
)
"""Amplitudes (µA/cm²) and lengths (ms) of the steps."""
USUAL, LADDER = 4, (5, 6)
"""The step that every neuron is given first, and those that a ladder adds."""
DT, BEFORE, GROUP = 0.02, 10.0, 128
COLUMNS = "amplitude", "length", "count", "rest", "rest_std", "mean", "variance", "skew", "kurt"


def neuron(amplitude: float, length: float) -> HodgkinHuxley:
    """The neuron under one step."""
    window = BEFORE, BEFORE + length
    current = step_current(amplitude, length + 2 * BEFORE, DT, window)
    return HodgkinHuxley(DT, current, window=window)


NEURONS = [neuron(*design) for design in DESIGNS]


def response(theta: np.ndarray, design: int, seed: int, first: int = 0) -> np.ndarray:
    """Trials (n, 9) of theta (n, 8): the step, and the statistics on scales of their own."""
    x = NEURONS[design].statistics(theta, seed, first=first)
    count, rest, rest_std, mean, variance, skew, kurt = x.T
    amplitude, length = DESIGNS[design]
    step = [np.full(len(x), np.log(amplitude)), np.full(len(x), float(length > SHORT))]
    scales = [np.sqrt(count), rest, np.log(rest_std), mean, np.log(variance)]
    return np.stack([*step, *scales, np.arcsinh(skew), np.log(kurt)], 1)


class Steps(Model):
    """A neuron under several steps; each is the same for `GROUP` simulations in a row."""

    prior = PRIOR

    def __init__(self, trials: int = 3) -> None:
        self.trials = trials
        self.statistic_names = tuple(f"{c}_{t}" for t in range(trials) for c in COLUMNS)
        self.statistic_units = ("",) * len(self.statistic_names)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 8) under random steps and return the trials (n, 9 trials)."""
        x, start = np.empty((len(theta), self.trials, len(COLUMNS))), 0
        while start < len(theta):
            group = (first + start) // GROUP
            stop = min((group + 1) * GROUP - first, len(theta))
            for t in range(self.trials):
                key = np.random.default_rng([seed, group, t])
                design, noise = key.integers(len(DESIGNS)), int(key.integers(2**63))
                x[start:stop, t] = response(theta[start:stop], design, noise, first + start)
            start = stop
        return x.reshape(len(theta), -1)


def network(part: str, seed: int) -> Posterior:
    """The network that chooses, or the one that judges, from simulations of its own."""
    target = WORK / f"{NAME}-{part}"
    try:
        return load(target)
    except FileNotFoundError:
        bank = simulate(Steps(), SIMULATIONS, seed, store=WORK / f"{NAME}-{part}-bank")
        found = fit(bank, PRIOR, flow=FLOW, training=TRAINING, members=1, seed=seed)
        save(found, target)
        print(f"{target.name}: {found.provenance['seconds']} s", flush=True)
        return load(target)


def told(posterior: Posterior, theta: np.ndarray, *trials: np.ndarray) -> np.ndarray:
    """Gain in log-density (n,) of theta (n, 8), in nats, from trials (n, 9) each."""
    log_q = posterior.log_prob_batched(theta[:, None], x=np.hstack(trials))[:, 0]
    return log_q - PRIOR.log_prob(theta)


def features(*trials: np.ndarray) -> np.ndarray:
    """Normal scores of the statistics of trials (n, 9) each, their squares and products."""
    x = np.hstack([trial[:, 2:] for trial in trials])
    score = ndtri((rankdata(x, axis=0) - 0.5) / len(x))
    i, j = np.triu_indices(score.shape[1])
    score = np.hstack([score, score[:, i] * score[:, j]])
    return (score - score.mean(0)) / (score.std(0) + 1e-9)


def errors(theta: np.ndarray, *trials: np.ndarray) -> np.ndarray:
    """Errors (m, 8) of normal scores of parameters, by a regression on three quarters."""
    z = ndtri(PRIOR.to_unit(theta)[0])
    x, known = features(*trials), 3 * len(theta) // 4
    a = x[:known]
    weights = np.linalg.solve(a.T @ a + RIDGE * np.eye(a.shape[1]), a.T @ z[:known])
    return (z - x @ weights)[known:]


def bounds(parts: list[np.ndarray]) -> np.ndarray:
    """What regressions are sure to tell (designs,), in nats, from their errors (m, 8)."""
    return np.array([-np.linalg.slogdet(np.cov(e.T))[1] / 2 for e in parts])


def by_regression(theta: np.ndarray, x: np.ndarray, again: np.ndarray) -> dict:
    """Bounds for a first step, and differences for a second one, with standard errors."""
    one = [errors(theta, trials) for trials in x]
    two = [errors(theta, x[USUAL], trials) for trials in again]
    rng, m = np.random.default_rng(SEED), len(one[0])
    draws = [rng.integers(m, size=m) for _ in range(100)]
    first = np.array([bounds([e[rows] for e in one]) for rows in draws])
    both = np.array([bounds([e[rows] for e in two]) for rows in draws])
    gain = both - first[:, [USUAL]]
    return {
        "first": [bounds(one), first.std(0)],
        "second": [bounds(two) - bounds(one)[USUAL], gain.std(0)],
    }


def mean_and_error(values: np.ndarray) -> list[np.ndarray]:
    """Means (designs,) and standard errors of values (designs, n)."""
    return [values.mean(1), values.std(1, ddof=1) / np.sqrt(values.shape[1])]


def of_designs(networks: dict[str, Posterior]) -> dict:
    """What each first step tells, and each second one after the usual; the best two fixed ones."""
    theta = PRIOR.sample(HELD_OUT, SEED)
    x, again = (
        np.stack([response(theta, d, SEED + 1 + 100 * i) for d in range(len(DESIGNS))])
        for i in range(2)
    )
    found = {"regression": by_regression(theta, x, again)}
    for part, q in networks.items():
        first = np.stack([told(q, theta, trials) for trials in x])
        both = np.stack([told(q, theta, x[USUAL], trials) for trials in again])
        found[part] = {
            "first": mean_and_error(first),
            "second": mean_and_error(both - first[USUAL]),
        }
    pairs = [(a, b) for a in range(len(DESIGNS)) for b in range(a, len(DESIGNS))]
    third = [response(theta, d, SEED + 201) for d in range(len(DESIGNS))]
    q = networks["chooser"]
    scores = [told(q, theta, x[USUAL], again[a], third[b]).mean() for a, b in pairs]
    return found | {"fixed": pairs[int(np.argmax(scores))]}


def expected(q: Posterior, history: list[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected information (n, designs) of the next step after trials (n, 9), and its error."""
    n = len(history[0])
    theta = q.sample_batched(DRAWS, seed, x=np.hstack(history)).reshape(-1, 8)
    past = [trials.repeat(DRAWS, 0) for trials in history]
    now = told(q, theta, *past)
    gains = [
        (told(q, theta, *past, response(theta, d, seed + 1)) - now).reshape(n, DRAWS)
        for d in range(len(DESIGNS))
    ]
    gains = np.stack(gains, 1)
    return gains.mean(2), gains.std(2, ddof=1) / np.sqrt(DRAWS)


def of_neurons(networks: dict[str, Posterior], fixed: tuple[int, int]) -> dict:
    """Two more steps for neurons of the prior, by several strategies, and what they told."""
    theta, rng = PRIOR.sample(COUNT, SEED + 2), np.random.default_rng(SEED + 3)
    x = [
        np.stack([response(theta, d, SEED + 300 + t) for d in range(len(DESIGNS))])
        for t in range(3)
    ]
    first, rows = x[0][USUAL], np.arange(COUNT)
    curve, curve_error = expected(networks["chooser"], [first], SEED + 400)
    greedy = [curve.argmax(1)]
    later, _ = expected(networks["chooser"], [first, x[1][greedy[0], rows]], SEED + 500)
    greedy.append(later.argmax(1))
    promised = np.stack([curve.max(1), later.max(1)])
    steps = {
        "greedy": np.stack(greedy),
        "fixed": np.tile(np.array(fixed)[:, None], COUNT),
        "ladder": np.tile(np.array(LADDER)[:, None], COUNT),
        "random": rng.integers(len(DESIGNS), size=(2, COUNT)),
        "repeat": np.full((2, COUNT), USUAL),
    }
    q, before = networks["judge"], PRIOR.sample(100_000, SEED).var(0)
    once, scores, contraction = told(q, theta, first), {}, {}
    for name, chosen in steps.items():
        second, third = (x[1 + t][chosen[t], rows] for t in range(2))
        scores[name] = [told(q, theta, first, second), told(q, theta, first, second, third)]
        draws = q.sample_batched(100, SEED, x=np.hstack([first, second, third]))
        contraction[name] = 1 - draws.var(1, ddof=1).mean(0) / before
    return {
        "spikes": (first[:, 2] ** 2).round(),
        "curve": curve,
        "curve_error": curve_error,
        "promised": promised,
        "steps": {name: steps[name] for name in ("greedy", "random")},
        "first": once,
        "scores": scores,
        "contraction": contraction,
    }


def plain(value: object) -> object:
    """Lists of numbers with four digits in place of arrays."""
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    networks = {part: network(part, seed) for part, seed in PARTS.items()}
    study = Study(HERE / f"{NAME}.json", SETTINGS, designs=DESIGNS)
    if not study.holds(part="designs"):
        study.add(plain(of_designs(networks)), part="designs")
    if not study.holds(part="neurons"):
        fixed = next(r["fixed"] for r in study.made["rows"] if r["part"] == "designs")
        study.add(plain(of_neurons(networks, tuple(fixed))), part="neurons")
