"""Two populations that grow at rates set by each other, in logarithms of their sizes.

    du/dt = a + b exp(v),        dv/dt = c + d exp(u)

is Lotka-Volterra with (a, b, c, d) = (alpha, -beta, -gamma, delta), and SIR, whose susceptible and
infected fractions have the logarithms u and v, with (0, -beta, -gamma, beta). The method is that
of Dormand & Prince (1980), doi:10.1016/0771-050X(80)90013-3, of order five with steps chosen by
the error of its fourth-order companion; a logarithm keeps small populations positive and accurate.
"""

from math import exp

import numpy as np
from scipy.integrate import RK45

from mechfit.compile import compiled

TOLERANCE = 1e-8
MOST_STEPS = 200_000
STAGES = np.vstack([np.pad(RK45.A, ((0, 0), (0, 1))), RK45.B])
ERROR = -RK45.E


@compiled
def grow(
    rates: np.ndarray, start: np.ndarray, times: np.ndarray, tolerance: float, out: np.ndarray
) -> None:
    """Write one path (2, times), NaN from where the steps became too many."""
    a, b, c, d = rates
    u, v = start
    f, g = np.zeros(7), np.zeros(7)
    f[0], g[0] = a + b * exp(v), c + d * exp(u)
    t, h, steps = times[0], 1e-3, 0
    out[:] = np.nan
    out[:, 0] = start
    for i in range(1, times.size):
        while t < times[i]:
            last = t + h >= times[i]
            step = times[i] - t if last else h
            for s in range(1, 7):
                u_s, v_s = u, v
                for j in range(s):
                    u_s += step * STAGES[s, j] * f[j]
                    v_s += step * STAGES[s, j] * g[j]
                f[s], g[s] = a + b * exp(v_s), c + d * exp(u_s)
            error_u = error_v = 0.0
            for s in range(7):
                error_u += step * ERROR[s] * f[s]
                error_v += step * ERROR[s] * g[s]
            error = max(abs(error_u), abs(error_v)) / tolerance
            steps += 1
            if steps > MOST_STEPS:
                return
            if error <= 1.0:
                # the last stage is the new state
                t = times[i] if last else t + step
                u, v, f[0], g[0] = u_s, v_s, f[6], g[6]
                longer = step * min(5.0, 0.9 * (error + 1e-10) ** -0.2)
                h = max(h, longer) if last else longer
            elif error < np.inf:
                h = step * max(0.2, 0.9 * error**-0.2)
            else:
                h = 0.1 * step
        out[0, i], out[1, i] = u, v


def populations(
    rates: np.ndarray, start: np.ndarray, times: np.ndarray, tolerance: float = TOLERANCE
) -> np.ndarray:
    """Paths (n, 2, times) of log-sizes from the rates (n, 4)."""
    out = np.empty((len(rates), 2, times.size))
    for row, path in zip(rates, out, strict=True):
        grow(row, start, times, tolerance, path)
    return out
