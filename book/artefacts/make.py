"""Make the trained posteriors that the book ships: ``python book/artefacts/make.py [name ...]``.

Each recipe simulates a bank, trains a posterior and stores it beside this file together with what
the page shows of it. The bank is kept in ``.work/`` and a re-run takes up where the last one
stopped; an artefact whose recipe has not changed is not made again.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from study import AGAIN, CHECKED, FRESH, KNOWN, MANY, checked

from mechfit.inference import (
    Coupling,
    OrderedTrials,
    Posterior,
    Subset,
    Training,
    fit,
    load,
    save,
    truncate,
)
from mechfit.inference.densities.base import Ensemble
from mechfit.inference.diagnostics import judge
from mechfit.inference.sequential.truncated import Truncated
from mechfit.models import (
    COBA,
    LIF,
    AnyStep,
    Brunel,
    Compartments,
    DriftDiffusion,
    HodgkinHuxley,
    Model,
    PsychometricSessions,
    read_cells,
    read_swc,
)
from mechfit.simulation import Bank, simulate
from mechfit.simulation.tasks import Proposal
from mechfit.summaries import Extended

HERE = Path(__file__).parent
WORK = HERE / ".work"
OBSERVED, FEWEST = 1, 5
"""Seed of the talk's observation."""


@dataclass(frozen=True)
class Recipe:
    """What one posterior is made of."""

    simulations: int = 100_000
    flow: Coupling = Coupling(layers=5, bins=8, bound=5.0, box=False)
    training: Training = Training(epochs=60)
    trainings: int = 1
    seed: int = 1
    cell: str = ""
    bank = ""
    half = False
    ensemble = False
    others = None
    checked = CHECKED
    many = False

    def model(self) -> Model:
        """The neuron of the talk, or one of the recorded cells under its own stimulus."""
        if not self.cell:
            return HodgkinHuxley()
        return read_cells(HERE / "allen_cells.csv")[self.cell].model()

    def proposal(self) -> Proposal | None:
        """What parameters are drawn from; None is the prior."""
        return None

    def recorded(self, bank: Bank) -> Bank:
        """The simulations with the statistics that are learned from; here all of them."""
        return bank


@dataclass(frozen=True)
class CellRecipe(Recipe):
    """A posterior for neurons under the stimulus of a recorded cell: two networks.

    The regions of 90 % of one network that sees 100,000 simulations sixty times hold 83 %; two
    err in different places, and those of their mean hold 86 to 89 %.
    """

    trainings: int = 2
    seed: int = 2
    cell: str = "518290966"
    half = True
    ensemble = True


@dataclass(frozen=True)
class RegionRecipe(Recipe):
    """A posterior for one observation, of simulations where another posterior expects it."""

    training: Training = Training(epochs=30)
    seed: int = 5
    first: str = "hodgkin-huxley-million"

    def proposal(self) -> Truncated:
        """The prior, in the region where the first posterior for the talk's neuron is dense."""
        model = self.model()
        x_o = model.summarize(model.simulate(model.truth, OBSERVED))[0]
        return truncate(load(HERE / self.first).at(x_o), seed=self.seed)


@dataclass(frozen=True)
class SharpRecipe(Recipe):
    """The best of three posteriors with a little of the others, from four million simulations.

    Fresh simulations cost less than more epochs on old ones and cannot be learned by heart: the
    regions of 90 % of each hold 88 to 89 % (85 % where a million are seen twenty times). They err
    in different places, so that their mean is too wide (94 %). With 1 % of the others regions of
    2,000 further simulations held 90 %, and true parameters were 0.06 nats more probable.
    """

    simulations: int = 4_000_000
    flow: Coupling = Coupling(layers=5, hidden=256, bound=3.0)
    training: Training = Training(epochs=4, batch=512)
    trainings: int = 3
    half = True
    others = 0.01
    many = True


@dataclass(frozen=True)
class SubsetRecipe(Recipe):
    """A posterior for every set of the seven statistics."""

    flow: Coupling = Coupling(layers=5, bins=8, bound=5.0, box=False, embedding=Subset())
    training: Training = Training(epochs=100)
    seed: int = 3
    extended: Extended | None = None

    def model(self) -> Model:
        """The neuron of the talk, with its seven statistics or with more."""
        return HodgkinHuxley(extended=self.extended)


@dataclass(frozen=True)
class TwentyRecipe(SubsetRecipe):
    """A posterior for every set of twenty statistics."""

    simulations: int = 4_000_000
    flow: Coupling = Coupling(layers=5, hidden=256, bound=3.0, embedding=Subset())
    training: Training = Training(epochs=4, batch=512)
    extended: Extended | None = Extended()
    half = True
    many = True


@dataclass(frozen=True)
class SevenRecipe(Recipe):
    """The posterior from all seven statistics, small enough to be sent with a page."""

    simulations: int = 1_000_000
    flow: Coupling = Coupling(layers=5, hidden=96, bound=3.0)
    training: Training = Training(epochs=10, batch=1024)
    bank: str = "hodgkin-huxley"
    half = True


