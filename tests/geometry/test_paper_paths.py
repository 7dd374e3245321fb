"""The published paths, on the published density: reached, and gone beyond.

The authors' density is not part of this project, see ``paper_density.py``.
"""

import time

import numpy as np
import pytest
from harmonics import Harmonics, harmonic_path
from paper_density import density_or_skip

from mechfit.geometry import along, high_probability_path, length, orthogonal_path, surprisal
from mechfit.models import Pyloric

BOX = np.sqrt(3)


@pytest.fixture(scope="module")
def density():
    return density_or_skip()


def integral(density, path):
    """79 times the integral of -log q over the length of a path."""
    log_q = density.log_prob(path)
    return 79 * length(path) * -np.trapezoid(log_q, dx=1 / (len(path) - 1))


def test_the_stored_coefficients(density):
    file = density.file
    stored = Harmonics(file["start"], file["end"], file["alpha"])
    np.testing.assert_allclose(stored.nodes(), file["path_high"], atol=1e-12)
    assert stored.loss(density.log_prob) == pytest.approx(11868.385, abs=1e-3)
    assert stored.length() == pytest.approx(6.29552, abs=1e-5)
    line = Harmonics(file["start"], file["end"], 0 * file["alpha"])
    assert line.loss(density.log_prob) == pytest.approx(20734.334, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("first", ["line", "stored", "random"])
def test_the_published_kind_of_path_from_any_start(density, first):
    file = density.file
    begin = {
        "line": None,
        "stored": file["alpha"],
        "random": 0.2 * np.random.default_rng(1).normal(size=(4, 31)),
    }[first]
    ends = file["start"], file["end"]
    slope = density.log_prob_grad
    found = harmonic_path(density.log_prob, *ends, log_prob_grad=slope, first=begin)
    assert found.loss(density.log_prob) <= 9320
    assert density.log_prob(found.nodes()).min() == pytest.approx(-23.963, abs=1e-3)


def test_a_free_path(density):
    ends = density.file["start"], density.file["end"]
    started = time.process_time()
    path = high_probability_path(
        density.log_prob,
        *ends,
        log_prob_grad=density.log_prob_grad,
        low=-BOX,
        high=BOX,
        weight=surprisal,
    )
    assert time.process_time() - started < 60  # 3 s; a search that does not end is caught
    assert integral(density, along(path, 80)) <= 9235
    assert density.log_prob(path).min() == pytest.approx(-23.963, abs=1e-3)


def test_the_path_across(density):
    file = density.file
    across = orthogonal_path(
        density.log_prob,
        file["path_high"],
        int(file["ortho_start_index"]),
        log_prob_grad=density.log_prob_grad,
        low=-BOX,
        high=BOX,
    )
    np.testing.assert_allclose(across, file["path_ortho"], atol=1e-3)


@pytest.mark.slow
def test_circuits_on_the_paths_when_simulated(density):
    high, across = (
        density.to_theta(along(density.file[f"path_{p}"], 20)) for p in ("high", "ortho")
    )
    model = Pyloric()
    works = [
        np.mean([np.isfinite(model.statistics(theta, seed)).all(1) for seed in range(1, 6)], 0)
        for theta in (high, across)
    ]
    assert works[0].min() > 0  # each of 20 has its rhythm with some noise, and most with any
    assert works[0].mean() > 0.85
    assert works[1][0] == 1
    assert works[1][-4:].mean() < 0.1
