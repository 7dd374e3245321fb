"""Networks of their own for sets of statistics: ``python book/artefacts/feature_sets.py``.

The masked network `hodgkin-huxley-twenty` gives the posterior of every set of twenty statistics.
Here networks learn from one set each, and both are scored on the same fresh neurons: mean
log-density of true parameters over that of the prior, in nats. The sets are those that a page
compares. Every finished row is stored, and a stopped call goes on.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from study import Study

from mechfit.inference import (
    Coupling,
    Posterior,
    Training,
    fit,
    greedy_selection,
    information,
    leave_one_out,
    load,
)
from mechfit.inference.diagnostics.information import gain_of, standard_error
from mechfit.models import HodgkinHuxley
from mechfit.simulation import Bank, open_bank, simulate
from mechfit.summaries import Extended, features

HERE = Path(__file__).parent
WORK = HERE / ".work"
MASKED = "hodgkin-huxley-twenty"
SIMULATIONS, ALONE, FRESH = 2_000_000, 500_000, 4_000
"""Numbers of simulations that networks learn from, those of a single statistic, and to score."""
SEED, CHOOSING, FRESH_SEED = 3, 2, 77
FLOW, TRAINING = Coupling(layers=5, bound=3.0), Training(epochs=4, batch=512)
SETTINGS = {
    "command": "python book/artefacts/feature_sets.py",
    "fresh": FRESH,
    "seeds": [SEED, CHOOSING, FRESH_SEED],
    "flow": repr(FLOW),
    "training": repr(TRAINING),
}


def store(seed: int) -> Path:
    """Where simulations are kept; those to learn from are the first of the masked network's."""
    return WORK / (MASKED if seed == SEED else f"{MASKED}-{seed}")


def simulations(n: int, seed: int) -> Bank:
    """Simulations of the talk's neuron with all twenty statistics."""
    return simulate(HodgkinHuxley(extended=Extended()), n, seed, store=store(seed))


def masked() -> Posterior:
    """The network that serves for every set."""
    return load(HERE / MASKED)


def chosen_sets() -> dict[str, tuple[str, ...]]:
    """The sets that are compared: chosen by the masked network or by the authors, and singles.

    Left out are the statistics that tell, by the masked network, most and least by themselves
    beside what they tell beyond the others: the redundant and the complementary one.
    """
    posterior, bank = masked(), simulations(FRESH, CHOOSING)
    names = posterior.statistic_names
    order, _ = greedy_selection(posterior, bank.first(1000), 7)
    alone = information(posterior, bank, [[name] for name in names])[0]
    beyond, _ = leave_one_out(posterior, bank)
    spread = np.argsort(alone - beyond)
    drop = {
        f"without {names[j]}": tuple(n for n in names if n != names[j]) for j in spread[[-1, 0]]
    }
    return {
        "all twenty": names,
        "greedy seven": order,
        "authors' seven": features(7),
        "greedy four": order[:4],
        "greedy three": order[:3],
        "greedy two": order[:2],
        "authors' four": features(4),
        **drop,
        **{name: (name,) for name in names},
    }


def result(names: tuple[str, ...]) -> dict:
    """Train a network from one set, and score it beside the masked one."""
    started, fresh = time.process_time(), open_bank(store(FRESH_SEED))
    bank = open_bank(store(SEED)).first(SIMULATIONS if len(names) > 1 else ALONE).select(names)
    own = fit(bank, HodgkinHuxley.prior, flow=FLOW, training=TRAINING, members=1, seed=SEED)
    scores = np.array([gain_of(own, fresh.select(names), names), gain_of(masked(), fresh, names)])
    errors = standard_error(np.vstack([scores, scores[1] - scores[0]]))
    return {
        "names": list(names),
        "simulations": len(bank),
        "nats": round(float(scores[0].mean()), 3),
        "error": round(float(errors[0]), 3),
        "masked_nats": round(float(scores[1].mean()), 3),
        "masked_error": round(float(errors[1]), 3),
        "difference_error": round(float(errors[2]), 3),
        "processor_seconds": round(time.process_time() - started),
    }


def main() -> None:
    """Train all networks that are not stored yet, one on each core."""
    WORK.mkdir(exist_ok=True)
    study = Study(HERE / "hodgkin-huxley-sets.json", SETTINGS)
    for n, seed in ((SIMULATIONS, SEED), (FRESH, FRESH_SEED)):
        simulations(n, seed)
    rows = {k: names for k, names in chosen_sets().items() if not study.holds(set=k)}
    os.environ["OMP_NUM_THREADS"] = "1"
    pool = ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))
    results = {pool.submit(result, names): key for key, names in rows.items()}
    try:
        for future in as_completed(results):
            study.add(future.result(), set=results[future])
    finally:
        pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    main()
