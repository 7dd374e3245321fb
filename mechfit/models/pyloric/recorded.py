"""A recorded pyloric rhythm: the statistics of one preparation, and the spread over preparations.

Extracellular recordings of crabs by Haddad & Marder (2018), doi:10.1016/j.neuron.2018.08.035, as
analyzed by Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261: preparation
845_082_0044, 150 s at 11 °C. Bursts of 40 ms or less were dropped; extracellular spikes do
not show plateaus, so theirs have the shortest value of simulations. Taught in
``book/geometry/pyloric-circuit.md``.
"""

import numpy as np

__all__ = ["RECORDED_RHYTHM", "RHYTHM_SPREAD"]

RECORDED_RHYTHM = np.array(
    [1170.85859375, 206.03643411, 214.30703125, 412.8421875]  # period, burst durations
    + [275.16484375, 42.04609375, 481.92578125, 738.27890625]  # end to start, start to start
    + [0.17597038, 0.18303408, 0.35259782]  # duty cycles
    + [0.23501117, 0.03591048, 0.41160033, 0.63054489]  # gaps and phases
    + [2.5, 2.5, 2.5, 1.0]  # plateaus, pyloric-like
)
"""Statistics (19,) of the preparation, in the order of `TRIPHASIC`."""
RECORDED_RHYTHM.flags.writeable = False

RHYTHM_SPREAD = np.array(
    [279, 133, 113, 150, 109, 60, 169, 216, 0.040, 0.059, 0.054, 0.065, 0.034, 0.054, 0.060]
)
"""Standard deviations over preparations (15,) of the first 15 statistics."""
RHYTHM_SPREAD.flags.writeable = False
