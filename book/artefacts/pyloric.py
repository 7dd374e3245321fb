"""Make the posteriors of the pyloric circuit: ``python book/artefacts/pyloric.py [step ...]``.

Two roads to the posterior at the recording. The step ``prior`` learns from all valid ones among
eighteen million simulations from the prior (``pyloric_bank.py``); ``rounds`` from 100,000 of them
and from five rounds where the last estimate is dense, 400,000 in all; ``draws`` simulates 20,000
draws of the latter. Banks and rounds are kept in ``.work/``; a re-run takes up where the last one
stopped.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from pyloric_bank import PATIENCE, WORK, valid_of_prior
from study import CHECKED, FRESH, KNOWN, checked

from mechfit.inference import (
    NPE,
    TSNPE,
    Coupling,
    Posterior,
    fit,
    load,
    restrict,
    save,
    truncate,
)
from mechfit.inference.diagnostics import calibrate
from mechfit.inference.files import write_arrays
from mechfit.inference.restricted import Restricted
from mechfit.inference.sequential.methods import Round
from mechfit.inference.sequential.truncated import Truncated
from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Pyloric
from mechfit.simulation import Bank, simulate
from mechfit.simulation.tasks import Proposal
from mechfit.summaries.thinning import thin_together

HERE = Path(__file__).parent
SEED = 31
FIRST, ROUNDS, EACH, MEMBERS = 100_000, 5, 60_000, 3
DRAWS, TRACES, PREDICTED = 20_000, 100, 500
NEAREST, KEEP = 1_500, 0.99
DEEP, MANY = Coupling(layers=6, hidden=64, bins=4, box=False), 4
"""Of some ten thousand valid simulations, small and deep densities learn more than large ones, and
four of them more than one; eight are too wide, their 50 % regions hold 61 %."""
LOST, LOST_WITHIN = 0.04, 2.0
"""Share of the simulations near the recording that the final region may lose, and what is near, in
standard deviations."""
CLOSE, BLOCK, MOST = 1.5, 4_096, 40
MODEL = Pyloric(patience=PATIENCE)
PLAIN = Pyloric()
RHYTHM = slice(15)
"""The statistics that a recording has: all but the plateaus and their order."""


def bank(n: int) -> Bank:
    """The first n simulations from the prior."""
    return simulate(MODEL, n, SEED, store=WORK / "pyloric-bank")


class Narrowing(TSNPE):
    """Truncated rounds, with a classifier before each region.

    It tells parameters whose simulations come near the recording from all others, and costs a
    twentieth of a density: without it, finding draws would take longer than simulating them.
    """

    def propose(self, posterior: Posterior, last: Round, seed: int) -> Truncated:
        """Where the classifier and the posterior allow, within the last region."""
        theta, x = last.bank.theta, last.bank.x
        distance = away(x).max(1)
        nearest = np.argsort(distance)[:NEAREST]  # NaN comes last
        close = np.zeros(len(x), bool)
        close[nearest] = np.isfinite(distance[nearest])
        labels = Bank(theta, x, close, seed, MODEL.statistic_names)
        allowed = restrict(labels, MODEL.prior, within=last.proposal, keep=KEEP, seed=seed)
        known = theta[allowed.inside(theta)]
        return truncate(posterior, within=allowed, epsilon=self.epsilon, known=known, seed=seed)


def rounds() -> NPE:
    """Rounds, each in the region that the last one left, the first in a classifier's."""
    first = bank(FIRST)
    allowed = restrict(first, MODEL.prior, keep=KEEP, seed=SEED)
    state = NPE(
        MODEL.prior,
        RECORDED_RHYTHM,
        method=Narrowing(epsilon=1e-3),
        seed=SEED,
        proposal=allowed,
        store=WORK / "pyloric-rounds",
        names=MODEL.statistic_names,
        flow=Coupling(bins=8, box=False),
        members=MEMBERS,
    )
    if not len(state):
        state.append_bank(allowed.join(first))
    while len(state) <= ROUNDS:
        r, started = len(state), time.time()
        proposal = state.proposal()  # learns from the rounds so far
        print(f"round {r}: {proposal.acceptance_rate:.2e} of the prior", flush=True)
        store = WORK / "pyloric-rounds" / f"round-{r}" / "bank"
        made = simulate(MODEL, EACH, state.seeds(r)[0], proposal=proposal, store=store)
        state.append_bank(made)
        said = f"{made.valid.mean():.1%} valid; {time.time() - started:.0f} s with its proposal"
        print(f"round {r}: {said}", flush=True)
    return state


def near(proposal: Proposal) -> tuple[Bank, Bank]:
    """Simulations near the recording in all statistics: to find levels, and to judge.

    The latter are kept with the numbers of their noise, so that a test can simulate them again.
    """
    rows, parts = 0, []
    for k in range(MOST):
        made = simulate(MODEL, BLOCK, CHECKED + k, proposal=proposal)
        numbers = np.flatnonzero(made.valid & (away(made.x) < CLOSE).all(1))
        parts.append((made.theta[numbers], made.x[numbers], numbers, 0 * numbers + CHECKED + k))
        rows += len(numbers)
        if rows >= KNOWN + FRESH:
            break
    else:
        raise RuntimeError(f"{rows} of {MOST * BLOCK} simulations came near the recording")
    theta, x, number, seed = (np.concatenate(p) for p in zip(*parts, strict=True))
    fresh = slice(KNOWN, KNOWN + FRESH)
    names = {"theta": theta, "x": x, "number": number, "seed": seed}
    names = {name: values[fresh] for name, values in names.items()}
    write_arrays(HERE / "pyloric-near.npz", **names)
    return tuple(
        Bank(theta[r], x[r], np.ones(len(x[r]), bool), CHECKED, MODEL.statistic_names)
        for r in (slice(KNOWN), fresh)
    )


