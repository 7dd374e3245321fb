"""The recorded cells of the book are read as they are, and damaged tables are refused."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import read_cells

TABLE = Path(__file__).parents[3] / "book" / "artefacts" / "allen_cells.csv"


def test_the_cells_of_the_book():
    cells = read_cells(TABLE)
    assert len(cells) == 8
    cell = cells["518290966"]
    assert cell.window == (205.0, 1204.98)
    np.testing.assert_array_equal(
        cell.x, [12, -86.6186, 0.0581935, -59.7432, 73.5669, 5.71116, 49.6576]
    )
    model = cell.model()
    assert model.v_init == -86.7812
    assert model.current.max() == 0.915385
    on = model.time[model.current > 0]
    assert on[0] == pytest.approx(205.0)
    assert on[-1] == pytest.approx(1204.96)
    assert np.isfinite(model.statistics(model.truth, seed=1)).all()


def test_damaged_tables(tmp_path):
    lines = TABLE.read_text().splitlines()
    table = tmp_path / "cells.csv"
    table.write_text("\n".join([lines[0].replace("v0_mV", "v0"), lines[1]]))
    with pytest.raises(ValueError, match="no column 'v0_mV'"):
        read_cells(table)
    table.write_text("\n".join([lines[0], lines[1].replace("-86.6186", "rest")]))
    with pytest.raises(ValueError, match="not a number"):
        read_cells(table)
