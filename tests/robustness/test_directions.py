"""Directions are unit vectors, named, and the ways they say."""

import numpy as np
import pytest

from mechfit.geometry import ActiveSubspace
from mechfit.robustness import Directions, across, one_by_one, random_directions, stiff_and_sloppy


def test_all_are_unit_vectors_with_names():
    subspace = ActiveSubspace.of(np.diag([9.0, 4.0, 1.0]))
    found = (
        one_by_one("abc")
        + random_directions(4, 3, seed=1)
        + stiff_and_sloppy(subspace, 1)
        + across([2.0, 0, 0], [1.0, 1.0, 0])
    )
    assert len(found) == len(found.names) == len(found.groups) == 16
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1)
    assert found.names[found.of("one parameter")[3]] == "more b"
    np.testing.assert_allclose(found.vectors[3], [0, 1, 0])
    np.testing.assert_allclose(found.vectors[found.of("stiff")], [[1, 0, 0], [-1, 0, 0]])
    np.testing.assert_allclose(abs(found.vectors[found.of("sloppy")]), [[0, 0, 1], [0, 0, 1]])


def test_across_is_down_and_at_a_right_angle():
    found = across([3.0, 0, 0], [5.0, -2.0, 0]).vectors
    np.testing.assert_allclose(found, [[0, 1, 0], [0, -1, 0]])


def test_random_ones_know_no_axis():
    vectors = random_directions(20_000, 4, seed=2).vectors
    np.testing.assert_allclose(vectors.T @ vectors / 20_000, np.eye(4) / 4, atol=0.01)
    np.testing.assert_allclose(vectors.mean(0), 0, atol=0.02)


@pytest.mark.parametrize(("tangent", "slope"), [([0.0, 0], [1.0, 0]), ([1.0, 0], [2.0, 0])])
def test_what_has_no_across_says_so(tangent, slope):
    with pytest.raises(ValueError, match="expected a tangent"):
        across(np.array(tangent), np.array(slope))


def test_names_find_their_vectors_also_from_a_file(tmp_path):
    directions = one_by_one("ab") + random_directions(3, 2, seed=1)
    directions.save(tmp_path / "directions.npz")
    loaded = Directions.load(tmp_path / "directions.npz")
    assert (loaded.names, loaded.groups) == (directions.names, directions.groups)
    np.testing.assert_array_equal(loaded.vectors, directions.vectors)
    np.testing.assert_array_equal(loaded.vector("less b"), [0, -1])
