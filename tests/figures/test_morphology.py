"""Drawings of neurons: compartments lie where they lie, and values stand at their distances."""

import json
import re

import numpy as np
import pytest
import vl_convert

from mechfit import figures
from mechfit.models import Morphology, Tree, read_swc
from tests.figures.drawing import drawn
from tests.models.compartments.shapes import TREE_A

SITES = {"soma": 0, "trunk": 16, "tuft": 41}


@pytest.fixture(scope="module")
def tree():
    return read_swc(TREE_A).discretize(28)


@pytest.fixture(scope="module")
def spec(tree):
    return figures.morphology_chart(tree, title="Dendrites taper", sites=SITES).to_dict()


def test_every_node_is_drawn_where_it_is(spec, tree):
    rows = spec["datasets"]["nodes"]
    assert [row["node"] for row in rows] == list(range(len(tree)))
    for node, row in enumerate(rows):
        np.testing.assert_allclose(row["xs"], tree.outline[node][:, 0], rtol=1e-4)
        np.testing.assert_allclose(row["ys"], tree.outline[node][:, 1], rtol=1e-4)
        low, high = tree.outline[node][:, :2].min(0), tree.outline[node][:, :2].max(0)
        assert np.all(low - 0.01 <= [row["across"], row["up"]])
        assert np.all(high + 0.01 >= [row["across"], row["up"]])
    np.testing.assert_allclose([row["x"] for row in rows], tree.distance, rtol=1e-4)
    assert sum(row["whole"] for row in rows) == 102


def test_cells_around_nodes_tell_what_the_nodes_tell(spec):
    """The datum of such a cell is a mark, and the row is the datum of that."""
    text = json.dumps(vl_convert.vegalite_to_vega(spec))
    cells = re.findall(r'"isVoronoi": \{"value": true\}, "tooltip": (\{.*?\})', text)
    assert cells
    assert all("(datum.datum || datum).said" in cell for cell in cells)


def test_both_directions_have_one_scale(spec):
    square = spec["vconcat"][0]["hconcat"][0]
    ends = [np.ptp(square["layer"][0]["encoding"][axis]["scale"]["domain"]) for axis in "xy"]
    assert ends[0] == pytest.approx(ends[1])
    assert square["width"] == square["height"]


def test_values_and_sites(tree):
    values = np.linspace(1, 2, len(tree))
    values[3] = np.nan
    chart = figures.morphology_chart(tree, values, title="See", label="V (mV)", sites=SITES)
    rows = chart.to_dict()["datasets"]["nodes"]
    assert "y" not in rows[3]
    assert "above" not in rows[4]
    np.testing.assert_allclose(rows[50]["y"], values[50], rtol=1e-4)
    np.testing.assert_allclose(rows[50]["above"], values[tree.parent[50]], rtol=1e-4)
    assert rows[41]["site"] == "tuft"
    assert "102 of 110 nodes as compartments" in chart.description
    assert "tuft: node 41: section 7 at 0.88, 636 µm along, V 1.38 mV." in chart.description
    svg = drawn(chart)
    assert svg.count(">tuft<") == 2
    assert ">200 µm<" in svg


def test_one_place_may_have_two_names(tree):
    chart = figures.morphology_chart(tree, title="See", sites={"soma": 0, "electrode": 0})
    assert chart.to_dict()["datasets"]["nodes"][0]["site"] == "soma, electrode"


def test_it_stays_small(spec):
    assert len(json.dumps(spec)) < 60_000
    rng = np.random.default_rng(0)
    points = np.c_[rng.normal(0, 100, (4000, 3)), np.ones(4000)]
    large = Morphology.from_points(points, np.arange(-1, 3999)).discretize(per_section=1000)
    assert len(json.dumps(figures.morphology_chart(large, title="Long").to_dict())) < 300_000


def test_one_compartment_alone():
    ball = Morphology.from_points([[0, 0, 0, 5]], [-1], 1).discretize()
    chart = figures.morphology_chart(ball, [-65.0], title="A ball", label="V (mV)")
    assert "1 of 1 nodes" in chart.description
    assert "from −65 to −65" in chart.description
    drawn(chart)


def test_clear_errors(tree):
    bare = {name: getattr(tree, name) for name in Tree.__dataclass_fields__ if name != "outline"}
    for arguments, message in (
        ((Tree(**bare),), "110 nodes and 0 outlines, expected an outline of each"),
        ((tree, np.ones(5)), r"values has shape \(5,\), expected \(110,\)"),
        ((tree, np.full(110, np.nan)), "values are NaN at all 110 nodes"),
        ((tree, np.full(110, np.inf)), "values has non-finite values"),
    ):
        with pytest.raises(ValueError, match=message):
            figures.morphology_chart(*arguments, title="See")
    with pytest.raises(ValueError, match="site 'tip' is node 110, expected one from 0 to 109"):
        figures.morphology_chart(tree, title="See", sites={"tip": 110})
