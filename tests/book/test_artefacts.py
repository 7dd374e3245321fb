"""Every stored posterior carries its calibration report, and deserves it on new simulations."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from builtbook import ROOT

from mechfit.inference import LearnedStatistics, load
from mechfit.inference.diagnostics import Recalibrated, judge
from mechfit.models import HodgkinHuxley, Thinned
from mechfit.simulation import simulate

FOLDER = ROOT / "book" / "artefacts"
SEED, RUNS = 2_000_001, 500


def is_posterior(path: Path) -> bool:
    """Whether weights belong to a density; others are simulations or learned statistics."""
    facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    kind = facts.get("provenance", {}).get("flow", {}).get("kind")
    return kind not in (None, "PosteriorMean")


NAMES = sorted(p.stem for p in FOLDER.glob("*.safetensors") if is_posterior(p))


@pytest.fixture(scope="module")
def recipes():
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["make"] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        yield module.RECIPES
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("make", None)


def fresh(name: str, recipes: dict):
    """Simulations that neither the posterior nor its levels were found from."""
    if name in recipes:
        recipe = recipes[name]
        return simulate(recipe.model(), RUNS, SEED, proposal=recipe.proposal())
    neuron = HodgkinHuxley()
    if name.endswith("seven"):
        return simulate(neuron, RUNS, SEED)
    bank = simulate(Thinned(neuron, 25), RUNS, SEED)
    if name.endswith("whole"):
        return bank
    return LearnedStatistics(load(FOLDER / "hodgkin-huxley-traces-regression")).bank(bank)


def test_there_are_posteriors():
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_there_and_says_calibrated(name):
    made = load(FOLDER / name).provenance
    assert made["check"]["calibrated"], made["check"]["verdict"]
    assert made["check_as_trained"]["runs"] == made["check"]["runs"] == RUNS
    assert len(made["levels"]) == 1_000
    assert np.all(np.diff(made["levels"]) >= 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_is_calibrated_on_simulations_of_today(name, recipes):
    posterior = load(FOLDER / name)
    mended = Recalibrated(posterior, np.array(posterior.provenance["levels"]))
    report = judge(mended, fresh(name, recipes), seed=SEED)
    assert report.calibrated, report.verdict


@pytest.mark.slow
def test_a_miscalibrated_one_would_be_found(recipes):
    posterior = load(FOLDER / "hodgkin-huxley")
    levels = np.array(posterior.provenance["levels"]) ** 2
    report = judge(Recalibrated(posterior, levels), fresh("hodgkin-huxley", recipes), seed=SEED)
    assert not report.calibrated
