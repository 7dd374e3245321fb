"""SWC files: what real ones contain is read, or refused with line, id and what was expected."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechfit.models import Compartments, read_swc
from tests.models.compartments.shapes import TREE_A

SOMA = "1 1 0 0 0 5 -1\n"
STICK = SOMA + "2 3 0 5 0 1 1\n3 3 0 15 0 2 2\n"


@pytest.fixture
def swc(tmp_path):
    def write(text, **how):
        path = tmp_path / "cell.swc"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_swc(path, **how)

    return write


@pytest.mark.parametrize(
    "text",
    [
        STICK,
        "3 3 0 15 0 2 2\n1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n",  # child before parent
        "10 1 0 0 0 5 -1\n700 3 0 5 0 1 10\n2000 3 0 15 0 2 700\n",  # gaps
        "0 1 0 0 0 5 -1\n2 3 0 5 0 1 0\n3 3 0 15 0 2 2\n",
        STICK.replace("\n", "\r\n"),
        STICK.replace("\n", "\r"),
        STICK.replace(" ", "\t"),
        "\ufeff# über\n\n" + STICK + "\n# end",
        "# \xfcber\n".encode("latin-1") + STICK.encode(),
        "1 1 0 0 0 5e0 -1\n2 3 0 5 0 1e+0 1\n3 3 0.0 1.5e1 0 2 2",
        "1.0 1.0 0 0 0 5 -1.0\n2.0 3.0 0 5 0 1 1.0\n3 3 0 15 0 2 2.0\n",
        "1 1 0 0 0 5 -1 9 x\n2 3 0 5 0 1 1 9 x\n3 3 0 15 0 2 2 9 x\n",
        "1 1 0 0 0 5 -1 # soma\n2 3 0 5 0 1 1# a\n   3 3 0 15 0 2 2   # 4 3 x\n",
        "1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 5 0 1 2\n4 3 0 15 0 2 3\n",  # duplicate point
        "2 3 0 5 0 1 3\n3 3 0 15 0 2 -1\n1 1 0 0 0 5 2\n",  # the root is no soma
    ],
)
def test_what_is_read(swc, text):
    tree = swc(text).discretize(per_section=1)
    frustum = np.pi * 3 * np.hypot(10, 1)
    np.testing.assert_allclose(tree.area, [100 * np.pi, frustum])
    np.testing.assert_allclose(tree.rho[1], 5 / (np.pi * 1.5))
    assert tree.kind.tolist() == [1, 3]


ROOT = "a whole number of at least"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            STICK + "4 3 9 9 0 1 -1\n",
            ["2 roots, line 1 (id 1) (3 in its tree), line 4 (id 4) (1 "],
        ),
        (STICK + "4 3 9 9 0 1 7\n", ["line 4 (id 4): parent 7 is not in the file"]),
        (STICK + "4 3 9 9 0 1 -2\n", ["line 4 (id 4): parent '-2', expected " + ROOT]),
        (STICK + "3 3 9 9 0 1 1\n", ["line 4 (id 3): the id of line 3 again"]),
        (STICK + "4 3 9 9 0 1 4\n", ["line 4 (id 4): is its own parent"]),
        (
            STICK + "7 3 9 9 0 1 5\n5 3 8 9 0 1 6\n6 3 7 9 0 1 7\n8 3 0 9 0 1 7\n",
            ["line 5 (id 5), line 6 (id 6), line 4 (id 7): parents in a loop"],
        ),
        (STICK + "4 3 9 9 0 0 3\n", ["line 4 (id 4): radius 0, expected more than 0"]),
        (STICK + "4 3 9 9 0 -1 3\n", ["line 4 (id 4): radius -1, expected more than 0"]),
        (STICK + "4 3 9 9 0 nan 3\n", ["line 4 (id 4): radius nan, expected more than 0"]),
        (STICK + "4 3 9 9 0 inf 3\n", ["line 4 (id 4): radius 'inf', expected a finite number"]),
        (STICK + "4 3 ten 9 0 1 3\n", ["line 4 (id 4): x 'ten', expected a finite number"]),
        (STICK + "4 3 9 nan 0 1 3\n", ["line 4 (id 4): y 'nan', expected a finite number"]),
        (
            STICK + "4 3 9 9 0 1\n",
            ["line 4 (id 4): 6 of 7 columns, expected id, type, x, y, z, radius"],
        ),
        (STICK + "4,3,9,9,0,1,3\n", ["line 4 (id 4,3,9,9,0,1,3): 1 of 7 columns"]),
        (STICK + "4.5 3 9 9 0 1 3\n", ["line 4 (id 4.5): id '4.5', expected " + ROOT]),
        (STICK + "4 axon 9 9 0 1 3\n", ["line 4 (id 4): type 'axon', expected " + ROOT]),
        (STICK + "4 1 0 20 0 2 3\n", ["line 1 (id 1), line 4 (id 4): parts of a soma"]),
        ("1 3 0 0 0 1 -1\n", ["line 1 (id 1): a single place, expected a soma"]),
        ("", ["has no points, expected lines of id, type, x, y, z, radius, parent"]),
        ("# nothing\n\n", ["has no points"]),
        ("Morphology of a neuron\n", ["line 1 (id Morphology): 4 of 7 columns"]),
        (b"\x89PNG\0\1\2", ["is not text, expected an SWC file"]),
        (
            "1 1 0 0 0 0 -1\n2 3 0 ten 0 1 1\n2 3 0 15 0 x 8\n4 3\n5 3 9 9 9 1 4\n",
            [
                "has 5 faults:",
                "line 1 (id 1): radius 0,",
                "line 2 (id 2): y 'ten',",
                "line 3 (id 2): radius 'x',",
                "line 3 (id 2): the id of line 2 again",
                "line 4 (id 4): 2 of 7 columns",
            ],
        ),
    ],
)
def test_faults_are_told_once_with_their_lines(swc, text, messages):
    with pytest.raises(ValueError, match=re.escape(messages[0])) as found:
        swc(text)
    assert all(message in str(found.value) for message in messages)
    assert len(str(found.value).splitlines()) <= max(2, len(messages))


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        (STICK + "4 3 9 9 0 1 -1\n", {"roots": "largest"}, "2 roots.*kept the largest tree"),
        (
            SOMA + "2 3 0 5 0 0 1\n3 3 0 15 0 nan 2\n4 3 0 20 0 2 3\n",
            {"min_radius": 0.1},
            r"radius replaced by 0.1 µm at 2 points, line 2 \(id 2\), line 3 \(id 3\)",
        ),
        (STICK + "4 3 0 15 0 1 3\n5 3 0 20 0 1 4\n", {}, r"line 4 \(id 4\): another radius"),
        (STICK + "4 3 5 15.02 0 1 3\n5 3 0 15.02 0 1 3\n", {}, "section 3: less than 0.1 µm long"),
        (STICK.replace(" 15 0 2 ", " 20000 0 2 "), {}, "nanometers, give scale=1e-3"),
        (STICK.replace(" 5 -1", " 500 -1"), {}, "radii up to 500 µm"),
        (STICK.replace(" 15 0 2 ", " 15 0 1 "), {}, "the radius is 1 everywhere"),
        ("1 3 0 0 0 2 -1\n2 3 0 15 0 2 1\n", {}, "no point is a soma"),
    ],
)
def test_what_is_read_with_a_warning(swc, text, how, message):
    with pytest.warns(UserWarning, match=message) as told:
        neuron = swc(text, **how)
    assert len(told) == 1
    assert neuron.discretize(max_length=50).area.sum() > 0


def soma_area(swc, *points, note=None):
    lines = [f"{i} 1 {x} {y} 0 {r} {p}" for i, (x, y, r, p) in enumerate(points, 1)]
    lines += ["50 3 0 30 0 1 1", "51 3 0 40 0 2 50"]
    if note is None:
        tree = swc("\n".join(lines)).discretize(per_section=1)
    else:
        with pytest.warns(UserWarning, match=note):
            tree = swc("\n".join(lines)).discretize(per_section=1)
    np.testing.assert_allclose(tree.rho[1], 5 / (np.pi * 1.5))  # from its own first point
    return tree.area[0]


def test_somata(swc):
    ball = 4 * np.pi * 64
    one = soma_area(swc, (0, 0, 8, -1))
    three = soma_area(swc, (0, 0, 8, -1), (0, -8, 8, 1), (0, 8, 8, 1))
    np.testing.assert_allclose([one, three], ball)
    rounded = soma_area(swc, (0, 0, 8.004, -1), (0, -8, 8.004, 1), (0, 8.01, 8.004, 1))
    np.testing.assert_allclose(rounded, ball, rtol=2e-3)
    chain = soma_area(swc, (0, 0, 8, -1), (0, 10, 4, 1), (0, 16, 4, 2))
    np.testing.assert_allclose(chain, np.pi * (12 * np.hypot(10, 4) + 8 * 6))
    middle = soma_area(swc, (0, 10, 4, -1), (0, 0, 8, 1), (0, 16, 4, 1))
    np.testing.assert_allclose(middle, chain)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = [(8 * np.sin(t), 8 * np.cos(t), 0.1, i or -1) for i, t in enumerate(turns)]
    outline = soma_area(swc, *ring, note="an outline of 24 points: .* radius, 8 µm")
    np.testing.assert_allclose(outline, ball)
    arc = [(8 * np.sin(t), 8 * np.cos(t), 0.1, i or -1) for i, t in enumerate(turns[:20])]
    assert abs(soma_area(swc, *arc, note="an outline of 20 points") / ball - 1) < 0.1
    star = [(0, 0, 8, -1), (0, 8, 8, 1), (8, 0, 8, 1), (-8, 0, 8, 1)]
    np.testing.assert_allclose(soma_area(swc, *star, note="the soma branches"), 3 * 128 * np.pi)
    twice = soma_area(swc, (0, 0, 8, -1), (0, 0, 8, 1))
    np.testing.assert_allclose(twice, ball)


def test_trunks_of_one_point(swc):
    """They begin at the soma's center, with their own radius; so do those that branch there."""
    tree = swc(SOMA + "2 3 0 10 0 2 1\n").discretize(per_section=1)
    np.testing.assert_allclose(tree.area[1], 40 * np.pi)
    np.testing.assert_allclose([tree.rho[1], tree.distance[1]], [5 / np.pi / 4, 5])
    forked = swc(SOMA + "2 3 0 10 0 1 1\n3 3 0 20 0 1.5 2\n4 4 5 10 0 1 2\n")
    assert [run.parent for run in forked.sections] == [-1, 0, 1, 1]
    assert [run.kind for run in forked.sections] == [1, 3, 3, 4]
    np.testing.assert_allclose(forked.sections[3].points, [[0, 10, 0, 1], [5, 10, 0, 1]])


