"""Each entry of the table is shaded by its number."""

import numpy as np
import pytest

from mechfit.figures import misses
from tests.figures.drawing import drawn

VALUES = np.array([[0.1, 0.4], [0.02, 0.0], [0.2, 0.6]])
ROWS, COLUMNS = ["A", "B", "C"], ["count", "mean"]


def test_entries_are_shaded_by_their_number():
    settings = {"title": "C is off", "unit": "prior sd", "limit": 0.5}
    chart = misses(VALUES, ROWS, COLUMNS, **settings)
    spec = chart.to_dict()
    rows = [row for layer in spec["layer"] for row in layer["data"].get("values", [])]
    shares = {(row["row"], row["name"]): row["share"] for row in rows if "share" in row}
    assert len(shares) == 6
    assert shares["A", "count"] == 0.2
    assert shares["C", "mean"] == 1.0
    assert ">0.60<" in drawn(spec)
    assert chart.description.endswith("A 0.4 (mean); B 0.02 (count); C 0.6 (mean).")


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3, 2\), expected \(2, 2\)"):
        misses(VALUES, ROWS[:2], COLUMNS, title="x", unit="sd", limit=1)
    with pytest.raises(ValueError, match="the least error is -0.6"):
        misses(-VALUES, ROWS, COLUMNS, title="x", unit="sd", limit=1)
