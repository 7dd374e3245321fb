"""Every simulation is that of a neuron under its own stimulus, whatever the blocks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mechfit.models import AnyStep, Cell, read_cells
from mechfit.simulation import simulate

CELLS = [
    Cell("a", 1, 1.0, (10.0, 60.0), 0.05, -80.0, np.zeros(7)),
    Cell("b", 2, 2.5, (10.0, 60.0), 0.05, -70.0, np.ones(7)),
]
MODEL = AnyStep(CELLS)


def test_each_group_is_the_plain_neuron_under_its_stimulus():
    theta = MODEL.prior.sample(80, seed=1)
    x = MODEL.statistics(theta, seed=3, first=50)
    assert len(np.unique(x[:, 7])) == 4
    for i in (0, 13, 14, 45, 46, 79):
        plain = MODEL.under(*x[i, 7:])
        assert plain.v_init == x[i, 8]
        assert plain.current.max() == x[i, 7]
        np.testing.assert_array_equal(
            plain.statistics(theta[i], seed=3, first=50 + i), x[i : i + 1, :7]
        )


def test_results_do_not_depend_on_the_cut():
    theta = MODEL.prior.sample(70, seed=1)
    whole = MODEL.statistics(theta, seed=3)
    parts = [MODEL.statistics(theta[a:b], seed=3, first=a) for a, b in ((0, 5), (5, 40), (40, 70))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(
        simulate(MODEL, 100, seed=2).x[:60], simulate(MODEL, 60, seed=2).x
    )


def test_stimuli_cover_the_cells_and_a_margin():
    drawn = np.array([MODEL.stimulus(1, g) for g in range(3000)])
    np.testing.assert_allclose(drawn.min(0), [0.85, -81.0], atol=0.01)
    np.testing.assert_allclose(drawn.max(0), [2.65, -69.0], atol=0.01)
    np.testing.assert_array_equal(MODEL.observation(CELLS[1]), [1.0] * 7 + [2.5, -70.0])


def test_the_recorded_cells_share_their_window():
    cells = read_cells(Path(__file__).parents[3] / "book/artefacts/allen_cells.csv")
    model = AnyStep(cells)
    for cell in cells.values():
        assert (model.low < model.observation(cell)[7:]).all()
        assert (model.observation(cell)[7:] < model.high).all()


def test_refusals():
    with pytest.raises(ValueError, match="got 1 cells, expected at least 2"):
        AnyStep(CELLS[:1])
    with pytest.raises(ValueError, match="expected the same for all"):
        AnyStep([CELLS[0], replace(CELLS[1], window=(10.0, 70.0))])
    with pytest.raises(ValueError, match="expected the same for all"):
        AnyStep([CELLS[0], replace(CELLS[1], dt=0.1)])
    with pytest.raises(ValueError, match="expected ranges, of currents above 0"):
        AnyStep([CELLS[0], replace(CELLS[1], v_init=-80.0)])
    with pytest.raises(TypeError, match="AnyStep has no traces"):
        MODEL.simulate(MODEL.prior.sample(1, seed=1), seed=1)
    with pytest.raises(TypeError, match="AnyStep has no traces"):
        MODEL.summarize(None)
