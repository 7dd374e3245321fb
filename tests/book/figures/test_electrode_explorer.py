"""The menu moves the current, a click or the slider the electrode; words and traces follow."""

import numpy as np
import pytest

from book.figures.electrode_explorer import electrode_explorer, filled
from mechfit.models import Morphology
from tests.figures.drawing import drawn

TIME = np.linspace(0, 10, 101)


@pytest.fixture(scope="module")
def tree():
    return Morphology.ball_and_stick(20, 300, 2).discretize(60.0)


def explorer(tree, height, steady):
    """Bumps of these heights (c, e), and steady changes (c, e)."""
    voltage = np.array(height)[..., None] * np.exp(-((TIME - 5) ** 2)) - 70
    return electrode_explorer(
        tree, {"soma": 0, "tip": 5}, [0, 3, 5], TIME, voltage, steady, start=1, title="It fades"
    )


def test_the_words_tell_what_arrives(tree):
    spec = explorer(tree, [[90, 60, 30], [20, 40, 80]], [[-8, -4, -2], [-1, -3, -5]]).to_dict()
    where = f"{tree.distance[3]:.0f} µm along"
    assert f"{where}: 50 % of a steady voltage arrives, and spikes of 60 mV" in drawn(spec)
    assert "60 % of a steady voltage arrives, and spikes of 40 mV" in drawn(spec, inject=1)
    assert "25 % of a steady voltage arrives" in drawn(spec, inject=0, chosen={"k": 2})
    assert f"At first: {where}: 50 %" in spec["description"]
    assert "from 20 to 90 mV" in spec["description"]


def test_the_current_is_marked_where_it_enters(tree):
    spec = explorer(tree, [[9, 6, 3], [2, 4, 8]], [[-8, -4, -2], [-1, -3, -5]]).to_dict()
    assert ">soma<" in drawn(spec, inject=0)
    assert ">tip<" not in drawn(spec, inject=0).split("<select")[0]
    assert ">tip<" in drawn(spec, inject=1)


def test_nodes_between_electrodes_take_the_value_before_them(tree):
    values = np.full((1, 6), np.nan)
    values[0, [0, 3, 5]] = 1, 2, 3
    assert filled(tree, values).tolist() == [[1, 1, 1, 2, 2, 3]]


def test_every_place_of_the_current_can_be_recorded(tree):
    with pytest.raises(ValueError, match="tip is node 5, expected one of the electrodes"):
        electrode_explorer(
            tree, {"soma": 0, "tip": 5}, [0, 3], TIME, np.zeros((2, 2, 101)), np.ones((2, 2)),
            start=0, title="It fades",
        )  # fmt: skip
