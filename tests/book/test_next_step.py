"""What the chapter on the next experiment says of current steps stands in its artefact."""

import importlib.util
import json
import sys

import numpy as np
import pytest
from builtbook import ROOT

FOLDER = ROOT / "book" / "artefacts"


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("next_step", FOLDER / "next_step.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("study", None)


@pytest.fixture(scope="module")
def stored(script):
    text = (FOLDER / f"{script.NAME}.json").read_text(encoding="utf-8")
    made = json.loads(text)
    assert script.SETTINGS.items() <= made.items()
    return {row["part"]: row for row in made["rows"]}


def test_no_second_step_takes_information_away(script, stored):
    """A network whose errors are larger than what there is to learn says it does."""
    for part in script.PARTS:
        gain, error = np.array(stored["designs"][part]["second"])
        assert (gain > -3 * error).all()


def test_a_repeated_step_adds_little(script, stored):
    """Less than every other one but the weakest, where networks are too low: a known fault.

    What a repeat tells is what its noise did not: of a parameter that is known up to the noise of
    a trial, log(2) / 2. The regression, far from that precise, sees none of it.
    """
    for part in script.PARTS:
        gain = np.array(stored["designs"][part]["second"])[0]
        assert gain[script.USUAL] < np.delete(gain, [0, script.USUAL]).min()
        assert gain[script.USUAL] < np.log(2) / 2
    gain, error = np.array(stored["designs"]["regression"]["second"])
    assert abs(gain[script.USUAL]) < 3 * error[script.USUAL]
    assert (np.delete(gain, script.USUAL) > 5 * error[script.USUAL]).all()


def test_strong_steps_tell_most(script, stored):
    """A network and a regression agree, for the first step and for the second."""
    for part in ("judge", "regression"):
        for order in ("first", "second"):
            told = np.array(stored["designs"][part][order])[0]
            assert script.DESIGNS[told.argmax()][0] >= 6.5


def test_networks_tell_more_than_a_regression_is_sure_of(script, stored):
    sure = np.array(stored["designs"]["regression"]["first"])[0]
    for part in script.PARTS:
        assert (np.array(stored["designs"][part]["first"])[0] > sure).all()


def test_few_neurons_are_beyond_the_network(stored):
    """Estimates that are surely below zero, which no information is: a stated limit."""
    curve, error = (np.array(stored["neurons"][name]) for name in ("curve", "curve_error"))
    assert (curve < -2 * error).mean() < 0.1
    assert (curve.max(1) < 0).mean() < 0.03


def test_chosen_steps_against_rivals(script, stored):
    made = stored["neurons"]
    scores = {name: np.array(value)[1] for name, value in made["scores"].items()}
    n = len(scores["greedy"])
    assert n >= 100
    assert np.array(made["steps"]["greedy"]).max() < len(script.DESIGNS)
    for rival in ("fixed", "ladder", "random", "repeat"):
        lead = scores["greedy"] - scores[rival]
        assert lead.mean() > 2 * lead.std() / np.sqrt(n)


def test_trials_are_those_of_the_neuron(script):
    theta = script.PRIOR.sample(3, 1)
    x = script.response(theta, script.USUAL, seed=5)
    seven = script.NEURONS[script.USUAL].statistics(theta, 5)
    np.testing.assert_allclose(x[:, 2] ** 2, seven[:, 0], atol=1e-9)
    np.testing.assert_allclose(np.exp(x[:, 6]), seven[:, 4])
    assert x[:, :2].tolist() == [[np.log(3.248), 0.0]] * 3
    model = script.Steps(2)
    theta = script.PRIOR.sample(300, 2)
    steps = model.statistics(theta, 1).reshape(300, 2, 9)
    np.testing.assert_array_equal(
        model.statistics(theta[200:], 1, first=200), steps[200:].reshape(100, -1)
    )
    assert len(np.unique(steps[:128, 0, :2], axis=0)) == 1
