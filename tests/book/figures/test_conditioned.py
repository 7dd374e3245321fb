"""A rectangle keeps the draws inside it, and the rows tell which means move."""

import json

import numpy as np
import pytest

from book.figures.conditioned import conditioned
from tests.figures.drawing import drawn

A, B = np.random.default_rng(1).random((2, 400))
DRAWS = np.stack([A, B, 1 - A, B**2], 1)
LABELS = ["a (mS)", "b", "c", "d"]


@pytest.fixture(scope="module")
def spec() -> dict:
    where = {"axes": (0, 1), "center": (86, 50), "size": (30, 100)}
    return conditioned(DRAWS, LABELS, [[0, 1]] * 4, title="What to see", **where).to_dict()


def moved(column: np.ndarray, inside: np.ndarray) -> str:
    return f"{(column[inside].mean() - column.mean()) / column.std():+.2f}".replace("-", "−")


def test_means_of_the_draws_inside(spec):
    for center in (86, 30):
        inside = abs(100 * A - center) <= 15
        svg = drawn(spec, box={"cx": center})
        assert f">{inside.sum()} of 400 draws are inside.<" in svg
        for column in DRAWS.T[1:]:
            assert f">{moved(column, inside)}<" in svg
        assert svg.count(">held<") == 1


def test_described_and_small(spec):
    inside = abs(100 * A - 86) <= 15
    assert f"first these means move most: c {moved(1 - A, inside)}, " in spec["description"]
    many = np.random.default_rng(1).random((3000, 31))
    big = conditioned(
        many, [f"p{k}" for k in range(31)], [[0, 1]] * 31,
        axes=(2, 3), center=(22, 82), size=(30, 30), title="Many",
    )  # fmt: skip
    assert len(json.dumps(big.to_dict(), ensure_ascii=False).encode()) < 300_000
