"""The share, the words and the voltages are those of the chosen temperature and circuit."""

import json

import numpy as np
import pytest

from book.figures.warming import warming
from mechfit.figures.encoding import encode
from tests.figures.drawing import drawn

TIME = np.arange(0.0, 100.0)
WARM = np.array([11.0, 15.0, 19.0])
WORKS = {"cool": np.array([True, False, False]), 'it\'s "hot"': np.array([True, True, True])}
LEVELS = -60.0 + 5 * np.arange(6).reshape(2, 3, 1, 1)
VOLTAGE = LEVELS + np.zeros((1, 1, 3, 1)) + np.sin(TIME)


@pytest.fixture(scope="module")
def spec() -> dict:
    share, ends = [100.0, 60.0, 20.0], ([90.0, 50.0, 10.0], [100.0, 70.0, 30.0])
    chart = warming(WARM, share, ends, WORKS, VOLTAGE, TIME, title="What to see", start=11.0)
    return chart.to_dict()


def test_rows_hold_each_circuit_at_each_temperature(spec):
    rows = spec["datasets"]["circuits"]
    assert [(row["c"], row["x"]) for row in rows] == [(c, t) for c in (0, 1) for t in WARM]
    assert [row["works"] for row in rows] == [*WORKS["cool"], *WORKS['it\'s "hot"']]
    span = VOLTAGE.min(), VOLTAGE.max()
    assert rows[4]["v2"] == encode(VOLTAGE[1, 1, 2], *span)


@pytest.mark.parametrize(
    ("celsius", "head", "said"),
    [
        (11, "at 11 °C, 100 % of circuits work (90 to 100 %)", "cool at 11 °C: works"),
        (19, "at 19 °C, 20 % of circuits work (10 to 30 %)", "cool at 19 °C: broken"),
    ],
)
def test_the_slider_chooses_a_temperature(spec, celsius, head, said):
    svg = drawn(spec, heat={"x": celsius})
    assert f">{head}<" in svg
    assert f">{said}<" in svg


def test_the_slider_meets_every_temperature(spec):
    [slider] = [p["bind"] for p in spec["params"] if p["name"] == "heat"]
    steps = np.arange(slider["min"], slider["max"] + 0.1, slider["step"])
    assert steps.tolist() == WARM.tolist()


def test_described_and_small(spec):
    said = "Share of circuits that work: 100 % at 11 °C, 60 % at 15 °C, 20 % at 19 °C. cool works"
    assert spec["description"].startswith(said)
    assert len(json.dumps(spec)) < 300_000
