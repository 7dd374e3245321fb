"""Who predicts an intervention: ``python book/artefacts/interventions.py [neuron | ...]``.

Models are given recordings of the control condition alone, then something is changed.

- neuron: the talk's Hodgkin–Huxley neuron under a fluctuating current; a generalized linear model
  (GLM) of its spikes, and posteriors of its parameters, from a minute of the same spikes and a
  step, or from the step alone.
- network: Brunel's network, of which 20 excitatory and 5 inhibitory neurons are recorded, with
  some or all inhibitory neurons silenced; a coupled GLM, a maximum-entropy distribution, GPFA, and
  a posterior from statistics of the same neurons.
- small: a network of 30 neurons, of which all are recorded, or a third; coupled GLMs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from make import WORK, stored
from scipy.ndimage import gaussian_filter1d
from study import CHECKED, FRESH, Study

from mechfit.inference import Coupling, Posterior, Training, fit, load, save, truncate
from mechfit.inference.diagnostics import judge
from mechfit.inference.sequential.truncated import Truncated
from mechfit.models import (
    GLM,
    GPFA,
    Brunel,
    DeltaNeurons,
    DrivenNeuron,
    HodgkinHuxley,
    MaximumEntropy,
    Network,
    Spikes,
    Wiring,
    raised_cosines,
)
from mechfit.simulation import simulate
from mechfit.summaries import POPULATION, population_statistics

HERE = Path(__file__).parent
SEEDS = range(1, 11)
OBSERVED, LEARNED, SIMULATIONS = 1, 12, 7500
"""Seed of the step that opens the region; of what is learned there, and how much of it."""
TEST_MS, REPEATS, DRAWS = 12_000.0, 12, 64
"""Length of the test of a neuron, how often it is repeated, and draws of a posterior."""
NEURON = {
    "control": {},
    "current: mean + 1": {"mean": 1.0},
    "current: SD × 2": {"std": 2.0},
    "M current blocked": {"g_M": 0.0},
    "leak × 2": {"g_leak": 2.0},
    "ḡ_K × 0.5": {"g_K": 0.5},
    "ḡ_Na × 0.6": {"g_Na": 0.6},
}
"""What is added to the mean of the current, and what its deviations or parameters are times."""
PAST = np.arange(1, 401)
HISTORY = raised_cosines(400, 9, 2.0, 250.0, 2.0)
CURRENT = np.c_[np.arange(60) == 0, raised_cosines(60, 7, 1.0, 40.0, 3.0)]
DECAY = np.exp(-np.arange(50.0)[:, None] / 10) * (np.arange(50) >= 1)[:, None]
WIDE = 10.0**0.5
"""Prior standard deviation of weights: a ridge of 0.1."""

THETA = np.array([6.0, 1.5, 0.3, 1.5])
CELLS = np.r_[:20, 1000:1005]
SILENCED = {"none": 0, "the 5 recorded": 5, "10 %": 25, "25 %": 62, "50 %": 125, "all": 250}
RECORDED_MS, SILENT_MS, BURN_IN = 60_200.0, 20_200.0, 200.0
TOLD = "rate_E", "cv_E", "fano_E", "corr_E", "corr_EI"
SMALL_MS, SOME = 40_200.0, np.r_[:8, 24, 25]
FEW = {"none": 0, "2 of 6": 2, "3 of 6": 3, "all": 6}


def binned(spikes: np.ndarray, duration: float, width: float = 1.0) -> np.ndarray:
    """Counts of spikes in bins."""
    return np.histogram(spikes, np.arange(0.0, duration + width / 2, width))[0]


def per_bin(current: np.ndarray) -> np.ndarray:
    """Mean current in bins of 1 ms, one bin earlier, so that a GLM's lag of 1 is the bin's own."""
    return np.roll(current[:-1].reshape(-1, 10).mean(1), -1)


def psth(counts: np.ndarray) -> np.ndarray:
    """Mean of repeats (n, T), smoothed."""
    return gaussian_filter1d(counts.mean(0), 10.0)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the mean of some repeats with that of others."""
    pair = psth(one), psth(other)
    return float(np.corrcoef(*pair)[0, 1]) if min(map(np.std, pair)) > 0 else 0.0


def rate(counts: np.ndarray) -> np.ndarray:
    """Rates (n,) in Hz of counts (n, T) in bins of 1 ms."""
    return 1000 * counts.mean(1)


def bits(
    intensity: Callable[[np.ndarray], np.ndarray], counts: np.ndarray, cap: float = np.inf
) -> float:
    """Bits per spike over a constant rate, median of repeats, with capped expected counts.

    `intensity` gives the rates (1, T) in Hz that a model expects of counts (T,).
    """
    scores = []
    for y in counts:
        expected = np.minimum(intensity(y)[0] / 1000, cap)
        gain = (y * np.log(expected / y.mean())).sum() - expected.sum() + y.sum()
        scores.append(gain / y.sum() / np.log(2))
    return float(np.median(scores))


