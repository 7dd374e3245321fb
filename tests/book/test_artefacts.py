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
from mechfit.inference.diagnostics.check import ALPHA
from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Averaged, HodgkinHuxley, Pyloric
from mechfit.simulation import Bank, simulate

FOLDER = ROOT / "book" / "artefacts"
SEED, RUNS = 2_000_001, 500
SHARP = ("hodgkin-huxley",)
LONG = "pyloric-rounds", "pyloric-prior", "compartments-soma", "compartments-trunk"


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
        return recipe.recorded(simulate(recipe.model(), RUNS, SEED, proposal=recipe.proposal()))
    if name.startswith("pyloric"):
        return near_the_recording()
    neuron = HodgkinHuxley()
    if name.endswith("seven"):
        return simulate(neuron, RUNS, SEED)
    bank = simulate(Averaged(neuron, 25), RUNS, SEED)
    if name.endswith("whole"):
        return bank
    return LearnedStatistics(load(FOLDER / "hodgkin-huxley-traces-regression")).bank(bank)


def near_the_recording() -> Bank:
    """Stored simulations near the recorded rhythm: they are few among all, so these are kept."""
    with np.load(FOLDER / "pyloric-near.npz") as kept:
        theta, x = kept["theta"], kept["x"]
    return Bank(theta, x, np.isfinite(x).all(1), SEED, Pyloric.statistic_names)


@pytest.mark.slow
def test_circuits_near_the_recording_are_what_the_simulator_makes():
    with np.load(FOLDER / "pyloric-near.npz") as kept:
        stored = {name: kept[name] for name in kept.files}
    model = Pyloric(patience=3000.0)
    for row in range(0, RUNS, RUNS // 20):
        seed, number = int(stored["seed"][row]), int(stored["number"][row])
        x = model.statistics(stored["theta"][row], seed, first=number)[0]
        np.testing.assert_allclose(x, stored["x"][row], rtol=1e-5)
    away = abs(stored["x"][:, :15] - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD
    assert len(away) == RUNS
    assert away.max() < 1.5


@pytest.mark.parametrize("name", ["draws", "routes", "radii", "warmth"])
def test_stored_traces_show_spikes_and_no_plateaus(name):
    """Points on end above -20 mV: 5 to 43 % of all when one point stood for 6 to 15 ms."""
    with np.load(FOLDER / f"pyloric-{name}.npz") as kept:
        stored = [kept[key] for key in kept.files if key.endswith("traces")]
    assert stored
    for traces in stored:
        high = traces > -20
        on_end = high[..., 1:-1] & high[..., :-2] & high[..., 2:]
        assert on_end.sum() < 0.01 * high.sum()


def test_there_are_posteriors():
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_there_and_says_calibrated(name):
    made = load(FOLDER / name).provenance
    assert made["check"]["calibrated"], made["check"]["verdict"]
    assert made["check_as_trained"]["runs"] == made["check"]["runs"] == RUNS
    assert len(made["levels"]) == 1_000
    assert np.all(np.diff(made["levels"]) >= 0)


@pytest.mark.parametrize("name", SHARP)
def test_it_holds_what_it_says_as_trained(name):
    """Of one network that saw a million neurons twenty times, regions of 90 % held 85 %."""
    report = load(FOLDER / name).provenance["check_of_many"]
    assert report["runs"] == 4_000
    assert abs(report["coverage"]["0.9"] - 0.9) < 0.015, report["verdict"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.long if n in LONG else ()) for n in NAMES]
)
def test_it_is_calibrated_on_simulations_of_today(name, recipes):
    posterior = load(FOLDER / name)
    mended = Recalibrated(posterior, np.array(posterior.provenance["levels"]))
    report = judge(mended, fresh(name, recipes), seed=SEED)
    # so many are tested that one of them would be rejected by chance at ALPHA itself
    assert report.smallest >= ALPHA / len(NAMES), report.verdict


@pytest.mark.slow
def test_a_miscalibrated_one_would_be_found(recipes):
    posterior = load(FOLDER / "hodgkin-huxley-million")
    levels = np.array(posterior.provenance["levels"]) ** 2
    report = judge(Recalibrated(posterior, levels), fresh("hodgkin-huxley", recipes), seed=SEED)
    assert not report.calibrated
