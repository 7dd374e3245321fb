"""Shapes cut into compartments: a stored tree, closed forms, and what no cut may change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.models import Compartments, Morphology, read_swc
from tests.models.compartments.shapes import GOLDEN, TREE_A, rall_tree, resistances


@pytest.fixture(scope="module")
def neuron():
    return read_swc(TREE_A)


def test_the_stored_tree(neuron):
    tree = neuron.discretize(max_length=28)
    assert len(tree) == 110
    np.testing.assert_array_equal(tree.parent, GOLDEN["tree_a_parent"])
    np.testing.assert_array_equal(tree.section, GOLDEN["tree_a_section"] + 1)
    np.testing.assert_allclose(tree.area, GOLDEN["tree_a_area"], rtol=2e-7)
    np.testing.assert_allclose(tree.rho[1:], GOLDEN["tree_a_rho"][1:], rtol=4e-7)
    np.testing.assert_allclose(tree.distance, GOLDEN["tree_a_distance"], rtol=1e-12)
    np.testing.assert_allclose(tree.loc, GOLDEN["tree_a_loc"], rtol=1e-12)
    assert [tree.site(0), tree.site(3, 0.5), tree.site(7, 1)] == GOLDEN["tree_a_sites"].tolist()
    above, kinds = GOLDEN["tree_a_sections"][:, :2].T
    assert [run.parent for run in neuron.sections[1:]] == (above + 1).tolist()
    assert [run.kind for run in neuron.sections[1:]] == kinds.tolist()
    assert repr(neuron) == "Morphology(23 sections, 2525 µm, 11536 µm²)"


def test_resistances_of_the_stored_tree(neuron):
    """Input and transfer resistances as computed by an independent program (6 decimals)."""
    tree = neuron.discretize(max_length=28)
    soma, trunk, tuft = GOLDEN["tree_a_sites"]
    found = resistances(tree, g=0.1, R_a=150)
    pairs = [
        (soma, soma),
        (trunk, trunk),
        (tuft, tuft),
        (soma, trunk),
        (soma, tuft),
        (trunk, tuft),
    ]
    expected = [100.910557, 107.678033, 503.608043, 84.504063, 59.825014, 76.231126]
    np.testing.assert_allclose([found[pair] for pair in pairs], expected, rtol=1e-7)


def test_voltages_of_the_stored_tree(neuron):
    tree = neuron.discretize(max_length=28)
    model = Compartments(tree, [tree.site(0), tree.site(3), tree.site(7, 1)], sigma=0.0)
    voltage = model.simulate(GOLDEN["tree_a_theta"][0], seed=1).voltage[0, :, ::4]
    assert abs(voltage - GOLDEN["tree_a_V0_be_dt0.025_float64"]).max() < 5e-4


def test_the_rule_d_lambda(neuron):
    tree = neuron.discretize(R_a=150)
    counts = np.bincount(tree.section[tree.area > 0])
    assert counts.sum() == 127
    assert (counts % 2 == 1).all()
    assert len(Morphology.cylinder(1000, 2).discretize(R_a=150)) == 31  # 1000 µm, 0.1 λ = 32.57
    assert len(Morphology.cylinder(1000, 2).discretize(R_a=150, frequency=400)) == 63


def test_a_sealed_cable():
    """Input resistance R_∞ coth X and attenuation 1 / cosh X, second order in the compartments."""
    errors = []
    for n in (10, 20, 40):
        tree = Morphology.cylinder(1000, 2).discretize(per_section=n)
        x, wave, r = 0.5 / n, 1000 / 816.496581, 389.848400
        near = r * np.cosh(wave * x) * np.cosh(wave * (1 - x)) / np.sinh(wave)
        far = r * np.cosh(wave * x) ** 2 / np.sinh(wave)
        found = resistances(tree, g=0.05, R_a=150)
        errors.append([found[0, -1] / far - 1, found[0, 0] / near - 1])
    np.testing.assert_allclose(errors[0], [-9.7e-4, -1.6e-3], rtol=0.04)
    ratios = np.array(errors[:-1]) / errors[1:]
    np.testing.assert_allclose(ratios, 4, rtol=0.03)


def test_ralls_tree_is_a_cylinder():
    tree = rall_tree().discretize(per_section=4)
    assert len(rall_tree().sections) == 31
    assert len(tree) == 139
    cylinder = Morphology.cylinder(1154.7005383792516, 4).discretize(per_section=20)
    found, same = resistances(tree, 0.05, 150), resistances(cylinder, 0.05, 150)
    tip = np.flatnonzero(tree.area)[-1]
    np.testing.assert_allclose(found[0, [0, tip]], same[0, [0, -1]], rtol=1e-11)
    np.testing.assert_allclose(tree.area.sum(), cylinder.area.sum(), rtol=1e-12)


def test_ball_and_stick():
    tree = Morphology.ball_and_stick(20, 500, 2).discretize(max_length=20)
    assert len(tree) == 26
    np.testing.assert_allclose(tree.area, [400 * np.pi] + 25 * [40 * np.pi])
    np.testing.assert_allclose(tree.rho, np.r_[0, 10, 24 * [20]] / np.pi)
    np.testing.assert_allclose(tree.distance, np.r_[0, 20 * np.arange(25) + 10])
    assert tree.outline[1][[0, -1], 0].tolist() == [10, 30]


def test_a_root_that_branches_without_a_soma():
    points = [[0, 0, 0, 1], [100, 0, 0, 1], [-100, 0, 0, 1], [0, 50, 0, 0.5]]
    tree = Morphology.from_points(points, [-1, 0, 0, 0]).discretize(per_section=1)
    assert tree.parent.tolist() == [-1, 0, 0, 0]
    np.testing.assert_allclose(tree.area, [0, 200 * np.pi, 200 * np.pi, tree.area[3]])
    np.testing.assert_allclose(tree.rho[:3], np.array([0, 50, 50]) / np.pi)


def test_a_step_in_radius_has_no_ring():
    points = [[0, 0, 0, 1], [10, 0, 0, 1], [10, 0, 0, 0.5], [20, 0, 0, 0.5]]
    neuron = Morphology.from_points(points, [-1, 0, 1, 2])
    assert len(neuron.sections) == 1
    for n in (1, 2, 3, 4):
        tree = neuron.discretize(per_section=n)
        np.testing.assert_allclose(tree.area.sum(), 94.24778, rtol=1e-6)
    np.testing.assert_allclose(tree.rho[1:].sum(), (7.5 + 4 * 7.5) / np.pi)


BRANCHES = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.tuples(*[st.integers(-40, 40)] * 3),
        st.floats(0.1, 3),
        st.sampled_from([2, 3, 4]),
    ),
    min_size=1,
    max_size=25,
)


def grown(branches, scale=1.0):
    """A neuron with a soma, whose points are joined to any that came before."""
    points, parent, kind = [[0, 0, 0, 8.0]], [-1], [1]
    for above, step, radius, its in branches:
        above %= len(points)
        points.append([*(np.add(points[above][:3], step)), radius])
        parent.append(above)
        kind.append(its)
    return Morphology.from_points(scale * np.array(points), parent, kind)


@settings(max_examples=40, deadline=None)
@given(BRANCHES, st.floats(2, 60), st.integers(1, 5))
def test_area_and_length_are_conserved(branches, longest, n):
    neuron = grown(branches)
    for tree in (
        neuron.discretize(),
        neuron.discretize(longest),
        neuron.discretize(per_section=n),
    ):
        np.testing.assert_allclose(tree.area.sum(), neuron.area, rtol=1e-9)
        paths = [np.diff(path[:, :3], axis=0) for path in tree.outline]
        length = sum(np.linalg.norm(path, axis=1).sum() for path in paths)
        np.testing.assert_allclose(length, neuron.length, rtol=1e-9)
        tips = set(range(len(tree))) - set(tree.parent)
        assert all(tree.area[tip] > 0 for tip in tips)


@settings(max_examples=30, deadline=None)
@given(BRANCHES, st.floats(0.2, 5), st.integers(1, 4))
def test_scaling(branches, scale, n):
    small, large = (grown(branches, s).discretize(per_section=n) for s in (1.0, scale))
    np.testing.assert_allclose(large.area, scale**2 * small.area, rtol=1e-9)
    np.testing.assert_allclose(large.rho, small.rho / scale, rtol=1e-9)
    np.testing.assert_allclose(large.distance, scale * small.distance, rtol=1e-9)
    np.testing.assert_array_equal(large.parent, small.parent)


@pytest.mark.parametrize(
    ("points", "parent", "kind", "message"),
    [
        ([[0, 0, 0, 1], [9, 0, 0, 0]], [-1, 0], 3, "point 1: radius 0, expected more than 0"),
        ([[0, 0, 0, 1], [9, 0, 0, 1]], [-1, -1], 3, "2 roots, point 0 .*point 1 .*, expected one"),
        ([[0, 0, 0, 1], [9, 0, 0, 1]], [-1, 1], 3, "point 1: is its own parent"),
        ([[0, 0, 0, 1], [9, 0, 0, 1]], [-1, 2], 3, "parent of point 1 is 2, expected .* to 1"),
        ([[0, 0, 0, 1], [9, 0, 0, 1]], [-1, 0], 2.5, "kind of point 0 is 2.5"),
        ([[0, 0, 0, 1], [9, 0, 0, 1]], [-1, 0, 0], 3, r"shapes \(2, 4\), \(3,\) and \(\)"),
        ([[0, 0, 0, 1]], [-1], 3, "point 0: a single place"),
        ([[0, 0, 0, 1], [0, 0, 0, 2]], [-1, 0], 3, "point 0: a single place"),
        ([[0, 0, 0, np.nan]], [-1], 1, "points has the value nan"),
    ],
)
def test_points_that_are_no_tree(points, parent, kind, message):
    with pytest.raises(ValueError, match=message):
        Morphology.from_points(points, parent, kind)


def test_bad_cuts():
    neuron = Morphology.cylinder(100, 2)
    for arguments, message in (
        ({"max_length": 0}, "max_length is 0, expected a positive"),
        ({"max_length": 5, "per_section": 2}, "expected one of them"),
        ({"max_length": 1e-9}, "1e\\+11 compartments, expected at most 1000000"),
        ({"per_section": 1.5}, "per_section is 1.5, expected whole numbers"),
        ({"per_section": [1, 2]}, "one for each of 1 sections"),
        ({"R_a": -1}, "R_a is -1, expected a positive"),
    ):
        with pytest.raises(ValueError, match=message):
            neuron.discretize(**arguments)
    for wrong in ((0, 2), (10, -1), (np.inf, 1)):
        with pytest.raises(ValueError, match="expected a positive"):
            Morphology.cylinder(*wrong)