def predicted(
    draws: np.ndarray, factors: np.ndarray, current: np.ndarray, seed: int
) -> np.ndarray:
    """Counts (n, T) of draws with some parameters changed."""
    model = DrivenNeuron(TEST_MS)
    trains = model.spikes(draws * factors, current, seed)
    return np.array([binned(spikes, TEST_MS) for spikes in trains])


def questions(seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Each condition, its current and factors of the parameters, and what the neuron answers."""
    model, test = DrivenNeuron(), DrivenNeuron(TEST_MS).current(seed + 1000)
    repeated = np.tile(model.truth, (REPEATS, 1))
    for condition, change in NEURON.items():
        shown = change.get("mean", 0) + model.mean + change.get("std", 1) * (test - model.mean)
        factors = np.array([change.get(name, 1.0) for name in model.prior.names])
        yield condition, shown, factors, predicted(repeated, factors, shown, seed + 2000)


def open_region() -> Truncated:
    """The prior, where the step of the talk's neuron leaves it open."""
    step = HodgkinHuxley()
    x_o = step.summarize(step.simulate(step.truth, OBSERVED))[0]
    return truncate(load(HERE / "hodgkin-huxley").at(x_o), epsilon=1e-3, seed=LEARNED)


def learned() -> Posterior:
    """The posterior from a step and a minute, on the region that it was learned on."""
    model, region = DrivenNeuron(), open_region()
    if (posterior := stored(WORK / "driven")) is None:
        even = replace(region, start=region.sample(2000, LEARNED))  # from which it walks
        how = {"proposal": even, "store": WORK / "driven-bank"}
        bank = simulate(model, SIMULATIONS, LEARNED, **how)
        choice = {"flow": Coupling(), "training": Training(epochs=100), "members": 2}
        posterior = fit(bank, model.prior, **choice, seed=LEARNED)
        fresh = simulate(model, FRESH, CHECKED + 1, proposal=even)
        report = judge(posterior, fresh, seed=CHECKED)
        facts = {"check_as_trained": {"seed": fresh.seed, **report.to_dict()}}
        save(replace(posterior, provenance=posterior.provenance | facts), WORK / "driven")
        posterior = load(WORK / "driven")
    return posterior.on(region)


def neuron() -> None:
    """Fit both to the control, and change the neuron or its current."""
    model = DrivenNeuron()
    both, step_alone = learned(), load(HERE / "hodgkin-huxley")
    x, draws, recorded = [], [], []
    for seed in SEEDS:
        current = model.current(seed)
        step = HodgkinHuxley().statistics(model.truth, seed)[0]
        spikes = model.spikes(model.truth, current, seed)[0]
        x.append(model.observation(step, spikes, current))
        draws.append([both.sample(DRAWS, seed, x=x[-1]), step_alone.sample(DRAWS, seed, x=step)])
        recorded.append((current, spikes))
    x, draws = np.float32(x), np.float32(draws)
    np.savez_compressed(HERE / "interventions-draws.npz", x=x, both=draws[:, 0], step=draws[:, 1])
    glm = GLM(stimulus=CURRENT, history=HISTORY, most=1)
    sd = np.r_[np.inf, np.full(len(glm.names()) - 1, WIDE)]
    short = replace(glm, history=HISTORY * (PAST <= 30)[:, None])
    settings = {"minutes": 1, "test_s": TEST_MS / 1000, "repeats": REPEATS, "draws": DRAWS}
    settings |= {"simulations": SIMULATIONS, "region": "on"}
    check = both.provenance["check_as_trained"]
    facts = {"coverage_90": check["coverage"]["0.9"], "shift": check["shift"]}
    study = Study(HERE / "interventions-neuron.json", settings, **facts)
    for seed, (current, spikes), (driven, alone) in zip(SEEDS, recorded, draws, strict=True):
        if study.holds(seed=seed, condition=[*NEURON][-1]):
            continue
        w, _ = glm.fit(binned(spikes, model.duration), per_bin(current), sd=sd)
        for condition, shown, factors, truth in questions(seed):
            inputs = per_bin(shown)
            expected = partial(glm.intensity, w, stimulus=inputs)
            drawn = [glm.simulate(w, seed, stimulus=inputs, first=k) for k in range(REPEATS)]
            free = np.concatenate([y for y, _ in drawn])
            row = {
                "true": rate(truth).mean(),
                "ceiling": alike(truth[::2], truth[1::2]),
                "glm": rate(free).mean(),
                "glm_psth": alike(free, truth),
                "glm_bits": bits(expected, truth),
                "glm_bits_capped": bits(expected, truth, 1.0),
                "glm_capped": np.mean([share for _, share in drawn]),
            }
            for name, some in (("posterior", driven), ("step", alone)):
                found = predicted(some, factors, shown, seed + 3000)
                low, high = np.percentile(rate(found), [2.5, 97.5])
                row |= {name: rate(found).mean(), f"{name}_low": low, f"{name}_high": high}
                row[f"{name}_psth"] = alike(found, truth)
            if condition == "M current blocked":
                cut = [short.simulate(w, seed, stimulus=inputs, first=k) for k in range(REPEATS)]
                row["glm_cut"] = rate(np.concatenate([y for y, _ in cut])).mean()
                again = model.spikes(model.truth * factors, current, seed)[0]
                v, _ = glm.fit(binned(again, model.duration), per_bin(current), sd=sd)
                seen = [glm.simulate(v, seed, stimulus=inputs, first=k) for k in range(REPEATS)]
                row["glm_retrained"] = rate(np.concatenate([y for y, _ in seen])).mean()
            row = {name: round(float(value), 4) for name, value in row.items()}
            study.add(row, seed=seed, condition=condition)


def silenced(
    network: Network, v: np.ndarray, cells: np.ndarray, duration: float, seed: int, number: int = 0
) -> Spikes:
    """Spikes of a network of which some neurons are held far below the threshold."""
    drive, v = np.full(len(v), network.neurons.rest), v.copy()
    drive[cells] = v[cells] = -1e6
    return network.spikes(v, duration, seed, drive=drive, number=number)


def trains(spikes: Spikes, cells: np.ndarray, width: float = 1.0) -> np.ndarray:
    """Counts (cells, T) of some neurons, after the burn-in."""
    after = spikes.times - BURN_IN
    length = spikes.duration - BURN_IN
    return np.array([binned(after[spikes.ids == cell], length, width) for cell in cells])


def coupled(counts: np.ndarray, excitatory: int, quiet: list[np.ndarray], seed: int) -> np.ndarray:
    """Mean rates (k,) of excitatory cells in a coupled GLM, with k sets of cells silenced."""
    glm = GLM(history=raised_cosines(100, 5, 2.0, 60.0, 2.0), coupling=DECAY, most=1)
    sd = np.r_[np.inf, np.ones(len(glm.names(len(counts))) - 1)]
    w, _ = glm.fit(counts, sd=sd)
    rates = []
    for cells in quiet:
        changed = w.copy()
        changed[cells, 0] = -50.0
        free, capped = glm.simulate(changed, seed, bins=20_000)
        rates.append(rate(free)[:excitatory].mean())
        if capped.max() > 1e-3:
            print(f"the cap acted in a share of {capped.max():.3f} of the bins")
    return np.array(rates)


def conditioned(patterns: np.ndarray, inhibitory: int) -> float:
    """Activity of excitatory cells where inhibitory ones are silent, over that on average."""
    patterns = patterns.astype(float)
    moments = patterns.T @ patterns / len(patterns)
    coins = 0.25 + 0.25 * np.eye(len(moments))
    model = MaximumEntropy.fit((moments * len(patterns) + 0.5 * coins) / (len(patterns) + 0.5))
    p, seen = model.probabilities, model.patterns
    silent = ~seen[:, -inhibitory:].any(1)
    active = seen[:, :-inhibitory].mean(1)
    return float(p[silent] @ active[silent] / p[silent].sum() / (p @ active))


def factored(counts: np.ndarray, inhibitory: int) -> float:
    """Expected count of excitatory cells where inhibitory ones are silent, over the mean, by GPFA.

    Of a square root y with mean m and variance v, the expected count is m² + v.
    """
    Y = np.sqrt(counts[:, : counts.shape[1] // 25 * 25])
    Y = Y.reshape(len(Y), -1, 25).swapaxes(0, 1)
    model = GPFA.fit(Y, 2, iterations=20)
    known = np.arange(len(counts))[:, None] >= len(counts) - inhibitory
    mean, covariance = replace(model, C=model.C * known).posterior(np.zeros((1, *Y.shape[1:])))
    m = (model.C @ mean[0] + model.d[:, None])[:-inhibitory]
    v = np.einsum("qi,itjt,qj->qt", model.C, covariance, model.C) + model.R[:, None]
    return float((m**2 + v[:-inhibitory]).mean() / (Y[:, :-inhibitory] ** 2).mean())


def told(spikes: Spikes, cells: np.ndarray, excitatory: int) -> dict[str, float]:
    """Statistics of recorded neurons in windows of 1 s, as those of all in training; the mean."""
    place = np.full(spikes.n, -1)
    place[cells] = np.arange(len(cells))
    seen = place[spikes.ids] >= 0
    sizes = excitatory, len(cells) - excitatory
    parts = [
        population_statistics(
            spikes.times[seen], place[spikes.ids[seen]], sizes, (start, start + 1000.0)
        )
        for start in np.arange(BURN_IN, spikes.duration - 999, 1000.0)
    ]
    x = dict(zip(POPULATION, np.nanmean(parts, 0), strict=True))
    x["log_rate_E"] = np.log(x["rate_E"] + 0.1)
    return x


def network() -> None:
    """Record some neurons of large networks, and silence inhibitory ones."""
    model, posterior = Brunel(), load(HERE / "brunel-subsets")
    settings = {"theta": THETA.tolist(), "minutes": 1, "draws": DRAWS}
    study = Study(HERE / "interventions-network.json", settings)
    inhibitory = np.arange(1000, 1250)
    for seed in SEEDS:
        if study.holds(seed=seed, silenced="all"):
            continue
        v, _ = model.start_of(seed)
        built = model.network(THETA, seed)
        recorded = built.spikes(v, RECORDED_MS, seed)
        x = told(recorded, CELLS, 20)
        x_o = np.array(
            [x[n] if n.removeprefix("log_") in TOLD else np.nan for n in model.statistic_names]
        )
        draws = posterior.sample(DRAWS, seed, x=x_o)
        counts = trains(recorded, CELLS)
        few = np.r_[:10, 20:25]
        free = coupled(counts, 20, [CELLS[:0], np.arange(20, 25)], seed)
        said = {
            "glm": free[1] / free[0],
            "glm_control": free[0],
            "maxent": conditioned(trains(recorded, CELLS[few], 5.0).T > 0, 5),
            "gpfa": factored(trains(recorded, CELLS, 20.0), 5),
        }
        base = {}
        for name, n in SILENCED.items():
            spikes = silenced(built, v, inhibitory[:n], SILENT_MS, seed + 100)
            true = rate(trains(spikes, CELLS[:20])).mean()
            made = np.array(
                [rate_of(model, theta, inhibitory[:n], seed, k) for k, theta in enumerate(draws)]
            )
            base = base or {"true": true, "posterior": made}
            ratios = made / base["posterior"]
            low, high = np.percentile(ratios, [2.5, 97.5])
            row = {"rate": true, "true": true / base["true"], **(said if n else {})}
            row |= {"posterior": ratios.mean(), "posterior_low": low, "posterior_high": high}
            row["posterior_rate"] = made.mean()
            row = {key: round(float(value), 4) for key, value in row.items()}
            study.add(row, seed=seed, silenced=name)


def rate_of(model: Brunel, theta: np.ndarray, cells: np.ndarray, seed: int, number: int) -> float:
    """Rate (Hz) of the excitatory neurons of a network of other wiring, some neurons silenced."""
    v, _ = model.start_of(seed, number)
    built = model.network(theta, seed, number)
    spikes = silenced(built, v, cells, BURN_IN + 2000, seed + 200, number)
    inside = (spikes.times > BURN_IN) & (spikes.ids < model.excitatory)
    return inside.sum() / model.excitatory / 2


def small() -> None:
    """Record all of a small network, or some, and silence inhibitory neurons."""
    neurons = DeltaNeurons(tau=10.0, reset=0.0)
    settings = {"E": 24, "I": 6, "seconds": (SMALL_MS - BURN_IN) / 1000}
    study = Study(HERE / "interventions-small.json", settings)
    for seed in SEEDS:
        if study.holds(seed=seed, silenced="all"):
            continue
        wiring = Wiring.bernoulli(24, 6, 0.3, seed)
        built = Network(neurons, wiring, (1.5, -6.0), 1.5, input_rate=900.0)
        v = np.random.default_rng(seed).uniform(0, 20, 30)
        counts = trains(built.spikes(v, SMALL_MS, seed), np.arange(30))
        quiet = [np.arange(24, 24 + n) for n in FEW.values()]
        full = coupled(counts, 24, quiet, seed)
        part = coupled(counts[SOME], 8, [np.arange(8, 8 + min(n, 2)) for n in FEW.values()], seed)
        true = []
        for cells in quiet:
            spikes = silenced(built, v, cells, SILENT_MS, seed + 100)
            true.append(rate(trains(spikes, np.arange(24))))
        for k, name in enumerate(FEW):
            row = {
                "rate": true[k].mean(),
                "true": true[k].mean() / true[0].mean(),
                "glm": full[k] / full[0],
                "true_some": true[k][:8].mean() / true[0][:8].mean(),
                "glm_some": part[k] / part[0],
            }
            row = {key: round(float(value), 4) for key, value in row.items()}
            study.add(row, seed=seed, silenced=name)


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    todo = {"neuron": neuron, "network": network, "small": small}
    for name in sys.argv[1:] or todo:
        todo[name]()
