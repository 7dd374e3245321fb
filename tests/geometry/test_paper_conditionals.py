"""Conditional correlations on the published density, beside the published ones."""

import numpy as np
import pytest
from paper_density import PaperDensity, density_or_skip, reference_file

from mechfit.geometry.conditionals import pair_correlations

BOX = np.sqrt(3)
ALL = np.stack(np.triu_indices(31, 1), 1)


@pytest.fixture(scope="module")
def density():
    return density_or_skip(np.float32)


@pytest.fixture(scope="module")
def golden(density):
    return np.load(reference_file().with_name("pyloric.npz"))


def test_the_published_grid_row_by_row(golden):
    exact, rows = PaperDensity(reference_file()), golden["post300_z"][:4]
    found = pair_correlations(exact.log_prob, rows, -BOX, BOX, golden["cond_rho_pairs"], grid=50)
    np.testing.assert_allclose(found, golden["cond_rho_samples"][:4], atol=1e-5)


@pytest.mark.slow
def test_ours_is_that_of_a_converged_grid(density, golden):
    some = ALL[np.random.default_rng(1).choice(465, 30, replace=False)]
    rows = golden["post300_z"][:20]
    ours = pair_correlations(density.log_prob, rows, -BOX, BOX, some)
    fine = pair_correlations(density.log_prob, rows, -BOX, BOX, some, grid=100)
    assert abs((ours - fine).mean(0)).max() < 0.02


@pytest.mark.slow
def test_the_stored_matrix_within_its_error(density):
    found = pair_correlations(density.log_prob, density.sample(40, 3), -BOX, BOX, ALL)
    stored = density.file["rho_symm_stored"][ALL[:, 0], ALL[:, 1]]
    error = found.std(0) * np.sqrt(1 / 40 + 1 / 500)
    assert (abs(found.mean(0) - stored) < 4 * error).mean() > 0.99
