"""Every synapse is a line as wide as it is strong."""

from book.figures.circuit import circuit
from tests.figures.drawing import drawn

SYNAPSES = [(0, 1, "glutamate"), (0, 1, "cholinergic"), (1, 0, "glutamate")]


def test_wider_lines_are_stronger_synapses():
    widths = {"AB–LP": 0.0, "PD–LP": 0.5, "LP–PD": 1.0}
    spec = circuit(["AB/PD", "LP", "PY"], SYNAPSES, widths, title="What to see").to_dict()
    rows = spec["layer"][0]["data"]["values"]
    assert {row["n"]: row["w"] for row in rows} == {"AB–LP": 1.0, "PD–LP": 3.5, "LP–PD": 6.0}
    assert len({(row["x"], row["y"]) for row in rows}) == 3
    svg = drawn(spec)
    assert all(f">{name}<" in svg for name in ("AB/PD", "LP", "PY", "glutamate", "cholinergic"))
    assert "3 inhibitory synapses: AB–LP (glutamate), PD–LP (chol" in spec["description"]
