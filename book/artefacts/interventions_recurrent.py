"""The recurrent network's answers beside those of ``interventions.py``, on the same recordings.

``python book/artefacts/interventions_recurrent.py``: for each seed a network learns the control
minute, then its free runs and its likelihood are held against the changed neuron. A change that is
not one of the current changes nothing in it, so that it has three answers to seven questions.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from interventions import (
    HERE,
    NEURON,
    REPEATS,
    SEEDS,
    TEST_MS,
    alike,
    binned,
    bits,
    per_bin,
    questions,
    rate,
)
from study import Study

from mechfit.inference import RecurrentNetwork
from mechfit.models import DrivenNeuron

UNITS = 32


def own_bin(current: np.ndarray) -> np.ndarray:
    """Mean current in bins of 1 ms."""
    return np.roll(per_bin(current), 1)


def main() -> None:
    """Train a network for each seed, and ask it all questions."""
    model = DrivenNeuron()
    settings = {"minutes": 1, "test_s": TEST_MS / 1000, "repeats": REPEATS, "units": UNITS}
    study = Study(HERE / "interventions-recurrent.json", settings)
    for seed in SEEDS:
        if study.holds(seed=seed, condition=[*NEURON][-1]):
            continue
        current = model.current(seed)
        counts = binned(model.spikes(model.truth, current, seed)[0], model.duration)
        network = RecurrentNetwork.fit(counts, own_bin(current), units=UNITS, seed=seed)
        answers = {}
        for condition, shown, _, truth in questions(seed):
            inputs = own_bin(shown)
            expected = partial(network.intensity, stimulus=inputs)
            if inputs.tobytes() not in answers:
                answers[inputs.tobytes()] = network.simulate(REPEATS, seed, stimulus=inputs)
            free, capped = answers[inputs.tobytes()]
            row = {
                "recurrent": rate(free[:, 0]).mean(),
                "recurrent_psth": alike(free[:, 0], truth),
                "recurrent_bits": bits(expected, truth),
                "recurrent_bits_capped": bits(expected, truth, 1.0),
                "recurrent_capped": capped[0],
            }
            row = {name: round(float(value), 4) for name, value in row.items()}
            study.add(row, seed=seed, condition=condition)


if __name__ == "__main__":
    main()
