"""Compare learned with hand-made statistics: ``python book/artefacts/learned.py``.

The same simulations, known by the seven statistics, by the thinned voltage, or by posterior means
that a network learned from it, train the same flow; what it says about parameters of simulations
that none has seen is the score. Every finished row is stored, and a stopped call goes on.
It does not see changed settings: remove the JSON file to begin anew.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from mechfit.inference import Convolution, Coupling, Posterior, fit, learn_statistics, save
from mechfit.models import HodgkinHuxley, Thinned
from mechfit.simulation import Bank, simulate

HERE = Path(__file__).parent
WORK = HERE / ".work"
NAME = "hodgkin-huxley-traces"
EVERY = 25
SIMULATIONS = 1_000, 4_000, 16_000
FRESH = 2_000
SEED = 6
KINDS = {"seven statistics": "seven", "trace": "whole", "posterior means": "means"}
COMMAND = "python book/artefacts/learned.py"


def score(posterior: Posterior, fresh: Bank) -> float:
    """Mean log-density (nats) of the parameters of fresh simulations, given their data."""
    log_q = posterior.log_prob_batched(fresh.theta[:, None], x=fresh.x)
    return round(float(log_q.mean()), 3)


def main() -> None:
    """Train everything that is not stored yet."""
    neuron, target = HodgkinHuxley(), HERE / f"{NAME}-scores.json"
    models = {"seven statistics": neuron, "trace": Thinned(neuron, EVERY)}
    banks = {
        name: [
            simulate(model, n, SEED + i, store=WORK / f"{NAME}-{name.split()[0]}-{i}")
            for i, n in enumerate((max(SIMULATIONS), FRESH))
        ]
        for name, model in models.items()
    }
    made = {"command": COMMAND, "fresh": FRESH, "every": EVERY, "rows": []}
    if target.exists():
        made = json.loads(target.read_text(encoding="utf-8"))
    done = {(row["statistics"], row["simulations"]) for row in made["rows"]}
    for n in SIMULATIONS:
        for name in KINDS:
            if (name, n) in done:
                continue
            bank, fresh = banks.get(name) or banks["trace"]
            bank, started = bank.rows(slice(n)), time.perf_counter()
            flow = Coupling(embedding=Convolution() if name == "trace" else None)
            if name == "posterior means":
                learned = learn_statistics(bank, neuron.prior, embedding=Convolution(), seed=SEED)
                bank, fresh = learned.bank(bank), learned.bank(fresh)
            posterior = fit(bank, neuron.prior, flow=flow, seed=SEED)
            seconds = round(time.perf_counter() - started)
            if n == max(SIMULATIONS):
                networks = {KINDS[name]: posterior}
                if name == "posterior means":
                    networks |= {"regression": learned.regression}
                for kind, network in networks.items():
                    save(network, HERE / f"{NAME}-{kind}")
            row = {"statistics": name, "simulations": n, "seconds": seconds}
            made["rows"].append(row | {"nats": score(posterior, fresh)})
            made["date"] = time.strftime("%Y-%m-%d")
            part = target.with_suffix(".part")
            part.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
            os.replace(part, target)
            print(made["rows"][-1], flush=True)


if __name__ == "__main__":
    WORK.mkdir(exist_ok=True)
    main()
