"""A recorded step, its posterior, and a page about both."""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np

import mechfit
from mechfit.cli.page import page_of
from mechfit.inference import Posterior, Report, check, fit, load
from mechfit.inference.diagnostics.misspecification import misspecification
from mechfit.inference.diagnostics.predictive import PredictiveCheck, tail
from mechfit.models import AnyStep, Cell, Recording, Traces, load_recording, read_cells
from mechfit.models import read_recording as read_table
from mechfit.simulation import simulate

__all__ = ["Answer", "answer", "infer_file", "trained"]

DRAWS, RUNS = 2000, 500


@dataclass(frozen=True)
class Answer:
    """What was inferred from a recording.

    Attributes:
        cell: The recording, reduced.
        recording: The recording.
        source: Where the posterior is from, in words.
        theta: Draws of the posterior (n, 8).
        report: Its checks, and those of the observation.
        warnings: What was warned of.
    """

    cell: Cell
    recording: Recording
    source: str
    theta: np.ndarray
    report: Report
    warnings: tuple[str, ...]


def infer_file(given: argparse.Namespace) -> None:
    """Read a recording, infer, write the page and print the verdict."""
    recording = read(given)
    if given.posterior:
        posterior = load(given.posterior)
        result = trained(
            recording, posterior, f"the stored posterior {given.posterior}", given.seed
        )
    elif given.train:
        print(f"Simulating {given.train:,} neurons under this step, and training ...", flush=True)
        neuron = recording.model()
        posterior = fit(simulate(neuron, given.train, given.seed), neuron.prior, seed=given.seed)
        source = f"a network trained on {given.train:,} simulations of this step"
        result = trained(recording, posterior, source, given.seed)
    else:
        result = answer(recording, given.seed)
    path = given.output or given.recording.with_suffix(".html")
    path.write_text(page_of(given.recording.name, result), encoding="utf-8")
    for line in result.warnings:
        print(f"Warning: {line}")
    print(f"Verdict: {result.report.verdict}\nThe page is in {path}.")


def read(given: argparse.Namespace) -> Recording:
    """Read the recording that the command line names."""
    path, area = given.recording, given.area
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}, expected a recording (.nwb, .csv or .abf)"
        )
    if given.capacitance is not None:
        area = 1e-6 * given.capacitance
    if path.suffix.lower() != ".nwb":
        return read_table(path, area=area, junction=given.junction, sweep=given.sweep or 0)
    if given.sweep is None or area is None:
        raise ValueError(
            "an NWB file needs --sweep NUMBER, and --area CM2 or --capacitance PF, which turns "
            "its current into µA/cm²"
        )
    return load_recording(path, given.sweep, area=area, junction=given.junction)


def answer(recording: Recording, seed: int) -> Answer:
    """Infer by the network that was told the stimulus, if it knows this one."""
    model = AnyStep(read_cells(shipped("allen_cells.csv")))
    recording = thinned(recording, model.example.dt)
    cell = recording.cell("recording")
    if reason := unknown(cell, model):
        raise ValueError(f"{reason}. Use --train 10000 for a network of this step's own")
    posterior = load(shipped("allen-cells.json").with_suffix(""))
    x = model.observation(cell)
    theta, said = drawn(posterior, x, model.prior, seed)
    report = check(posterior, model, runs=RUNS, seed=seed + 1)
    bank = simulate(recording.model(), theta=theta[:RUNS], seed=seed + 2)
    bank = bank.rows(bank.valid)
    p_values = tail(bank.x, cell.x)
    predicted = PredictiveCheck(bank.statistic_names, cell.x, bank.theta, bank.x, p_values, 0)
    unlike = misspecification(simulate(model, 2000, seed + 3), x, seed=seed)
    report = replace(report, predictive=predicted, misspecification=unlike)
    source = (
        f"a network trained on {posterior.provenance['simulations']:,} simulations, told the "
        "step's current and the first voltage"
    )
    return Answer(cell, recording, source, theta, report, said)


def trained(recording: Recording, posterior: Posterior, source: str, seed: int) -> Answer:
    """Infer by a posterior of the recording's own stimulus."""
    model, cell = recording.model(), recording.cell("recording")
    theta, said = drawn(posterior, cell.x, model.prior, seed)
    report = check(posterior, model, x_o=cell.x, runs=RUNS, seed=seed + 1)
    return Answer(cell, recording, source, theta, report, said)


def drawn(
    posterior: Posterior, x: np.ndarray, prior: mechfit.Prior, seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draw of the posterior for x (k,): theta (n, d), and what is to be warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        theta = posterior.at(x).sample(DRAWS, seed)
    return theta, (*(str(w.message) for w in caught), *piled(theta, prior))


def piled(theta: np.ndarray, prior: mechfit.Prior) -> tuple[str, ...]:
    """Warn of parameters whose draws pile up at a bound of the prior."""
    share = prior.at_bounds(theta)
    names = [f"{prior.names[j]} ({100 * share[j]:.0f} %)" for j in np.flatnonzero(share > 0.5)]
    if not names:
        return ()
    return (
        f"more than half of the draws lie at a bound of the prior in {', '.join(names)}: the "
        "prior, or the model, may not hold this neuron",
    )


def unknown(cell: Cell, model: AnyStep) -> str:
    """Say why the network does not know the stimulus of a cell; "" if it does."""
    known = model.example
    pairs = {
        "onset (ms)": (cell.window[0], known.window[0], 1.5 * known.dt),
        "length (ms)": (np.diff(cell.window)[0], np.diff(known.window)[0], 1.5 * known.dt),
        "sampling interval (ms)": (cell.dt, known.dt, 1e-3 * known.dt),
    }
    for what, (given, wanted, most) in pairs.items():
        if abs(given - wanted) > most:
            return f"the step's {what} is {given:g}, and the network knows {wanted:g} alone"
    stimulus = {"current (µA/cm²)": cell.current, "first voltage (mV)": cell.v_init}
    for (what, given), low, high in zip(stimulus.items(), model.low, model.high, strict=True):
        if not low <= given <= high:
            return f"the {what} is {given:.3g}, and the network knows {low:.3g} to {high:.3g}"
    return ""


def thinned(recording: Recording, dt: float) -> Recording:
    """Keep every k-th sample, where that gives the sampling interval `dt` (ms)."""
    traces = recording.traces
    k = round(dt / float(traces.time[1]))
    if k < 2 or abs(k * traces.time[1] - dt) > 1e-3 * dt:
        return recording
    kept = Traces(traces.voltage[..., ::k], traces.time[::k])
    return replace(recording, traces=kept, current=recording.current[::k])


def shipped(name: str) -> Path:
    """Return a file that comes with the package, or lies in the checkout around it."""
    path = Path(mechfit.__file__).parents[1] / "book" / "artefacts" / name
    if path.exists():
        return path
    try:
        found = [file for file in files("mechfit") or [] if file.name == name]
    except PackageNotFoundError:
        found = []
    if not found:
        raise FileNotFoundError(f"{name} is not installed with mechfit, expected in share/mechfit")
    return Path(found[0].locate()).resolve()
