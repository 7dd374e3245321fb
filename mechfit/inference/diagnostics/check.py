r"""Check: all diagnostics of a posterior, and their verdict.

Parameters of the prior are simulated, and every test of this room is put to the posteriors of
their data. With T tests, a posterior fails where the smallest p-value is below 0.01 / T
(Bonferroni), so that at most one of 100 correct posteriors is rejected, whatever the number of
parameters. The tests are exact; errors are then described by their size. So many tests see little
in few runs: where none fails, the posterior is called calibrated only if the 95 % interval of the
coverage of its 90 % regions holds 90 %. Taught in ``book/inference/calibration.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, norm

from mechfit.inference.diagnostics.dependence import dependence
from mechfit.inference.diagnostics.misspecification import Misspecification, misspecification
from mechfit.inference.diagnostics.predictive import PredictiveCheck, predictive_check
from mechfit.inference.diagnostics.ranks import Amortized, Calibration, calibrate
from mechfit.inference.diagnostics.uniform import p_value
from mechfit.models import Model
from mechfit.models.inputs import named
from mechfit.simulation import Bank, simulate
from mechfit.simulation.tasks import Proposal

__all__ = ["Report", "check", "judge"]

ALPHA = 0.01
"""Highest probability that a correct posterior, or a possible observation, is rejected."""
NAMED = 3
LEVELS = np.arange(1, 10) / 10
LEVEL = 0.9
"""The level whose coverage is told, with its interval."""
REGIONS = "credible regions"


@dataclass(frozen=True, repr=False)
class Report:
    """Results of the tests of a posterior; `print` it for the verdict.

    Attributes:
        calibration: Known parameters and draws of the posterior for each.
        p_values: p-value of each test, by its name.
        predictive: Posterior predictive check of the observation, or None without one.
        misspecification: How unusual the observation is, or None without one.
    """

    calibration: Calibration
    p_values: dict[str, float]
    predictive: PredictiveCheck | None = None
    misspecification: Misspecification | None = None

    @property
    def calibrated(self) -> bool:
        """Whether no test of the posterior failed; see `doubtful` too."""
        return self.smallest >= ALPHA

    @property
    def doubtful(self) -> bool:
        """Whether no test failed, and yet the coverage's interval misses its level."""
        low, high = self.interval
        return self.calibrated and not low <= LEVEL <= high

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval (Wilson) of the coverage of the 90 % regions."""
        c = self.calibration
        ends = binomtest(round(c.coverage(LEVEL) * len(c)), len(c)).proportion_ci(method="wilson")
        return ends.low, ends.high

    @property
    def smallest(self) -> float:
        """Smallest p-value, corrected for the number of tests."""
        return min(1.0, min(self.p_values.values()) * len(self.p_values))

    @property
    def findings(self) -> tuple[str, ...]:
        """The posterior's errors, in words; empty if it is calibrated."""
        if self.calibrated:
            return ()
        limit = ALPHA / len(self.p_values)
        c, n, far = self.calibration, len(self.calibration), norm.isf(limit / 2)
        found = []
        if self.p_values[REGIONS] < limit:
            width = "narrow" if c.levels.mean() > 0.5 else "wide"
            found.append(f"too {width}: {self.held}")
        for j, name in enumerate(c.names):
            shift, stretch = c.shift[j], c.stretch[j]
            if abs(shift) * n**0.5 > far:
                way = "low" if shift > 0 else "high"
                found.append(f"{name} {abs(shift):.2f} posterior standard deviations too {way}")
            if abs(stretch**2 - 1) * (n / 2) ** 0.5 > far:
                found.append(f"{name} should be {stretch:.2f} times as wide")
            if any(p < limit for test, p in self.p_values.items() if test.startswith(f"{name}, ")):
                found.append(f"the error of {name} depends on the data")
        return tuple(found) or (f"failed: {min(self.p_values, key=self.p_values.get)}",)

    @property
    def held(self) -> str:
        """Share of truths in their 90 % regions, with its interval, in words."""
        c = self.calibration
        low, high = (f"{100 * end:.0f}" for end in self.interval)
        return (
            f"its 90 % regions held {100 * c.coverage(LEVEL):.0f} % of {len(c)} truths "
            f"({low} to {high} % of all)"
        )

    @property
    def doubts(self) -> tuple[str, ...]:
        """Evidence against the observation, in words."""
        doubts, unlike, predicted = [], self.misspecification, self.predictive
        if unlike is not None and unlike.p_value < ALPHA:
            doubts.append(f"x_o is unlike the simulations, {unlike.worst} most of all")
        if predicted is not None:
            beyond = predicted.p_values < 1.5 / (len(predicted.x) + 1)
            names = [n for n, b in zip(predicted.names, beyond, strict=True) if b]
            doubts += [f"no draw reproduces {', '.join(names)}"] if names else []
        return tuple(doubts)

    @property
    def verdict(self) -> str:
        """The result in one line."""
        tests = f"none of {len(self.p_values)} tests fails"
        least = f"smallest p, corrected for their number, {self.smallest:.2g}"
        if self.doubtful:
            line = f"doubtful: {tests} ({least}), but {self.held}"
        elif self.calibrated:
            line = f"calibrated: {tests} ({least}); {self.held}"
        else:
            found = self.findings[:NAMED]
            told = found[0].endswith(self.held)
            line = "not calibrated: " + "; ".join(found if told else (*found, self.held))
        return line + "".join(f". Observation: {doubt}" for doubt in self.doubts)

    def __repr__(self) -> str:
        return f"<Report: {self.verdict}>"

    def to_dict(self) -> dict:
        """Plain data to keep with a posterior: verdict, p-values, coverage, sizes of errors."""
        c = self.calibration
        sizes = {"shift": c.shift, "stretch": c.stretch, "contraction": c.contraction}
        return {
            "calibrated": self.calibrated,
            "verdict": self.verdict,
            "runs": len(c) + c.invalid,
            "invalid": c.invalid,
            "draws": c.draws.shape[1],
            "p_values": {name: float(f"{p:.3g}") for name, p in self.p_values.items()},
            "coverage": {f"{a:.1f}": round(float(c.coverage(a)), 4) for a in LEVELS},
            **{
                name: dict(zip(c.names, v.round(4).tolist(), strict=True))
                for name, v in sizes.items()
            },
        }


