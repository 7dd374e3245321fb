"""What the artefacts of the room of robustness say holds in simulations of today."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import Pyloric
from mechfit.robustness import (
    KELVIN,
    Criterion,
    Directions,
    Radii,
    Warming,
    energy_by_current,
    share_interval,
    warm,
)

FOLDER = Path(__file__).parents[2] / "book" / "artefacts"
SEED = 4711
LOW, HIGH = Pyloric.prior.limits().T
SCALE = (HIGH - LOW) / np.sqrt(12)
LOWEST = np.r_[np.zeros(24), LOW[24:]]
WORKS = Criterion(Pyloric())


def stored(name: str) -> dict[str, np.ndarray]:
    with np.load(FOLDER / f"pyloric-{name}.npz") as file:
        return {key: file[key] for key in file.files}


@pytest.mark.slow
def test_the_circuit_works_before_its_radius_and_not_beyond():
    file = FOLDER / "pyloric-radii.npz"
    found, directions = Radii.load(file), Directions.load(file)
    home, ways = stored("radii")["theta"][0].astype(float), directions.vectors.astype(float)
    inside = np.all(home + 3.2 * ways * SCALE > LOWEST, axis=1)
    broken = np.flatnonzero(np.isfinite(found.radius[0]) & inside & (np.arange(90) > 1))
    assert len(broken) > 5
    before, after = (
        home + getattr(found, end)[0, broken, None] * factor * ways[broken] * SCALE
        for end, factor in (("low", 0.7), ("high", 1.15))
    )
    shares = [WORKS(np.repeat(theta, 3, 0), SEED).mean() for theta in (before, after)]
    assert shares[0] > 0.85
    assert shares[1] < 0.35


@pytest.mark.slow
def test_the_smallest_pushes_break_their_circuits():
    small = stored("smallest")
    assert np.median(small["radius"]) <= np.median(small["begun"])
    theta = np.repeat(small["theta"].astype(float), 5, 0)
    assert WORKS(theta, SEED).mean() < 0.5


def model_at(celsius: float) -> Pyloric:
    threshold = 50.0 / 2 ** ((celsius - 10) / 10)
    return Pyloric(temperature=KELVIN + celsius, burst_threshold=threshold)


@pytest.mark.slow
def test_as_many_circuits_keep_their_rhythm_in_the_warmth():
    kept = Warming.load(FOLDER / "pyloric-warmth.npz")
    theta, celsius = stored("warmth")["theta"][:80].astype(float), np.array([11.0, 27.0, 31.0])
    found = warm(model_at, theta, celsius, seed=SEED)
    low, high = share_interval(found.works, level=0.999)
    share = kept.worked.mean(0)[np.isin(kept.celsius, celsius)]
    assert (low <= share).all()
    assert (share <= high).all()


@pytest.mark.slow
def test_energies_are_those_of_today():
    kept, theta = stored("cost"), stored("warmth")["theta"][:4].astype(float)
    spent = energy_by_current(Pyloric(), theta, 9)
    np.testing.assert_allclose(spent, kept["spent"][:4], rtol=0.1, atol=0.05)
