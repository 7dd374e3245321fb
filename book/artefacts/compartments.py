"""What electrodes tell where capacitance and shunt are known: ``python compartments.py``.

For each set of sites a posterior is learned as ``make.py`` learns it where both are unknown, but
once and from fewer simulations; kept are the verdict of its calibration and the mean contraction
of each parameter over fresh neurons.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from make import RECIPES, WORK, trained
from study import CHECKED, FRESH, Study

from mechfit.inference import contraction
from mechfit.inference.diagnostics import judge
from mechfit.simulation import simulate

HERE = Path(__file__).parent
BANK, SIMULATIONS, DRAWS = "compartments-known", 30_000, 200
SITES = "soma", "trunk", "tuft"


def known() -> None:
    """Learn from the recordings of each set of sites, and say how much it told."""
    settings = {"simulations": SIMULATIONS, "draws": DRAWS, "runs": FRESH}
    study = Study(HERE / f"{BANK}.json", settings)
    for site in SITES:
        if study.holds(site=site):
            continue
        how = {"free": False, "bank": BANK, "simulations": SIMULATIONS, "trainings": 1}
        recipe = replace(RECIPES[f"compartments-{site}"], **how)
        model = recipe.model()
        posterior = trained(BANK, recipe, model)
        fresh = simulate(model, FRESH, CHECKED + 1, store=WORK / f"{BANK}-{CHECKED + 1}")
        fresh, names = recipe.recorded(fresh), posterior.statistic_names
        told = contraction(posterior, fresh, [names], draws=DRAWS, seed=CHECKED)[0]
        study.add(
            {
                "contraction": dict(zip(model.prior.names, told.round(3).tolist(), strict=True)),
                "verdict": judge(posterior, fresh, seed=CHECKED).verdict,
            },
            site=site,
        )


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    known()
