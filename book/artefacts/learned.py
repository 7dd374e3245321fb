"""Compare learned with hand-made statistics: ``python book/artefacts/learned.py``.

The same simulations, known by the seven statistics, by the averaged voltage, or by posterior means
that a network learned from it, train the same flow; what it says about parameters of simulations
that none has seen is the score. Every finished row is stored, and a stopped call goes on.
"""

from __future__ import annotations

import time
from pathlib import Path

from study import CHECKED, KNOWN, Study, checked

from mechfit.inference import Convolution, Coupling, Posterior, fit, learn_statistics, save
from mechfit.models import Averaged, HodgkinHuxley
from mechfit.simulation import Bank, simulate

HERE = Path(__file__).parent
WORK = HERE / ".work"
NAME = "hodgkin-huxley-traces"
EVERY = 25
SIMULATIONS = 1_000, 4_000, 16_000, 64_000
FRESH = 2_000
SEED = 6
KINDS = {"seven statistics": "seven", "trace": "whole", "posterior means": "means"}
SETTINGS = {
    "command": "python book/artefacts/learned.py",
    "fresh": FRESH,
    "every": EVERY,
    "seed": SEED,
}


def score(posterior: Posterior, fresh: Bank) -> float:
    """Mean log-density (nats) of the parameters of fresh simulations, given their data."""
    log_q = posterior.log_prob_batched(fresh.theta[:, None], x=fresh.x)
    return round(float(log_q.mean()), 3)


def main() -> None:
    """Train everything that is not stored yet."""
    neuron, study = HodgkinHuxley(), Study(HERE / f"{NAME}-scores.json", SETTINGS)
    models = {"seven statistics": neuron, "trace": Averaged(neuron, EVERY)}
    banks = {
        name: [
            simulate(model, n, SEED + i, store=WORK / f"{NAME}-{name.split()[0]}-{i}")
            for i, n in enumerate((max(SIMULATIONS), FRESH))
        ]
        for name, model in models.items()
    }
    known = {name: simulate(model, KNOWN, CHECKED) for name, model in models.items()}
    for n in SIMULATIONS:
        for name, kind in KINDS.items():
            if study.holds(statistics=name, simulations=n):
                continue
            bank, fresh = banks.get(name) or banks["trace"]
            other = known.get(name) or known["trace"]
            bank, started = bank.rows(slice(n)), time.perf_counter()
            embedding = Convolution() if name == "trace" else None
            flow = Coupling(bins=8, box=False, embedding=embedding)
            if name == "posterior means":
                learned = learn_statistics(bank, neuron.prior, embedding=Convolution(), seed=SEED)
                bank, fresh, other = (learned.bank(b) for b in (bank, fresh, other))
            posterior = fit(bank, neuron.prior, flow=flow, members=1, seed=SEED)
            seconds = round(time.perf_counter() - started)
            if n == max(SIMULATIONS):
                if name == "posterior means":
                    save(learned.regression, HERE / f"{NAME}-regression")
                judged = checked(posterior, other, fresh.first(500), seed=CHECKED)
                save(judged, HERE / f"{NAME}-{kind}")
            result = {"seconds": seconds, "nats": score(posterior, fresh)}
            study.add(result, statistics=name, simulations=n)


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    main()