def test_sections_without_length_join_their_parent(swc):
    text = STICK + "4 3 0 15 0 2 3\n5 3 0 25 0 2 4\n6 3 9 15 0 2 4\n7 3 0 15 9 2 3\n8 3 0 15 0 2 3"
    neuron = swc(text)
    assert [run.parent for run in neuron.sections] == [-1, 0, 1, 1, 1]
    on_center = swc(SOMA + "2 3 0 0 0 1 1\n3 3 0 10 0 1.5 2\n4 3 5 0 0 1 2\n")
    assert [run.parent for run in on_center.sections] == [-1, 0, 0]


def test_a_soma_alone(swc):
    tree = swc(SOMA).discretize()
    assert (tree.parent.tolist(), tree.kind.tolist()) == ([-1], [1])
    np.testing.assert_allclose(tree.area, 100 * np.pi)


def test_scale(swc):
    text = STICK.replace(" 5 -1", " 5000 -1").replace(" 5 0 1", " 5000 0 1000")
    tree = swc(text.replace(" 15 0 2", " 15000 0 2000"), scale=1e-3).discretize(per_section=1)
    np.testing.assert_allclose(tree.area[0], 100 * np.pi)


def test_bad_arguments(swc):
    for how, message in (
        ({"roots": "first"}, "roots is 'first', expected 'largest' or None"),
        ({"scale": 0}, "scale is 0, expected a positive"),
        ({"min_radius": -1}, "min_radius is -1, expected a positive"),
    ):
        with pytest.raises(ValueError, match=message):
            swc(STICK, **how)
    with pytest.raises(FileNotFoundError):
        read_swc("no such file.swc")


