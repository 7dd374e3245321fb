"""Each model has its dot and interval in each row; a menu chooses whose are shown."""

import json

import numpy as np
import pytest

from book.figures.chosen_curves import chosen_curves
from book.figures.interventions import interventions
from tests.figures.drawing import drawn

TRUE = [20.0, 44.0]
NAMED = {
    "GLM": [[20.5, 20.5], [19.0, 19.5], [21.0, 21.5]],
    "neuron": [[20, 43], [19, 40], [21, 47]],
}


@pytest.fixture(scope="module")
def spec() -> dict:
    chart = interventions(["control", "block"], TRUE, NAMED, across="rate (Hz)", title="Who?")
    return chart.to_dict()


def rows(spec: dict) -> list[dict]:
    return (
        [row for data in spec["datasets"].values() for row in data]
        if "datasets" in spec
        else [row for layer in spec["layer"] for row in layer["data"]["values"]]
    )


def test_rows_hold_predictions_and_words(spec):
    [found] = {
        (row["x"], row["low"], row["high"], row["told"])
        for row in rows(spec)
        if (row.get("name"), row["condition"]) == ("neuron", "block")
    }
    assert found == (43.0, 40.0, 47.0, "43 (40 to 47), truth 44")


def test_the_menu_chooses(spec):
    [param] = [p for p in spec["params"] if p["name"] == "who"]
    assert param["bind"]["labels"] == ["all", "GLM", "neuron"]
    assert len({drawn(spec, who=k) for k in range(3)}) == 3


def test_described(spec):
    assert spec["description"] == (
        "rate (Hz). control: truth 20, GLM 20.5, neuron 20; block: truth 44, GLM 20.5, neuron 43."
    )


def test_curves_follow_the_menu():
    time = np.arange(50.0)
    values = {"the neuron": [np.sin(time) + 1, np.cos(time) + 1], "GLM": np.ones((2, 50))}
    chart = chosen_curves(
        ("time (ms)", time), ("change", ["a", "b"]), values, up="rate", title="t", description="d"
    )
    spec = chart.to_dict()
    assert drawn(spec, chosen=0) != drawn(spec, chosen=1)
    assert len(json.dumps(spec)) < 30_000
    with pytest.raises(ValueError, match="GLM has shape"):
        chosen_curves(
            ("t", time),
            ("change", ["a"]),
            {"GLM": values["GLM"]},
            up="r",
            title="t",
            description="d",
        )