def check(
    posterior: Amortized,
    model: Model,
    *,
    x_o: np.ndarray | None = None,
    runs: int = 500,
    draws: int = 200,
    proposal: Proposal | None = None,
    seed: int,
) -> Report:
    """Test a posterior on fresh simulations.

    Args:
        posterior: The posterior, or anything with its `prior` and batched methods.
        model: The simulator; it may return more statistics than the posterior was trained on.
        x_o: An observation (k,) to test too; by default that of the posterior, if it has one.
        runs: Simulations; 500 detect a bias of a quarter of a posterior's width.
        draws: Draws of the posterior for each.
        proposal: The region that a posterior was learned on; by default its prior.
        seed: Seed of simulations and draws; not that of the simulations learned from.

    Raises:
        ValueError: The posterior has other parameters than the model, or was learned from
            simulations of the same seed, whose parameters it would be tested on again.

    Example:
        >>> from mechfit.inference import Training, fit
        >>> from mechfit.models import TwoMoons
        >>> bank = simulate(TwoMoons(), 200, seed=1)
        >>> posterior = fit(bank, TwoMoons.prior, training=Training(epochs=1), seed=1)
        >>> check(posterior, TwoMoons(), runs=200, seed=2).calibrated
        False
    """
    if posterior.prior.names != model.prior.names:
        raise ValueError(
            f"the posterior has the parameters {', '.join(posterior.prior.names)}, expected "
            f"those of the model: {', '.join(model.prior.names)}"
        )
    if getattr(posterior, "provenance", {}).get("bank_seed") == seed:
        raise ValueError(
            f"seed is {seed}, which made the simulations that the posterior has learned from; "
            "expected another, for parameters that it has not seen"
        )
    names = getattr(posterior, "statistic_names", model.statistic_names)
    bank = simulate(model, runs, seed, proposal=proposal or posterior.prior).select(names)
    report = judge(posterior, bank, draws=draws, seed=seed)
    x_o = getattr(posterior, "x_o", None) if x_o is None else x_o
    if x_o is None:
        return report
    x_o = named(x_o, names, "x_o")
    predicted = predictive_check(posterior, model, x_o, draws=runs, seed=seed)
    unlike = misspecification(bank, x_o, seed=seed)
    return replace(report, predictive=predicted, misspecification=unlike)


def judge(posterior: Amortized, bank: Bank, *, draws: int = 200, seed: int) -> Report:
    """Test a posterior on a fresh bank; the arguments are those of `calibrate`."""
    calibration = calibrate(posterior, bank, draws=draws, seed=seed)
    return Report(calibration, p_values_of(calibration))


def p_values_of(calibration: Calibration) -> dict[str, float]:
    """p-value of every test of the posterior, by name."""
    c = calibration
    found = {REGIONS: p_value(c.levels), "distances to a point": p_value(c.distances)}
    for kind, ranks in (("", c.ranks), (" given the others", c.residuals)):
        places, spreads = dependence(ranks, c.x)
        for j, name in enumerate(c.names):
            found |= {
                f"{name}{kind}": p_value(ranks[:, j]),
                f"{name}, place{kind} and the data": float(places[j]),
                f"{name}, spread{kind} and the data": float(spreads[j]),
            }
    return found
