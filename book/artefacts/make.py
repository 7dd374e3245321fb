"""Make the trained posteriors that the book ships: ``python book/artefacts/make.py [name ...]``.

Each recipe simulates a bank in blocks, trains a posterior and stores it beside this file together
with what the page shows of it. Finished blocks stay in ``.work/`` and a re-run takes up where the
last one stopped; an artefact whose recipe has not changed is not made again.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from mechfit.inference import NSF, Training, fit, load, save
from mechfit.models import HodgkinHuxley, read_cells
from mechfit.simulation import Bank, simulate

HERE = Path(__file__).parent
WORK = HERE / ".work"


@dataclass(frozen=True)
class Recipe:
    """What one posterior is made of."""

    simulations: int = 100_000
    block: int = 5_000
    flow: NSF = field(default_factory=lambda: NSF(layers=6, hidden=100))
    training: Training = field(default_factory=lambda: Training(epochs=40, batch=200))
    seed: int = 1
    cell: str = ""


RECIPES = {
    "hodgkin-huxley": Recipe(),
    "allen-518290966": Recipe(cell="518290966", seed=2),
}


def model_of(recipe: Recipe) -> HodgkinHuxley:
    """The neuron of the talk, or one of the recorded cells under its own stimulus."""
    if not recipe.cell:
        return HodgkinHuxley()
    return read_cells(HERE / "allen_cells.csv")[recipe.cell].model()


def simulated(name: str, recipe: Recipe) -> Bank:
    """Simulate the bank block by block; block b has the seed (recipe.seed, b)."""
    model, parts = model_of(recipe), []
    for b in range(recipe.simulations // recipe.block):
        file = WORK / f"{name}-{b}.npz"
        if not file.exists():
            bank = simulate(model, recipe.block, seed=recipe.seed * 2**32 + b)
            partial = file.with_suffix(".partial.npz")
            np.savez(partial, theta=bank.theta, x=bank.x)
            partial.replace(file)
            print(f"{name}: {(b + 1) * recipe.block} simulations", flush=True)
        with np.load(file) as stored:
            parts.append((stored["theta"], stored["x"]))
    theta, x = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Bank(theta, x, np.isfinite(x).all(1), recipe.seed, model.statistic_names)


def make(name: str, recipe: Recipe) -> None:
    """Make one artefact unless it is there already."""
    fingerprint = hashlib.sha256(repr(asdict(recipe)).encode()).hexdigest()
    target = HERE / name
    exists = target.with_suffix(".json").exists()
    if exists and load(target).provenance.get("recipe") == fingerprint:
        print(f"{name}: up to date")
        return
    bank = simulated(name, recipe)
    posterior = fit(
        bank, model_of(recipe).prior, flow=recipe.flow, training=recipe.training, seed=recipe.seed
    )
    made = {
        "command": f"python book/artefacts/make.py {name}",
        "recipe": fingerprint,
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    save(replace(posterior, provenance={**posterior.provenance, **made}), target)
    print(f"{name}: trained in {posterior.provenance['seconds']} s")


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or RECIPES:
        make(chosen, RECIPES[chosen])
