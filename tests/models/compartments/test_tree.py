"""Trees of compartments given by hand: accepted as they are, or refused with node and value."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import Tree

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "compartments.npz", allow_pickle=False)
NAMES = ("parent", "area", "rho", "distance", "section", "loc")


def golden_arrays():
    """The stored tree; its soma has section -1 and no load, its sections begin at 0."""
    arrays = {name: GOLDEN[f"tree_a_{name}"].copy() for name in NAMES}
    arrays["rho"][0] = 0
    arrays["section"] += 1
    return arrays | {"kind": np.append(1, GOLDEN["tree_a_sections"][:, 1])[arrays["section"]]}


def test_a_tree_by_hand():
    arrays = golden_arrays()
    tree = Tree(**arrays)
    assert len(tree) == 110
    assert (tree.area > 0).sum() == 102
    assert [tree.site(0), tree.site(3, 0.5), tree.site(7, 1)] == GOLDEN["tree_a_sites"].tolist()
    arrays["area"][:] = 0
    assert tree.area[0] > 1000
    with pytest.raises(ValueError, match="read-only"):
        tree.rho[1] = 1


@pytest.mark.parametrize(
    ("name", "node", "value", "message"),
    [
        ("parent", 5, 5, "parent of node 5 is 5, expected a node before it"),
        ("parent", 5, -1, "parent of node 5 is -1"),
        ("parent", 0, 0, "parent of node 0 is 0, expected -1"),
        ("area", 3, -2.0, "area of node 3 is -2, expected at least 0 µm²"),
        ("area", 3, np.nan, "area of node 3 is nan, expected a finite number"),
        ("rho", 4, 0.0, "rho of node 4 is 0, expected more than 0"),
        ("rho", 0, 0.5, "rho of node 0 is 0.5, expected 0"),
        ("loc", 9, 1.5, "loc of node 9 is 1.5, expected a place from 0 to 1"),
        ("section", 1, -1, "section of node 1 is -1, expected at least 0"),
    ],
)
def test_faults_name_node_and_value(name, node, value, message):
    arrays = golden_arrays()
    arrays[name][node] = value
    with pytest.raises(ValueError, match=message):
        Tree(**arrays)


def test_shapes():
    arrays = golden_arrays()
    with pytest.raises(ValueError, match=r"rho has shape \(109,\), expected \(n,\)"):
        Tree(**arrays | {"rho": arrays["rho"][1:]})
    with pytest.raises(ValueError, match="whole number"):
        Tree(**arrays | {"kind": arrays["kind"] + 0.5})
    with pytest.raises(ValueError, match="at least 1"):
        Tree(**dict.fromkeys(arrays, []))
    with pytest.raises(ValueError, match="expected a compartment"):
        Tree(**arrays | {"area": 0 * arrays["area"]})


@pytest.mark.parametrize(("section", "loc"), [(23, 0.5), (-1, 0.5), (1, 1.2), (1, np.nan)])
def test_sites_that_do_not_exist(section, loc):
    with pytest.raises(ValueError, match="expected a section from 0 to 22 and a loc from 0 to 1"):
        Tree(**golden_arrays()).site(section, loc)
