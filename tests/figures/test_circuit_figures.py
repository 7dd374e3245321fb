"""Charts of the circuit: what stands in them is what was given."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import circuit, rhythms, samples_to_traces
from tests.figures.drawing import drawn

TITLE = "What the reader should see"
TIME = np.arange(0.0, 1000.0, 0.5)
NEURONS = ["AB/PD", "LP", "PY"]
BURSTS = [
    np.array([[100.0, 180.0], [500.0, 580.0], [900.0, 980.0]]),
    np.array([[200.0, 260.0], [600.0, 660.0]]),
    np.array([[300.0, 420.0], [700.0, 820.0]]),
]
SYNAPSES = [(0, 1, "glutamate"), (0, 1, "cholinergic"), (1, 0, "glutamate")]


def voltage(bursts):
    inside = [((b[:, :1] < TIME) & (b[:, 1:] > TIME)).any(0) for b in bursts]
    return np.where(inside, 30 * np.sin(TIME) - 20, -60.0)


def two_rhythms(**further):
    later = [b + 100.0 for b in BURSTS]
    circuits = {"first": voltage(BURSTS), "second": voltage(later)}
    bursts = {"first": BURSTS, "second": later}
    return rhythms(TIME, circuits, NEURONS, bursts, title=TITLE, **further)


def test_the_intervals_of_the_first_cycle_are_named():
    chart = two_rhythms()
    svg = drawn(chart)
    assert [svg.count(f">{word}<") for word in ("period", "duration", "delay", "gap")] == [
        1, 1, 2, 2
    ]  # fmt: skip
    assert chart.description.startswith(
        "Voltages of AB/PD, LP, PY. first: period 400 ms, bursts of 80, 60, 120 ms."
    )
    rows = [r for r in _rows(chart) if r.get("said") and r["k"] == 1]
    spans = {(r["said"], r["t"], r["t2"]) for r in rows}
    assert ("period", 200.0, 600.0) in spans
    assert ("delay", 200.0, 300.0) in spans
    assert ("gap", 280.0, 300.0) in spans
    assert ("gap", 360.0, 400.0) in spans


def _rows(chart):
    for layer in chart.to_dict()["layer"]:
        yield from layer.get("data", {}).get("values", []) or []


def test_a_silent_circuit_has_no_intervals():
    silent = {"still": np.full((3, len(TIME)), -60.0)}
    chart = rhythms(TIME, silent, NEURONS, {"still": [np.empty((0, 2))] * 3}, title=TITLE)
    svg = drawn(chart)
    assert "NaN" not in svg
    assert ">period<" not in svg
    assert "still: no period, bursts of no, no, no ms." in chart.description


def test_parameters_stand_on_lanes_and_a_menu_chooses():
    theta = {"first": [1.0, 5.0], "second": [3.0, 10.0]}
    limits = [[0.0, 4.0], [0.0, 10.0]]
    chart = two_rhythms(theta=theta, labels=["g (mS)", "E (mV)"], limits=limits)
    spec = chart.to_dict()
    menu = next(p for p in spec["params"] if p["name"] == "chosen")
    assert menu["bind"]["labels"] == ["first", "second"]
    shares = {(r["k"], r["i"]): r["s"] for r in _rows(chart) if "s" in r}
    assert shares == {(0, 0): 0.25, (0, 1): 0.5, (1, 0): 0.75, (1, 1): 1.0}
    assert len(json.dumps(spec)) < 100_000
    assert "the 2 parameters of each" in chart.description


def test_wrong_rhythms_are_refused():
    with pytest.raises(ValueError, match="expected 3 neurons and bursts of every circuit"):
        rhythms(TIME, {"a": voltage(BURSTS)}, NEURONS, {"b": BURSTS}, title=TITLE)
    with pytest.raises(ValueError, match=r"'a' has shape \(2, 2000\), expected \(3, 2000\)"):
        rhythms(TIME, {"a": voltage(BURSTS)[:2]}, NEURONS, {"a": BURSTS}, title=TITLE)


def test_wider_lines_are_stronger_synapses():
    chart = circuit(NEURONS, SYNAPSES, {"AB–LP": 0.0, "PD–LP": 0.5, "LP–PD": 1.0}, title=TITLE)
    widths = {r["n"]: r["w"] for r in _rows(chart) if "w" in r}
    assert widths["AB–LP"] < widths["PD–LP"] < widths["LP–PD"]
    svg = drawn(chart)
    assert all(f">{name}<" in svg for name in (*NEURONS, "glutamate", "cholinergic"))
    assert "3 inhibitory synapses: AB–LP (glutamate), PD–LP (cholinergic)" in chart.description
    with pytest.raises(ValueError, match="got 3 neurons, 3 synapses and 1 widths"):
        circuit(NEURONS, SYNAPSES, {"AB–LP": 0.0}, title=TITLE)


def test_a_sample_may_have_several_traces():
    theta = np.random.default_rng(1).uniform(size=(4, 12))
    labels = [f"p{k}" for k in range(12)]
    few = np.stack([voltage(BURSTS) + k for k in range(4)])
    chart = samples_to_traces(theta, labels, few, TIME, title=TITLE, channels=NEURONS)
    svg = drawn(chart)
    assert all(f">{name}<" in svg for name in NEURONS)
    assert ">p0 = " not in svg  # twelve numbers would be too many
    assert "voltages of AB/PD, LP, PY between" in chart.description
    with pytest.raises(ValueError, match=r"voltage has shape \(4, 3, 2000\)"):
        samples_to_traces(theta, labels, few, TIME, title=TITLE, channels=NEURONS[:2])


def test_the_numbers_of_a_sample_stand_below_its_last_trace():
    labels, few = ["a (mV)", "b", "c"], np.stack([voltage(BURSTS), voltage(BURSTS) + 1])
    theta = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for channels in (NEURONS[:1], NEURONS):
        chart = samples_to_traces(
            theta, labels, few[:, : len(channels)], TIME, title=TITLE, channels=channels
        )
        said = re.findall(r'translate\(([-\d.]+),([-\d.]+)\)"[^>]*>([^<]+)<', drawn(chart, 630))
        places = {text: float(y) for _, y, text in said}
        bar = max(y for text, y in places.items() if text.endswith((" ms", " s")))
        assert min(places["a = 1 mV"], places["c = 3"]) > bar, channels
