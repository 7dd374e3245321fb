"""A recorded pyloric rhythm: the statistics of one preparation, and how preparations differ.

Extracellular recordings of crabs by Haddad & Marder (2018), doi:10.1016/j.neuron.2018.08.035, as
analyzed by Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261: preparation
845_082_0044, 150 s at 11 °C. Bursts of 40 ms or less were dropped; extracellular spikes tell no
plateaus, so theirs are the shortest value that simulations have. Taught in
``book/geometry/pyloric-circuit.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.summaries.triphasic import TRIPHASIC

__all__ = ["RECORDED_RHYTHM", "RHYTHM_SPREAD"]

RECORDED = {
    "cycle_period": 1170.85859375,
    "burst_duration_AB/PD": 206.03643411,
    "burst_duration_LP": 214.30703125,
    "burst_duration_PY": 412.8421875,
    "end_to_start_AB/PD-LP": 275.16484375,
    "end_to_start_LP-PY": 42.04609375,
    "start_to_start_AB/PD-LP": 481.92578125,
    "start_to_start_AB/PD-PY": 738.27890625,
    "duty_cycle_AB/PD": 0.17597038,
    "duty_cycle_LP": 0.18303408,
    "duty_cycle_PY": 0.35259782,
    "phase_gap_AB/PD-LP": 0.23501117,
    "phase_gap_LP-PY": 0.03591048,
    "phase_LP": 0.41160033,
    "phase_PY": 0.63054489,
    "plateau_AB/PD": 2.5,
    "plateau_LP": 2.5,
    "plateau_PY": 2.5,
    "pyloric_like": 1.0,
}

RECORDED_RHYTHM = np.array([RECORDED[name] for name in TRIPHASIC])
"""Statistics (19,) of the preparation, in the order of `TRIPHASIC`."""
RECORDED_RHYTHM.flags.writeable = False

RHYTHM_SPREAD = np.array(
    [279, 133, 113, 150, 109, 60, 169, 216, 0.040, 0.059, 0.054, 0.065, 0.034, 0.054, 0.060]
)
"""Standard deviations over preparations (15,) of the first 15 statistics."""
RHYTHM_SPREAD.flags.writeable = False
