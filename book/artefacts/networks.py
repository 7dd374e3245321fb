"""Brunel's network: ``python book/artefacts/networks.py [plane | fresh | halves]``.

- plane: 12,500 neurons on the plane of g and eta; kept are the spikes of 40 neurons in 100 ms, the
  spectrum of all and the statistics.
- fresh: the simulations of the small network that the posteriors of ``make.py`` were checked with.
- halves: how well a classifier tells two posteriors apart that learned from one half each of the
  simulations of ``make.py``, at fresh observations.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from study import CHECKED, FRESH, Study

from book.figures.network_explorer import some
from mechfit.inference import Coupling, Subset, Training, c2st, fit
from mechfit.models import Brunel
from mechfit.simulation import Bank, simulate
from mechfit.summaries import population_spectrum

HERE = Path(__file__).parent
WORK = HERE / ".work"
G, ETA = np.linspace(3, 8, 11), np.linspace(1, 4, 7)
NAME, SEED, SIMULATIONS, OBSERVED, DRAWS = "brunel-subsets", 1, 10_000, 10, 1000


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


def unseen() -> Bank:
    """The simulations of the calibration report."""
    return simulate(Brunel(), FRESH, CHECKED + 1, store=WORK / f"{NAME}-{CHECKED + 1}")


def fresh() -> None:
    """Keep them."""
    bank = unseen()
    columns = {"theta": bank.theta, "x": bank.x}
    columns = {name: column.astype(np.float32) for name, column in columns.items()}
    np.savez_compressed(HERE / "brunel-fresh.npz", **columns)


def halves() -> None:
    """Train on each half, and compare."""
    model = Brunel()
    bank = simulate(model, SIMULATIONS, 7, store=WORK / NAME)
    first = np.arange(SIMULATIONS) < SIMULATIONS // 2
    choice = {"flow": Coupling(embedding=Subset()), "training": Training(epochs=100), "seed": 8}
    one, two = (fit(bank.rows(half), model.prior, **choice) for half in (first, ~first))
    study = Study(HERE / "brunel-halves.json", {"simulations": SIMULATIONS // 2, "draws": DRAWS})
    x = unseen()
    rate = np.exp(x.x[:, x.statistic_names.index("log_rate_E")])
    for row in np.flatnonzero((rate > 1) & (rate < 200))[:OBSERVED].tolist():
        sets = (each.sample(DRAWS, SEED, x=x.x[row]) for each in (one, two))
        study.add({"c2st": round(c2st(*sets, seed=SEED), 3)}, row=row)


if __name__ == "__main__":
    for name in sys.argv[1:] or ("plane", "fresh", "halves"):
        {"plane": plane, "fresh": fresh, "halves": halves}[name]()
