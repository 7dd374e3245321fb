"""Pieces add up to the bars, in one order everywhere, and the chosen current tells its share."""

import numpy as np
import pytest

from book.figures.spending import spending
from tests.figures.drawing import drawn

CURRENTS = ["leak", "Na", "H"]
SPENT = {
    "thrifty": [[1.0, 4, 0], [1, 3, 1], [0, 1, 1]],
    'it\'s "lavish"': [[2.0, 20, 0.5], [1, 1, 3], [1, 1, 1]],
}


def spec_of(spent) -> dict:
    return spending(spent, CURRENTS, unit="nW/cm²", title="What to see").to_dict()


@pytest.fixture(scope="module")
def spec() -> dict:
    return spec_of(SPENT)


def pieces(spec) -> list[dict]:
    return spec["layer"][0]["data"]["values"]


def test_pieces_add_up_in_the_order_of_cost(spec):
    for name, each in SPENT.items():
        for neuron, bar in zip(("AB/PD", "LP", "PY"), each, strict=True):
            mine = [p for p in pieces(spec) if p["row"] == f"{name}: {neuron}"]
            assert [p["i"] for p in mine] == [1, 2, 0]
            assert [p["b"] for p in mine] == pytest.approx(np.cumsum(np.array(bar)[[1, 2, 0]]))
            assert [p["a"] for p in mine[1:]] == [p["b"] for p in mine[:-1]]


@pytest.mark.parametrize(("chosen", "share"), [(1, 67), (2, 17)])
def test_the_chosen_current_tells_its_share(spec, chosen, share):
    svg = drawn(spec, chosen={"i": chosen})
    assert f">thrifty: 12, {CURRENTS[chosen]} {share} %<" in svg


def test_described(spec):
    said = "thrifty spends 12 nW/cm²: AB/PD 5, LP 5, PY 2, most of all on Na (67 %); it's"
    assert spec["description"].startswith(said)


@pytest.mark.parametrize("spent", [{"a": [[-1.0, 0, 0]] * 3}, {"a": [[0.0, 0, 0]] * 3}])
def test_refuses_negative_or_no_power(spent):
    with pytest.raises(ValueError, match="expected 0 or more, not all 0"):
        spec_of(spent)
