"""The stored sweeps are those whose statistics the table of cells holds."""

import numpy as np
import pytest
from builtbook import ROOT

from book.figures.recorded import recordings
from mechfit.models import read_cells

FOLDER = ROOT / "book" / "artefacts"
CELLS = read_cells(FOLDER / "allen_cells.csv")


@pytest.fixture(scope="module")
def sweeps():
    return recordings(FOLDER)


@pytest.mark.parametrize("name", CELLS)
def test_statistics_of_a_sweep(sweeps, name):
    cell, again = CELLS[name], sweeps[name].cell(name)
    np.testing.assert_allclose(again.x, cell.x, rtol=1e-5, atol=1e-4)  # the table is rounded
    assert again.v_init == pytest.approx(cell.v_init, abs=1e-4)
    assert (again.window, again.dt, again.sweep) == (cell.window, cell.dt, cell.sweep)
    assert again.current == pytest.approx(cell.current, rel=1e-5)
