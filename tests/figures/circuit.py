"""Three neurons that burst in turn, for the tests of figures."""

import numpy as np

TIME = np.arange(0.0, 1000.0, 0.5)
NEURONS = ["AB/PD", "LP", "PY"]
BURSTS = [
    np.array([[100.0, 180.0], [500.0, 580.0], [900.0, 980.0]]),
    np.array([[200.0, 260.0], [600.0, 660.0]]),
    np.array([[300.0, 420.0], [700.0, 820.0]]),
]
