"""The recurrent network's answers beside those of ``interventions.py``, on the same recordings.

``python book/artefacts/interventions_recurrent.py``: for each seed a network learns the control
minute, then its free runs and its likelihood are held against the changed neuron. A change that is
not one of the current changes nothing in it, so that it has three answers to seven questions.
"""

from __future__ import annotations

import numpy as np
from interventions import (
    HERE,
    NEURON,
    REPEATS,
    SEEDS,
    TEST_MS,
    alike,
    binned,
    per_bin,
    predicted,
    rate,
)
from study import Study

from mechfit.inference import RecurrentNetwork
from mechfit.models import DrivenNeuron

UNITS = 32


def own_bin(current: np.ndarray) -> np.ndarray:
    """Mean current in bins of 1 ms."""
    return np.roll(per_bin(current), 1)


def bits(network: RecurrentNetwork, counts: np.ndarray, current: np.ndarray, cap: float) -> float:
    """Bits per spike over a constant rate, median of repeats, with capped expected counts."""
    scores = []
    for y in counts:
        expected = np.minimum(network.intensity(y, current)[0] / 1000, cap)
        gain = (y * np.log(expected / y.mean())).sum() - expected.sum() + y.sum()
        scores.append(gain / y.sum() / np.log(2))
    return float(np.median(scores))


def main() -> None:
    """Train a network for each seed, and ask it all questions."""
    model, names = DrivenNeuron(), DrivenNeuron.prior.names
    settings = {"minutes": 1, "test_s": TEST_MS / 1000, "repeats": REPEATS, "units": UNITS}
    study = Study(HERE / "interventions-recurrent.json", settings)
    for seed in SEEDS:
        if study.holds(seed=seed, condition=[*NEURON][-1]):
            continue
        current = model.current(seed)
        counts = binned(model.spikes(model.truth, current, seed)[0], model.duration)
        network = RecurrentNetwork.fit(counts, own_bin(current), units=UNITS, seed=seed)
        test, answers = DrivenNeuron(TEST_MS).current(seed + 1000), {}
        for condition, change in NEURON.items():
            shown = change.get("mean", 0) + model.mean + change.get("std", 1) * (test - model.mean)
            factors = np.array([change.get(name, 1.0) for name in names])
            repeated = np.tile(model.truth, (REPEATS, 1))
            truth = predicted(repeated, factors, shown, seed + 2000)
            inputs = own_bin(shown)
            if inputs.tobytes() not in answers:
                answers[inputs.tobytes()] = network.simulate(REPEATS, seed, stimulus=inputs)
            free, capped = answers[inputs.tobytes()]
            row = {
                "recurrent": rate(free[:, 0]).mean(),
                "recurrent_psth": alike(free[:, 0], truth),
                "recurrent_bits": bits(network, truth, inputs, np.inf),
                "recurrent_bits_capped": bits(network, truth, inputs, 1.0),
                "recurrent_capped": capped[0],
            }
            row = {name: round(float(value), 4) for name, value in row.items()}
            study.add(row, seed=seed, condition=condition)


if __name__ == "__main__":
    main()
