r"""Temperature: at which one circuits crash, and how their rhythm changes on the way.

At T a rate or conductance is Q10^((T - T_0) / 10) times that at T_0, each with its own Q10. The
*crash temperature* is the lowest one above the temperature at which an animal lives at which fewer
than half of a circuit's repeats work. The change of a statistic y is summarized by its own Q10,

    ln y = a + ln Q10 (T - T_0) / 10,

by least squares. Tang, Goeritz, Caplan, Taylor, Fisek &
Marder (2010), doi:10.1371/journal.pbio.1000469. Taught in ``book/robustness/temperature.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from mechfit.models import Model
from mechfit.models.inputs import numbers
from mechfit.robustness.criterion import Criterion, all_defined
from mechfit.robustness.stored import Stored
from mechfit.simulation.progress import progress_bar

__all__ = ["KELVIN", "Warming", "q10_of", "share_interval", "warm"]

KELVIN = 273.0
"""0 °C in K, rounded as in the pyloric model, where 10 °C is 283 K."""


@dataclass(frozen=True)
class Warming(Stored):
    """Whether circuits work at temperatures, and their statistics.

    Attributes:
        celsius: Temperatures (t,) in °C, increasing.
        worked: Share (n, t) of repeats that work.
        x: Statistics (n, t, k), the mean over the repeats that work; NaN where none does.
    """

    celsius: np.ndarray
    worked: np.ndarray
    x: np.ndarray

    @property
    def works(self) -> np.ndarray:
        """Whether at least half of the repeats work (n, t)."""
        return self.worked >= 0.5

    def crash(self, home: float) -> tuple[np.ndarray, np.ndarray]:
        """The last temperature (n,) at which circuits still work, and the next, where they crash.

        It gets warmer from `home` (°C), one of the temperatures; both are NaN for circuits that do
        not work there, and the second is infinite where none crashed.
        """
        at = np.flatnonzero(self.celsius == home)
        if not len(at):
            raise ValueError(f"home is {home} °C, expected one of {self.celsius.tolist()}")
        works = self.works[:, at[0] :]
        first = np.where(works.all(1), works.shape[1], np.argmin(works, 1))
        warmer = np.r_[np.nan, self.celsius[at[0] :], np.inf]
        crash = np.where(first > 0, warmer[first + 1], np.nan)
        return warmer[first], crash


def warm(
    model_at: Callable[[float], Model],
    theta: np.ndarray,
    celsius: np.ndarray,
    *,
    rule: Callable[[np.ndarray], np.ndarray] = all_defined,
    repeats: int = 1,
    seed: int,
) -> Warming:
    """Simulate circuits at temperatures.

    Args:
        model_at: The model at a temperature in °C.
        theta: Circuits (n, d).
        celsius: Temperatures (t,) in °C, increasing.
        rule: As of a `Criterion`.
        repeats: Simulations of each circuit at each temperature.
        seed: Seed of the noise.

    Raises:
        ValueError: The temperatures do not increase.
    """
    celsius = numbers(celsius, "celsius")
    if celsius.ndim != 1 or not len(celsius) or not (np.diff(celsius) > 0).all():
        raise ValueError(f"celsius is {celsius.tolist()}, expected increasing temperatures")
    theta, worked, x = model_at(float(celsius[0])).prior.check(theta), [], []
    n = len(theta)
    with progress_bar(len(celsius), " temperatures") as bar:
        for t in celsius:
            works = Criterion(model_at(float(t)), rule)
            found = works.statistics(np.repeat(theta, repeats, 0), seed)
            good = np.asarray(works.rule(found), bool).reshape(n, repeats)
            found = found.reshape(n, repeats, -1)
            counted = np.where(good[:, :, None], found, 0.0).sum(1)
            with np.errstate(invalid="ignore", divide="ignore"):
                x.append(counted / good.sum(1)[:, None])
            worked.append(good.mean(1))
            bar.update(1)
    return Warming(celsius, np.stack(worked, 1), np.stack(x, 1))


def share_interval(works: np.ndarray, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the share of circuits that work, from which of n do (n, t), by Jeffreys' prior.

    Example:
        >>> low, high = share_interval(np.ones((20, 1), bool))
        >>> (float(low[0].round(2)), float(high[0]))
        (0.91, 1.0)
    """
    works = np.asarray(works, bool)
    n, k = len(works), works.sum(0)
    tail = (1 - level) / 2
    low = np.where(k > 0, beta.ppf(tail, k + 0.5, n - k + 0.5), 0.0)
    return low, np.where(k < n, beta.ppf(1 - tail, k + 0.5, n - k + 0.5), 1.0)


def q10_of(celsius: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Q10 (n,) of positive values (n, t), the factor over 10 K by least squares.

    NaN are left out; rows with fewer than three values have no Q10.

    Example:
        >>> t = np.array([7.0, 11.0, 15.0, 19.0])
        >>> float(q10_of(t, 3.0 * 2.0 ** (t / 10))[0].round(6))
        2.0
    """
    celsius, values = numbers(celsius, "celsius"), np.atleast_2d(numbers(values, "values"))
    if celsius.shape != values.shape[1:] or (values <= 0).any():
        raise ValueError(
            f"celsius and values have shapes {celsius.shape} and {values.shape}, expected (t,) "
            "and (n, t), the values positive"
        )
    y = np.log(values)
    known = np.isfinite(y)
    t = np.where(known, celsius / 10, np.nan)
    many = known.sum(1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        away = t - (np.nansum(t, 1) / many)[:, None]
        slope = np.nansum(away * y, 1) / np.nansum(away**2, 1)
        return np.where(many >= 3, np.exp(slope), np.nan)
