"""The stored references, and trees by hand."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import Tree

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "compartments.npz", allow_pickle=False)


@pytest.fixture(scope="session")
def golden():
    """The stored arrays."""
    return GOLDEN


@pytest.fixture(scope="session")
def tree_a():
    """The stored tree; its soma has section -1 and no load, its sections begin at 0."""
    names = ("parent", "area", "rho", "distance", "section", "loc")
    arrays = {name: GOLDEN[f"tree_a_{name}"].copy() for name in names}
    arrays["rho"][0] = 0
    arrays["section"] += 1
    kind = np.append(1, GOLDEN["tree_a_sections"][:, 1])[arrays["section"]]
    return Tree(**arrays, kind=kind)


@pytest.fixture(scope="session")
def joined():
    """What joins cylinders (µm), one compartment each, at their ends, by branch points."""

    def join(parent, length, diameter):
        rows, ends = [], {}
        for i, (p, long, wide) in enumerate(zip(parent, length, diameter, strict=True)):
            half = 2 * long / (np.pi * wide**2)
            at, load, start = ends.get(p, (-1, -half, 0.0))
            rows.append((at, np.pi * wide * long, half + load, start + long / 2))
            ends[i] = len(rows) - 1, half, start + long
            if list(parent).count(i) > 1:
                rows.append((len(rows) - 1, 0.0, half, start + long))
                ends[i] = len(rows) - 1, 0.0, start + long
        at, area, rho, distance = np.array(rows).T
        n = len(at)
        return Tree(at, area, rho, distance, np.arange(n), np.full(n, 0.5), np.full(n, 3))

    return join


@pytest.fixture(scope="session")
def cylinder(joined):
    """What makes a sealed cylinder (µm) of n compartments."""
    return lambda long, wide, n: joined(np.arange(n) - 1, np.full(n, long / n), np.full(n, wide))


@pytest.fixture(scope="session")
def ball(cylinder):
    """A ball of 20 µm with a stick of 500 µm in 25 compartments."""
    stick, ball = cylinder(500.0, 2.0, 25), {"area": 400 * np.pi, "loc": 0.5, "kind": 1}
    names = ("area", "distance", "section", "loc", "kind")
    rows = {name: np.append(ball.get(name, 0), getattr(stick, name)) for name in names}
    rho = [0, stick.rho[1] / 2, *stick.rho[1:]]
    return Tree(np.arange(26) - 1, rho=rho, **rows)
