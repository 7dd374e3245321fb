"""Shapes of neurons and steady states of passive trees, for the tests of compartments."""

from pathlib import Path

import numpy as np

from mechfit.models import Morphology, Tree

DATA = Path(__file__).parents[2] / "data"
GOLDEN = np.load(DATA / "compartments.npz", allow_pickle=False)
TREE_A = DATA / "compartments_tree_a.swc"


def rall_tree(levels=5, diameter=4.0, electrotonic=0.2, R_a=150.0, g=0.05):
    """A symmetric tree whose daughters keep Σ d^{3/2}, all sections of one electrotonic length."""
    points, parent, row = [[0, 0, 0, diameter / 2]], [-1], [0]
    for level in range(levels):
        d = diameter * 2 ** (-2 / 3 * level)
        reach = electrotonic * np.sqrt(d * 1e-4 / 4 * (1000 / g) / R_a) * 1e4
        above, row = row, []
        for node in above:
            x, y, *_ = points[node]
            for side in (-1, 1) if level else (0,):
                wide = 2.0 ** (levels - level) * side
                start = len(points)  # a second point in the place of the first: a step in radius
                end = [x + np.sqrt(reach**2 - wide**2), y + wide, 0, d / 2]
                points += [[x, y, 0, d / 2], end]
                parent += [node, start]
                row.append(start + 1)
    return Morphology.from_points(points, parent)


def resistances(tree: Tree, g: float, R_a: float) -> np.ndarray:
    """Steady resistance (MΩ) from each node to each, all membranes with a leak g (mS/cm²)."""
    matrix = np.diag(1e-5 * g * tree.area)
    for node in range(1, len(tree)):
        axial, pair = 100 / (R_a * tree.rho[node]), [node, tree.parent[node]]
        matrix[np.ix_(pair, pair)] += axial * np.array([[1, -1], [-1, 1]])
    return np.linalg.inv(matrix)