def away(x: np.ndarray) -> np.ndarray:
    """Distances (n, 15) to the recording, in standard deviations over preparations."""
    return abs(x[:, RHYTHM] - RECORDED_RHYTHM[RHYTHM]) / RHYTHM_SPREAD


def predicted(posterior: Posterior) -> dict:
    """What simulations of the posterior's draws are like, without patience."""
    theta = posterior.at(RECORDED_RHYTHM).sample(PREDICTED, CHECKED)
    x = simulate(PLAIN, seed=CHECKED, theta=theta).x
    valid = np.isfinite(x).all(1)
    distances = away(x[valid])
    return {
        "draws": PREDICTED,
        "valid": round(float(valid.mean()), 4),
        "distance": round(float(np.median(distances, 1).mean()), 4),
        "distance_by_statistic": round(float(np.median(distances, 0).mean()), 4),
        "within": round(float((distances < 1).all(1).sum() / PREDICTED), 4),
    }


def finish(posterior: Posterior, name: str, proposal: Proposal, folder: Path = HERE) -> Posterior:
    """Judge a posterior near the recording, as it is when stored, and store it."""
    save(posterior, folder / name, half=True)
    posterior = load(folder / name)
    known, fresh = near(proposal)
    made = {
        "command": f"python book/artefacts/pyloric.py {name.removeprefix('pyloric-')}",
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "predicted": predicted(posterior),
    }
    posterior = replace(posterior, provenance={**posterior.provenance, **made})
    covered = calibrate(posterior, fresh, seed=CHECKED).coverage(np.array([0.5, 0.9]))
    posterior.provenance["near"] = {
        "simulations": len(fresh),
        "covered": covered.round(3).tolist(),
    }
    posterior = checked(posterior, known, fresh, seed=CHECKED)
    save(posterior, folder / name, half=True)
    told = {k: posterior.provenance[k] for k in ("predicted", "near")}
    print(name, json.dumps(told), posterior.provenance["check"]["verdict"], flush=True)
    return posterior


def learned_from_prior() -> None:
    """Learn from all valid simulations of the prior."""
    made, told = valid_of_prior()
    posterior = fit(made, MODEL.prior, flow=DEEP, members=3, seed=SEED)
    posterior.provenance["bank"] = told
    finish(posterior, "pyloric-prior", rounds().rounds[-1].proposal)


def learned_in_rounds() -> None:
    """Learn in rounds, and tell what each of them found."""
    state = rounds()
    rows = [
        {
            "simulations": FIRST if r == 0 else len(each.bank),
            "acceptance_rate": float(f"{each.proposal.acceptance_rate:.3g}") if r else 1.0,
            "valid": float(each.bank.valid.mean()),
            "near": float((away(each.bank.x) < 1).all(1).mean()),
        }
        for r, each in enumerate(state.rounds)
    ]
    first = bank(FIRST)
    rows[0] |= {
        "valid": float(first.valid.mean()),
        "near": float((away(first.x) < 1).all(1).mean()),
    }
    last = state.rounds[-1].proposal
    joined = last.join(*(each.bank for each in state.rounds))
    posterior = fit(joined, MODEL.prior, flow=DEEP, members=MANY, seed=SEED)
    posterior.provenance["rounds"] = rows
    finish(posterior.on(likely_valid(joined)), "pyloric-rounds", last)


def likely_valid(bank: Bank) -> Restricted:
    """Where a simulation is likely to be valid, but for a share of those near the recording."""
    found = restrict(bank, MODEL.prior, keep=0.98, seed=SEED)
    close = bank.valid & (away(bank.x) < LOST_WITHIN).all(1)
    return replace(found, threshold=float(np.quantile(found.score(bank.theta[close]), LOST)))


def drawn() -> None:
    """Simulate draws of the posterior, and keep the traces of the first ones."""
    posterior, (low, high) = load(HERE / "pyloric-rounds"), MODEL.prior.limits().T
    theta = posterior.at(RECORDED_RHYTHM).sample(DRAWS, SEED)
    kept = np.rint((theta - low) / (high - low) * 65535).astype(np.uint16)
    theta = low + kept / 65535 * (high - low)
    x = simulate(PLAIN, seed=SEED, theta=theta).x
    model = Pyloric(duration=3000.0)
    shown = model.time >= 1000.0
    parts = []
    for k in range(TRACES):
        voltage = model.simulate(theta[k], SEED, first=k).voltage[0][:, shown]
        time, thinned = thin_together(model.time[shown], voltage, 400)
        parts.append(np.rint(thinned).clip(-128, 127).astype(np.int8))
    write_arrays(
        HERE / "pyloric-draws.npz",
        theta=kept,
        x=x.astype(np.float16),
        traces=np.stack(parts),
        time=time,
    )


STEPS = {"prior": learned_from_prior, "rounds": learned_in_rounds, "draws": drawn}

if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or ("rounds", "draws", "prior"):
        STEPS[chosen]()
