r"""Activity: moments of a circuit's voltages, numbers of bursts and spikes, and energies.

Mean, standard deviation, skewness and excess kurtosis follow from the mean powers
m_k = mean((V + 50 mV)^k). A current spends the power g (V - E)^2; its sum over all currents and
synapses of a neuron and over time is the neuron's energy, per area of membrane. The energy of a
burst counts from 80 samples before its first spike to 480 after its last; the energy per spike is
that of all bursts over the number of spikes. Definitions and order of the package ``pyloric``;
energies as in Deistler, Macke & Gonçalves (2022), doi:10.1073/pnas.2207632119. Taught in
``book/geometry/pyloric-circuit.md``.
"""

from collections.abc import Sequence

import numpy as np

from mechfit.summaries.triphasic import NEURONS, TRIPHASIC

__all__ = ["CENTER_MV", "PACKAGE", "activity", "in_package_order", "powers"]

CENTER_MV = -50.0
BEFORE, AFTER = 80, 480
MOMENTS = {"mean": "mV", "std": "mV", "skewness": "", "kurtosis": ""}
OF_NEURON = {
    **{f"voltage_{name}": unit for name, unit in MOMENTS.items()},
    **dict.fromkeys(["bursts", "spikes"], ""),
    **dict.fromkeys(["energy", "energy_per_burst", "energy_per_spike"], "nJ/cm²"),
}
ACTIVITY = {f"{name}_{n}": unit for name, unit in OF_NEURON.items() for n in NEURONS}
DELAYS = "start_to_start", "end_to_start", "phase_gap"
RHYTHM = (
    "cycle_period",
    *(f"{name}_{n}" for name in ("burst_duration", "duty_cycle") for n in NEURONS),
    "phase_LP",
    "phase_PY",
    *(f"{name}_{pair}" for name in DELAYS for pair in ("AB/PD-LP", "LP-PY")),
    *(f"plateau_{n}" for n in NEURONS),
)
PACKAGE = {name: TRIPHASIC.get(name, "ms") for name in RHYTHM} | ACTIVITY | {"pyloric_like": ""}
"""Names and units of the 46 statistics, in the order of the package ``pyloric``."""


def powers(voltage: np.ndarray) -> np.ndarray:
    """Mean powers (4, 3) of V + 50 mV in voltages (3, time) in mV."""
    d = voltage - CENTER_MV
    return np.stack([(d**k).mean(1) for k in range(1, 5)])


def activity(
    means: np.ndarray,
    samples: np.ndarray,
    energy: np.ndarray,
    spikes: Sequence[np.ndarray],
    found: Sequence[np.ndarray],
) -> np.ndarray:
    """Statistics (27,) of one circuit in the order of `ACTIVITY`.

    Args:
        means: Mean powers (4, 3) of V + 50 mV.
        samples: Samples (m,) at which the energy is known, increasing from 0.
        energy: Energy (3, m) in nJ/cm² that each neuron spent until then.
        spikes: Samples of each neuron's spikes.
        found: First and last sample (b, 2) of each neuron's bursts.

    Returns:
        The statistics; the energy per burst or spike is 0 where there is none. A burst that begins
        within the first 80 samples has no energy.
    """
    m1, m2, m3, m4 = means
    mu2 = m2 - m1**2
    mu3 = m3 - 3 * m1 * m2 + 2 * m1**3
    mu4 = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    in_bursts = np.zeros(3)
    for j, each in enumerate(found):
        inside = each[each[:, 0] >= BEFORE]
        ends = [inside[:, 0] - BEFORE, inside[:, 1] + AFTER]
        in_bursts[j] = np.diff(np.interp(ends, samples, energy[j]), axis=0).sum()
    counts = np.array([[len(x) for x in found], [len(x) for x in spikes]])
    return np.concatenate(
        [m1 + CENTER_MV, np.sqrt(mu2), mu3 / mu2**1.5, mu4 / mu2**2 - 3]
        + [*counts, energy[:, -1], *in_bursts / np.maximum(counts, 1)]
    )


def in_package_order(rhythm: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Statistics (46,) in the order of `PACKAGE`, from `TRIPHASIC` (19,) and `ACTIVITY` (27,)."""
    x = dict(zip(TRIPHASIC, rhythm, strict=True)) | dict(zip(ACTIVITY, active, strict=True))
    x["start_to_start_LP-PY"] = x["start_to_start_AB/PD-PY"] - x["start_to_start_AB/PD-LP"]
    return np.array([x[name] for name in PACKAGE])
