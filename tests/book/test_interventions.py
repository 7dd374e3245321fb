"""What the studies of interventions found holds, and their scripts find it again today."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "book" / "artefacts"


def stored(name: str, key: str) -> dict[str, dict[str, np.ndarray]]:
    """Columns (seeds,) of each condition."""
    text = (FOLDER / f"interventions-{name}.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, list]] = {}
    for row in json.loads(text)["rows"]:
        columns = found.setdefault(row[key], {})
        for column in row.keys() - {key}:
            columns.setdefault(column, []).append(row[column])
    return {c: {k: np.array(v) for k, v in columns.items()} for c, columns in found.items()}


def error(columns: dict[str, np.ndarray], who: str) -> float:
    """Mean error of the rate, relative to the true one."""
    return abs(columns[who] / columns["true"] - 1).mean()


NEURON = stored("neuron", "condition")
NETWORK = stored("network", "silenced")
SMALL = stored("small", "silenced")


def test_there_are_ten_of_each():
    for study, conditions in ((NEURON, 7), (NETWORK, 6), (SMALL, 4)):
        assert len(study) == conditions
        for columns in study.values():
            assert sorted(columns["seed"]) == list(range(1, 11))


def test_everybody_predicts_the_control():
    control = NEURON["control"]
    assert error(control, "glm") < 0.05
    assert error(control, "posterior") < 0.05
    assert control["glm_psth"].min() > 0.95
    assert control["posterior_psth"].min() > 0.95


def test_a_new_current_is_no_intervention_for_a_glm():
    for condition in ("current: mean + 1", "current: SD × 2"):
        assert error(NEURON[condition], "glm") < 0.1


@pytest.mark.parametrize("condition", ["M current blocked", "leak × 2"])
def test_the_posterior_errs_at_most_a_third_as_much_as_the_glm(condition):
    columns = NEURON[condition]
    assert error(columns, "glm") > 0.5
    assert error(columns, "posterior") < error(columns, "glm") / 3


def test_intervals_of_the_posterior_cover_the_truth_in_each_condition():
    for columns in NEURON.values():
        inside = columns["posterior_low"] <= columns["true"]
        inside &= columns["true"] <= columns["posterior_high"]
        assert inside.sum() >= 8


def test_the_step_alone_fails_at_control():
    assert error(NEURON["control"], "step") > 0.3


def test_knobs_of_the_glm():
    block = NEURON["M current blocked"]
    assert (block["glm_cut"] < 0.8 * block["true"]).all()
    np.testing.assert_allclose(block["glm_retrained"], block["true"], rtol=0.1)


def test_of_the_network_the_posterior_alone_runs_away():
    few, every = NETWORK["the 5 recorded"], NETWORK["all"]
    assert few["true"].mean() > 1.02
    assert few["maxent"].max() < 1 < few["glm"].min()
    assert every["glm"].max() < 2 < 5 < every["true"].min()
    assert every["posterior"].min() > 5
    changed = [columns for name, columns in NETWORK.items() if name != "none"]
    low, high, true = (
        np.array([c[name] for c in changed])
        for name in ("posterior_low", "posterior_high", "true")
    )
    assert ((low <= true) & (true <= high)).mean() > 0.9


def test_a_glm_of_all_cells_predicts_moderate_silencing():
    for name in ("2 of 6", "3 of 6"):
        np.testing.assert_allclose(SMALL[name]["glm"], SMALL[name]["true"], rtol=0.1)
    every = SMALL["all"]
    assert every["glm"].mean() > 1.05 * every["true"].mean()
    assert every["glm_some"].mean() < 0.85 * every["true_some"].mean()


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script, with one seed, that keeps its rows elsewhere."""
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("interventions", FOLDER / "interventions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kept = module.Study
    monkeypatch.setattr(module, "SEEDS", range(1, 2))
    monkeypatch.setattr(module, "Study", lambda path, *s, **f: kept(tmp_path / path.name, *s, **f))
    yield module, tmp_path
    for name in ("make", "study"):
        sys.modules.pop(name, None)


class Kept:
    """The posterior of the neuron, of which draws are kept."""

    provenance = {"check_as_trained": {"coverage": {"0.9": 0.9}, "shift": {}}}

    def sample(self, n: int, seed: int, *, x: np.ndarray) -> np.ndarray:
        with np.load(FOLDER / "interventions-draws.npz") as kept:
            np.testing.assert_allclose(x, kept["x"][seed - 1], rtol=0.02, atol=0.05)
            return kept["both"][seed - 1][:n]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), [("neuron", "condition"), ("small", "silenced")])
def test_one_seed_again(script, monkeypatch, name, key):
    module, folder = script
    if name == "neuron":
        module.NEURON = {"control": {}, "M current blocked": {"g_M": 0.0}}
        module.learned = Kept
        monkeypatch.setattr(np, "savez_compressed", lambda *_, **__: None)
    getattr(module, name)()
    rows = json.loads((folder / f"interventions-{name}.json").read_text("utf-8"))["rows"]
    study = {"neuron": NEURON, "small": SMALL}[name]
    assert rows
    for row in rows:
        columns = study[row[key]]
        for column in {"true", "glm", "posterior"} & row.keys():
            assert row[column] == pytest.approx(columns[column][0], rel=0.03)
