"""Brunel's network: ``python book/artefacts/networks.py [plane | fresh | halves | push | dead]``.

- plane: 12,500 neurons on the plane of g and eta; kept are the spikes of 40 neurons in 100 ms, the
  spectrum of all and the statistics.
- fresh: the simulations of the small network that the posteriors of ``make.py`` were checked with.
- halves: how well a classifier tells two posteriors apart that learned from one half each of the
  simulations of ``make.py``, at fresh observations.
- push: how far a small network can be pushed before it is no longer asynchronous and irregular.
- dead: the networks without input that the posterior of ``make.py`` was checked with, and the
  parameters and last spikes of those that it learned from and that were silent.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from make import RECIPES
from study import AGAIN, CHECKED, FRESH, Study

from book.figures.network_explorer import some
from mechfit.inference import Coupling, Subset, Training, c2st, fit
from mechfit.models import COBA, Brunel, Model
from mechfit.robustness import Criterion, breakdown_radii, smallest_perturbation
from mechfit.simulation import Bank, simulate
from mechfit.summaries import population_spectrum

HERE = Path(__file__).parent
WORK = HERE / ".work"
G, ETA = np.linspace(3, 8, 11), np.linspace(1, 4, 7)
NAME, SEED, SIMULATIONS, OBSERVED, DRAWS = "brunel-subsets", 1, 10_000, 10, 1000
MEMBERS = RECIPES[NAME].trainings


def plane() -> None:
    """Simulate the large network everywhere on the plane."""
    model = Brunel(12_500, 1250)
    kept = {"times": [], "rows": [], "count": [], "power": [], "x": []}
    for g in G:
        for eta in ETA:
            spikes = model.spikes([g, eta, 0.1, 1.5], SEED)
            times, rows = some(spikes)
            hz, power = population_spectrum(spikes.times, spikes.n, (200.0, spikes.duration))
            kept["times"].append(np.rint(10 * times).astype(np.uint16))
            kept["rows"].append(rows.astype(np.uint8))
            kept["count"].append(len(times))
            kept["power"].append(np.log10(np.maximum(power[3:], 1e-9)).astype(np.float16))
            kept["x"].append(spikes.statistics())
            print(f"g {g:g}, eta {eta:g}: {kept['x'][-1][0]:.1f} Hz", flush=True)
    joined = {name: np.concatenate(kept.pop(name)) for name in ("times", "rows")}
    np.savez_compressed(HERE / "brunel-plane.npz", g=G, eta=ETA, hz=hz[3:], **joined, **kept)


def unseen(model: Model, name: str, seed: int) -> Bank:
    """The simulations of the calibration report."""
    return simulate(model, FRESH, seed + 1, store=WORK / f"{name}-{seed + 1}")


def keep(bank: Bank, name: str, **more: np.ndarray) -> None:
    """Keep parameters and statistics, and more."""
    columns = {"theta": bank.theta, "x": bank.x} | more
    columns = {name: column.astype(np.float32) for name, column in columns.items()}
    np.savez_compressed(HERE / f"{name}.npz", **columns)


def fresh() -> None:
    """Keep those of Brunel's network."""
    keep(unseen(Brunel(), NAME, AGAIN), "brunel-fresh")


def dead() -> None:
    """Keep those of the network without input, and which others were silent."""
    model = COBA()
    bank = simulate(model, SIMULATIONS, 9, store=WORK / "coba")
    active, last = (bank.x[:, model.statistic_names.index(n)] for n in ("active_E", "last_spike"))
    silent = np.c_[bank.theta, last][active == 0]
    keep(unseen(model, "coba", CHECKED), "coba-fresh", silent=silent)


def halves() -> None:
    """Train on each half, and compare."""
    model = Brunel()
    bank = simulate(model, SIMULATIONS, 7, store=WORK / NAME)
    first = np.arange(SIMULATIONS) < SIMULATIONS // 2
    choice = {"flow": Coupling(embedding=Subset()), "training": Training(epochs=100)}
    choice |= {"members": MEMBERS, "seed": 8}
    one, two = (fit(bank.rows(half), model.prior, **choice) for half in (first, ~first))
    settings = {"simulations": SIMULATIONS // 2, "members": MEMBERS, "draws": DRAWS}
    study = Study(HERE / "brunel-halves.json", settings)
    x = unseen(model, NAME, AGAIN)
    rate = np.exp(x.x[:, x.statistic_names.index("log_rate_E")])
    for row in np.flatnonzero((rate > 1) & (rate < 200))[:OBSERVED].tolist():
        sets = (each.sample(DRAWS, SEED, x=x.x[row]) for each in (one, two))
        study.add({"c2st": round(c2st(*sets, seed=SEED), 3)}, row=row)


def asynchronous(x: np.ndarray) -> np.ndarray:
    """Whether the population fluctuates less than its mean, and intervals are irregular (n,)."""
    x = dict(zip(Brunel.statistic_names, x.T, strict=True))
    return (x["pop_cv"] < 1) & (x["cv_E"] > 0.3)


def push() -> None:
    """Push the network along and across the ridge of equal rates, then search."""
    model, theta = Brunel(), np.array([5.0, 2.0, 0.3, 1.5])
    low, high = model.prior.limits().T
    place = {"scale": (high - low) / np.sqrt(12), "low": low, "high": high, "seed": SEED}
    works, scale = Criterion(model, asynchronous), place["scale"]
    ridge = np.array([4.0, 3.0, 0.0, 0.0]) / scale
    across = np.array([ridge[1], -ridge[0], 0.0, 0.0])
    weaker, slower = np.array([0.0, 0.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])
    ways = {
        "more inhibition, more input": ridge,
        "less inhibition, less input": -ridge,
        "more inhibition, less input": across,
        "less inhibition, more input": -across,
        "weaker synapses": weaker,
        "stronger synapses": -weaker,
        "longer delay": slower,
        "shorter delay": -slower,
    }
    radii = breakdown_radii(works, theta, np.array([*ways.values()]), **place, repeats=5)
    study = Study(HERE / "brunel-push.json", {"theta": theta.tolist(), "seed": SEED})
    for k, name in enumerate(ways):
        found = np.isfinite(radii.radius[0, k])
        radius = round(float(radii.radius[0, k]), 2) if found else None
        end = radii.broken[0, k].round(2).tolist() if found else None
        study.add(
            {"radius": radius, "tried": round(float(radii.reach[0, k]), 2), "end": end}, way=name
        )
    k = int(np.argmin(radii.radius[0]))
    least = [*ways.values()][k]
    found = smallest_perturbation(works, theta, least, radii.radius[0, k], **place, rounds=4)
    study.add(
        {
            "radius": round(found.radius, 2),
            "share": found.share,
            "end": found.theta.round(2).tolist(),
        },
        way="smallest",
    )


if __name__ == "__main__":
    todo = {"plane": plane, "fresh": fresh, "halves": halves, "push": push, "dead": dead}
    for name in sys.argv[1:] or todo:
        todo[name]()
