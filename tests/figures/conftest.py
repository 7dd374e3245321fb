"""Shared data of the figure tests: eight parameters and spiking traces."""

import numpy as np
import pytest

LABELS = [
    "ḡ_Na (mS/cm²)",
    "ḡ_K (mS/cm²)",
    "g_l (mS/cm²)",
    "ḡ_M (mS/cm²)",
    "τ_max (ms)",
    "−V_T (mV)",
    "σ (µA/cm²·ms^½)",
    "−E_l (mV)",
]
LIMITS = np.array(
    [[0.5, 80], [0, 15], [0, 0.6], [0, 0.6], [50, 3000], [40, 90], [0, 0.15], [35, 100]]
)
TIME = np.arange(12001) * 0.01


def spiking(rate: float = 5.0, noise: float = 0.3, seed: int = 0) -> np.ndarray:
    """A trace (12001,) in mV with narrow spikes on a noisy baseline."""
    rng = np.random.default_rng(seed)
    spikes = np.zeros_like(TIME)
    for at in np.arange(15, 105, 90 / rate):
        spikes += 110 * np.exp(-(((TIME - at) / 0.3) ** 2))
    return -70 + spikes + noise * rng.standard_normal(TIME.size)


@pytest.fixture(scope="session")
def time() -> np.ndarray:
    return TIME


@pytest.fixture(scope="session")
def trace() -> np.ndarray:
    return spiking()


@pytest.fixture(scope="session")
def theta() -> np.ndarray:
    """Samples (2000, 8): the prior in its first half, narrow in the second."""
    rng = np.random.default_rng(1)
    share = rng.random((2000, 8))
    share[:, 4:] = 0.4 + 0.1 * share[:, 4:]
    share[:, 1] = 0.5 * share[:, 0] + 0.4 * share[:, 1]
    return LIMITS[:, 0] + share * np.diff(LIMITS).T


@pytest.fixture(scope="session")
def labels() -> list[str]:
    return list(LABELS)


@pytest.fixture(scope="session")
def limits() -> np.ndarray:
    return LIMITS.copy()