@dataclass(frozen=True)
class PageRecipe(SubsetRecipe):
    """The same, from more simulations and small enough to be sent with a page."""

    simulations: int = 1_000_000
    flow: Coupling = Coupling(layers=5, hidden=64, bound=3.0, embedding=Subset(128, 32))
    training: Training = Training(epochs=8, batch=1024)
    seed: int = 1
    bank: str = "hodgkin-huxley"
    half = True


@dataclass(frozen=True)
class CellsRecipe(CellRecipe):
    """One posterior for all recorded cells, which is told their stimuli.

    Twenty times the simulations, in the box, are worth 1.9 nats (18.2, not 16.3 over the prior),
    but the region of 99 % at the cells holds 2 of 24 searches as before, and the error of E_leak
    depends on the data.
    """

    seed: int = 4
    cell: str = ""

    def model(self) -> Model:
        """The neuron under any step."""
        return AnyStep(read_cells(HERE / "allen_cells.csv"))


@dataclass(frozen=True)
class SpikeTrainRecipe(Recipe):
    """A posterior of an integrate-and-fire neuron, with τ and t_ref known or not."""

    simulations: int = 50_000
    flow: Coupling = Coupling()
    training: Training = Training(epochs=40)
    seed: int = 6
    known: tuple[tuple[str, float], ...] = ()

    def model(self) -> Model:
        """The neuron, for 10 s."""
        return LIF(known=dict(self.known))


@dataclass(frozen=True)
class NetworkRecipe(Recipe):
    """A posterior of Brunel's network, for every set of statistics."""

    simulations: int = 10_000
    flow: Coupling = Coupling(embedding=Subset())
    training: Training = Training(epochs=100)
    trainings: int = 4
    seed: int = 7
    half = True
    ensemble = True
    checked = AGAIN

    def model(self) -> Model:
        """The small network, for 1.2 s."""
        return Brunel()


@dataclass(frozen=True)
class ConductanceRecipe(NetworkRecipe):
    """A posterior of the network that keeps itself active, or dies."""

    flow: Coupling = Coupling()
    training: Training = Training(epochs=60)
    trainings: int = 1
    seed: int = 9
    checked = CHECKED

    def model(self) -> Model:
        """The small network, for 1.2 s."""
        return COBA()


@dataclass(frozen=True)
class CompartmentsRecipe(Recipe):
    """A posterior of a neuron with a shape, from recordings at some of its three sites.

    The simulations of `bank` are shared by all sites. `free` are capacitance and shunt unknown.
    """

    simulations: int = 60_000
    flow: Coupling = Coupling(layers=5, bound=3.0)
    training: Training = Training(epochs=30)
    trainings: int = 2
    seed: int = 10
    bank: str = "compartments"
    hidden: tuple[str, ...] = ()
    free: bool = True
    half = True
    ensemble = True

    def model(self) -> Model:
        """The neuron with electrodes in soma, trunk and tuft."""
        tree = read_swc(HERE / "neuron.swc").discretize(28.0)
        known = {"known": {}} if self.free else {}
        return Compartments(tree, (0, tree.site(3), tree.site(7, 1.0)), sigma=0.05, **known)

    def recorded(self, bank: Bank) -> Bank:
        """The simulations without the statistics of the sites that are not recorded."""
        return bank.select([n for n in bank.statistic_names if not n.endswith(self.hidden)])


@dataclass(frozen=True)
class ObserverRecipe(Recipe):
    """A posterior of an observer, from sessions of up to 80 trials with any stimuli."""

    simulations: int = 400_000
    flow: Coupling = Coupling(layers=3, hidden=128)
    training: Training = Training(epochs=4, batch=256)
    seed: int = 13
    half = True

    def model(self) -> Model:
        """The observer, with 33 stimuli."""
        return PsychometricSessions(np.linspace(-4, 4, 33))


