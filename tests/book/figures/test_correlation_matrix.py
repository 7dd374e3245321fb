"""Each kind of correlation has its side of the diagonal; the partners are the strongest ones."""

import numpy as np
import pytest

from book.figures.correlation_matrix import correlation_matrix
from tests.figures.drawing import drawn

D = 8
NAMES = [f"g{k}" for k in range(D)]
ABOVE, BELOW = (np.corrcoef(np.random.default_rng(s).random((D, 9))) for s in (1, 2))


@pytest.fixture(scope="module")
def spec() -> dict:
    return correlation_matrix(ABOVE, BELOW, NAMES, title="What to see", start=3).to_dict()


def test_sides_of_the_diagonal(spec):
    rows = spec["datasets"]["pairs"]
    assert len(rows) == D * (D - 1)
    for row in rows:
        r = (ABOVE if row["x"] > row["y"] else BELOW)[row["y"], row["x"]]
        assert row["r"] == pytest.approx(r, abs=1e-3)
        assert row["kind"] == ("of all draws" if row["x"] > row["y"] else "given all others")


@pytest.mark.parametrize("chosen", [3, 6])
def test_partners_are_the_strongest(spec, chosen):
    svg = drawn(spec, of={"y": chosen})
    assert f">Strongest partners of g{chosen}<" in svg
    size = np.where(np.arange(D) == chosen, -1, abs(BELOW[chosen]))
    for rank, k in enumerate(np.argsort(-size)[: D - 1]):
        assert svg.count(f">g{k}<") == (3 if rank < 5 else 2), k


def test_the_largest_are_told(spec):
    i, j = np.triu_indices(D, 1)
    k = abs(BELOW[i, j]).argmax()
    assert f"given all others: g{i[k]}, g{j[k]} " in spec["description"]
    with pytest.raises(ValueError, match=r"above has shape \(7, 8\)"):
        correlation_matrix(ABOVE[:7], BELOW, NAMES, title="See")