ROWS = [line.split() for line in TREE_A.read_text().splitlines() if line[:1] != "#"]


def in_place(tree):
    """Area, load, distance and the area of the parent of each node, in an order of places."""
    at = np.array([[*path[-1], *path[0]] for path in tree.outline])
    order = np.lexsort(np.append(at, tree.area[:, None], 1).T)
    above = np.where(tree.parent < 0, -1.0, tree.area[tree.parent])
    facts = [tree.area, tree.rho, tree.distance, above, tree.kind, tree.loc]
    return np.array(facts)[:, order]


def shuffled(path, rng, *, rising):
    """The stored tree with its lines in any order and other ids, which may rise as before."""
    ids = np.sort(rng.choice(9999, len(ROWS), replace=False))
    ids = ids if rising else rng.permutation(ids)
    new = {row[0]: str(name) for row, name in zip(ROWS, ids, strict=True)} | {"-1": "-1"}
    rows = [[new[row[0]], *row[1:6], new[row[6]]] for row in rng.permutation(ROWS)]
    path.write_text("\n".join(map(" ".join, rows)))
    return read_swc(path).discretize(max_length=28)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_and_names_of_points_do_not_matter(tmp_path_factory, seed):
    path, rng = tmp_path_factory.getbasetemp() / "shuffled.swc", np.random.default_rng(seed)
    expected = read_swc(TREE_A).discretize(max_length=28)
    tree = shuffled(path, rng, rising=True)
    for field in ("parent", "area", "rho", "distance", "section", "loc", "kind"):
        np.testing.assert_array_equal(getattr(tree, field), getattr(expected, field))
    other = shuffled(path, rng, rising=False)
    np.testing.assert_allclose(in_place(other), in_place(expected), rtol=1e-12)


def test_voltages_do_not_depend_on_names(tmp_path):
    trees = [read_swc(TREE_A).discretize(max_length=28)]
    trees.append(shuffled(tmp_path / "cell.swc", np.random.default_rng(3), rising=False))
    traces = []
    for tree in trees:
        ends = np.array([path[-1] for path in tree.outline])
        sites = [int(abs(ends - trees[0].outline[k][-1]).sum(1).argmin()) for k in (0, 16, 41)]
        model = Compartments(tree, sites, sigma=0.0)
        traces.append(model.simulate(model.truth, seed=1).voltage)
    np.testing.assert_allclose(*traces, atol=1e-7)


def test_no_warning_on_a_good_file():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_swc(TREE_A)