@dataclass(frozen=True)
class DecisionsRecipe(Recipe):
    """A posterior of an observer who decides, from any number of trials up to 1,000.

    As many of a simulation's trials are kept as a log-uniform number says, so that few, of which a
    posterior is needed as often, are learned from as much, and all if it says more than there are;
    their times are given as logarithms.
    """

    simulations: int = 50_000
    flow: Coupling = Coupling(hidden=96, box=False, embedding=OrderedTrials(2, kinds=2))
    training: Training = Training(epochs=50, batch=128)
    seed: int = 12

    def model(self) -> Model:
        """The observer, for 1,000 trials."""
        return DriftDiffusion(1000)

    def recorded(self, bank: Bank) -> Bank:
        """Choices and logarithms of reaction times, NaN where a trial is left out."""
        most = bank.x.shape[1] // 2
        rng = np.random.default_rng(bank.seed)
        kept = np.exp(rng.uniform(np.log(FEWEST), np.log(4 * most), (len(bank.x), 1))) // 1
        x = np.where(np.arange(2 * most) // 2 < kept, bank.x, np.nan)
        x[:, 1::2] = np.log(x[:, 1::2])
        names = tuple(name.replace("rt", "log_rt") for name in bank.statistic_names)
        return Bank(bank.theta, x, bank.valid, bank.seed, names)


RECIPES = {
    "hodgkin-huxley": SharpRecipe(),
    "hodgkin-huxley-million": Recipe(1_000_000, training=Training(epochs=20), trainings=2),
    "hodgkin-huxley-region": RegionRecipe(),
    "allen-518290966": CellRecipe(),
    "hodgkin-huxley-subsets": SubsetRecipe(),
    "hodgkin-huxley-twenty": TwentyRecipe(),
    "hodgkin-huxley-page": PageRecipe(),
    "hodgkin-huxley-seven-page": SevenRecipe(),
    "allen-cells": CellsRecipe(),
    "lif": SpikeTrainRecipe(known=(("tau", 20.0), ("t_ref", 2.0))),
    "lif-four": SpikeTrainRecipe(),
    "brunel-subsets": NetworkRecipe(),
    "coba": ConductanceRecipe(),
    "observer": ObserverRecipe(),
    "compartments-soma": CompartmentsRecipe(hidden=("_p", "_d")),
    "compartments-trunk": CompartmentsRecipe(hidden=("_d",)),
    "compartments-tuft": CompartmentsRecipe(),
    "decisions": DecisionsRecipe(),
}


def stored(target: Path) -> Posterior | None:
    """The artefact that is there; None if there is none to read."""
    try:
        return load(target)
    except (FileNotFoundError, ValueError):  # absent, damaged or of an earlier format
        return None


def make(name: str, recipe: Recipe) -> None:
    """Make one artefact, and its calibration report, unless they are there already."""
    fingerprint = hashlib.sha256(repr(asdict(recipe)).encode()).hexdigest()
    posterior, model = stored(HERE / name), recipe.model()
    if posterior is None or posterior.provenance.get("recipe") != fingerprint:
        posterior = trained(name, recipe, model)
        made = {
            "command": f"python book/artefacts/make.py {name}",
            "recipe": fingerprint,
            "date": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            "machine": platform.machine(),
        }
        posterior = replace(posterior, provenance={**posterior.provenance, **made})
        save(posterior, HERE / name, half=recipe.half)
        posterior = load(HERE / name)
        print(f"{name}: trained in {posterior.provenance['seconds']} s")
    if "check" not in posterior.provenance:
        known, fresh = (
            simulations(name, recipe, n, recipe.checked + i) for i, n in enumerate((KNOWN, FRESH))
        )
        posterior = checked(posterior, known, fresh, seed=recipe.checked)
        save(posterior, HERE / name, half=recipe.half)
    if recipe.many and "check_of_many" not in posterior.provenance:
        bank = simulations(name, recipe, MANY, recipe.checked + 2)
        report = judge(posterior, bank, draws=100, seed=recipe.checked)
        facts = {"check_of_many": {"seed": bank.seed, **report.to_dict()}}
        posterior = replace(posterior, provenance={**posterior.provenance, **facts})
        save(posterior, HERE / name, half=recipe.half)
    for kind in ("check", "check_of_many"):
        if kind in posterior.provenance:
            print(f"{name}: {posterior.provenance[kind]['verdict']}")


def simulations(name: str, recipe: Recipe, n: int, seed: int) -> Bank:
    """Simulations of a recipe that its posterior did not learn from."""
    store = WORK / f"{recipe.bank or name}-{seed}"
    bank = simulate(recipe.model(), n, seed, proposal=recipe.proposal(), store=store)
    return recipe.recorded(bank)


def trained(name: str, recipe: Recipe, model: Model) -> Posterior:
    """Simulate and learn; keep all trainings, or what is best on held-out simulations."""
    settings = {"proposal": recipe.proposal(), "store": WORK / (recipe.bank or name)}
    bank = recipe.recorded(simulate(model, recipe.simulations, recipe.seed, **settings))
    choice = {"flow": recipe.flow, "training": recipe.training, "members": recipe.trainings}
    posterior = fit(bank, model.prior, **choice, seed=recipe.seed)
    best = int(np.argmin([history.validation.min() for history in posterior.history]))
    if recipe.trainings > 1 and recipe.others:
        weights = torch.full((recipe.trainings,), recipe.others / (recipe.trainings - 1))
        weights[best] = 1 - recipe.others
        return replace(posterior, flow=Ensemble(posterior.flow.members, weights))
    if recipe.ensemble or recipe.trainings == 1:
        return posterior
    return replace(
        posterior,
        flow=posterior.flow.members[best],
        history=posterior.history[best : best + 1],
        provenance={**posterior.provenance, "members": 1, "best_of": recipe.trainings},
    )


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or RECIPES:
        make(chosen, RECIPES[chosen])
