"""Densities of two parameters: what the cells show is what was given."""

import json

import numpy as np
import pytest

from mechfit import figures
from mechfit.figures.encoding import ALPHABET
from tests.figures.drawing import drawn

BOX = np.array([[-1.0, 1.0], [-1.0, 1.0]])
GRIDS = np.random.default_rng(2).random((3, 44, 44))


@pytest.fixture(scope="module")
def spec():
    named = dict(zip(["exact", "one", "two"], GRIDS, strict=True))
    chart = figures.fields(named, BOX, ["a", "b"], title="See", choose="which", box=BOX / 2)
    return chart.to_dict()


def test_densities_share_the_color_of_the_first(spec):
    rows = spec["hconcat"][1]["layer"][0]["data"]["values"]
    assert [row["name"] for row in rows] == ["one", "two"]
    cells = [ALPHABET.index(c) for c in rows[0]["c"]]
    expected = np.clip(np.rint(63 * GRIDS[1].ravel() / GRIDS[0].max()), 0, 63)
    np.testing.assert_array_equal(cells, expected)


def test_it_draws_and_stays_small(spec):
    assert len(json.dumps(spec)) < 300_000
    svg = drawn(spec)
    assert svg.count(">prior<") == 2
    assert ">one<" in svg


def test_clear_errors():
    with pytest.raises(ValueError, match="expected 3 or more"):
        figures.fields({"a": GRIDS[0]}, BOX, ["a", "b"], title="t", choose="which")
    named = {"a": GRIDS[0], "b": GRIDS[1], "c": GRIDS[2, :2]}
    with pytest.raises(ValueError, match=r"c has shape \(2, 44\), expected \(44, 44\)"):
        figures.fields(named, BOX, ["a", "b"], title="t", choose="which")
