"""How close learned posteriors of drift-diffusion come to the exact one, by C2ST.

    python tests/benchmarks/decisions_run.py exact stored npe likelihood refined calibration
    python tests/benchmarks/decisions_run.py mnle      # where the package sbi is
    python tests/benchmarks/decisions_run.py mnle=30   # the first 30 observations only

The observations are 100 of 100 trials each, of parameters from the prior; C2ST compares 1,000
draws of each side. Results go to book/artefacts/decisions-scores.json, draws to .work.

- exact: the reference, by the exact likelihood and a sampler that knows no network.
- stored: the posterior that the book ships (`make.py decisions`).
- npe: a deep set, learned from 1,000 sets of 100 trials.
- likelihood: a network for the density of one trial, learned from 100,000 single trials, each of
  other parameters, and a posterior by it. It is told that t_0 is a delay, that times scale with
  a², and that the two bounds are mirror images.
- mnle: the same by sbi, mixed neural likelihood estimation, which is told nothing.
- refined: the stored posterior, weighted by the exact likelihood.
- calibration: the stored posterior's, at 10, 100 and 1,000 trials.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from artefacts import ARTEFACTS, record
from decision_posteriors import (
    OBSERVED,
    TRIALS,
    Likelihood,
    exact_posterior,
    in_logs,
    observations,
    padded,
    posterior_by,
)
from scipy.special import log_expit

from mechfit.inference import (
    Coupling,
    Training,
    Trials,
    c2st,
    fit,
    importance_sample,
    load,
)
from mechfit.inference.diagnostics import judge
from mechfit.inference.diagnostics.classifier import Classifier
from mechfit.models import DriftDiffusion, Normal, Parameter, Prior, decision_log_likelihood
from mechfit.simulation import Bank, simulate

WORK = Path(__file__).parent / ".work"
NAME, DRAWS, SEED = "decisions-scores", 1000, 1
WEIGHTED = 20_000
MODEL = DriftDiffusion(TRIALS)
PRIOR = MODEL.prior


def add(method: str, **found: object) -> None:
    """Keep a result beside the others."""
    path = ARTEFACTS / f"{NAME}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    record(NAME, known | {method: {**found, "date": time.strftime("%Y-%m-%d")}})
    print(method, {key: value for key, value in found.items() if key != "each"}, flush=True)


def references() -> np.ndarray:
    """Draws (100, 1000, 4) of the exact posteriors."""
    path = WORK / "decisions-exact.npy"
    if not path.exists():
        exact()
    return np.load(path)


def scored(method: str, draws: Iterator[np.ndarray], **facts: object) -> None:
    """Compare draws (n, 4) for each observation in turn with the exact ones, and keep it."""
    each, off = [], []
    for reference, found in zip(references(), draws, strict=False):
        each.append(c2st(reference, found, seed=SEED))
        off.append(abs(found.mean(0) - reference.mean(0)) / reference.std(0))
    spread = np.std(each, ddof=1) / len(each) ** 0.5
    add(
        method,
        c2st=round(float(np.mean(each)), 4),
        error=round(float(spread), 4),
        shift=round(float(np.mean(off)), 3),
        observations=len(each),
        each=np.round(each, 3).tolist(),
        **facts,
    )


def exact() -> None:
    """Draw the references, twice, to tell what C2ST is for equal posteriors."""
    x = observations().x
    found = [exact_posterior(row, DRAWS, i) for i, row in enumerate(x)]
    WORK.mkdir(exist_ok=True)
    np.save(WORK / "decisions-exact.npy", np.stack([each.theta for each in found]))
    facts = {
        "kept_least": round(min(each.kept for each in found), 3),
        "k_largest": round(max(each.k for each in found), 2),
        "evidence_error": round(max(each.log_evidence_error for each in found), 3),
    }
    again = (exact_posterior(row, DRAWS, 1000 + i).theta for i, row in enumerate(x))
    scored("exact", again, **facts)


def stored() -> None:
    """Score the posterior of the book; the seconds are those for all 100 observations."""
    posterior, x = load(ARTEFACTS / "decisions"), in_logs(observations().x)
    started = time.process_time()
    draws = posterior.sample_batched(DRAWS, SEED, x=padded(x, posterior))
    seconds = time.process_time() - started
    scored(
        "stored",
        draws,
        sets=posterior.provenance["simulations"],
        seconds=round(seconds, 2),
    )


def npe(count: int = OBSERVED, sets: int = 1000) -> None:
    """Learn a posterior from as many trials as the others, in sets."""
    x = in_logs(observations().x[:count])
    bank = simulate(MODEL, sets, SEED)
    bank = Bank.of(bank.theta, in_logs(bank.x), SEED, bank.statistic_names)
    flow = Coupling(hidden=96, embedding=Trials(2))
    posterior = fit(bank, PRIOR, flow=flow, training=Training(epochs=100), seed=SEED)
    scored(f"npe {sets * TRIALS}", posterior.sample_batched(DRAWS, SEED, x=x))


def likelihood(count: int = OBSERVED, trials: int = 100_000) -> None:
    """Learn the density of a trial, and use it."""
    bank = simulate(DriftDiffusion(1), trials, SEED)
    log_density = learned_likelihood(bank)
    x = observations().x.reshape(OBSERVED, -1, 2)
    scored(f"likelihood {trials}", by_likelihood(lambda t, i: log_density(t, x[i]), count))


def by_likelihood(
    log_density: Callable[[np.ndarray, int], np.ndarray], count: int
) -> Iterator[np.ndarray]:
    """Draw posteriors by a learned density of trials (m, n) at theta (m, 4), each in turn."""
    for i, start in enumerate(references()[:count]):

        def log_likelihood(theta: np.ndarray, i: int = i) -> np.ndarray:
            return log_density(theta, i).sum(1)

        found = posterior_by(log_likelihood, PRIOR, DRAWS, i, start=start, pool=3 * DRAWS)
        print(f"observation {i}: kept {found.kept:.2f}, k {found.k:.2f}", flush=True)
        yield found.theta


def reflected(theta: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Drift times separation, and distance of the bound that was met (n, 2), as if it were 1."""
    v, a, w, _ = theta.T
    upper = choice == 1
    return np.stack([np.where(upper, 1, -1) * v * a, np.where(upper, w, 1 - w)], -1)


def learned_likelihood(bank: Bank) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Learn the density of a trial from single ones: the choice, then the time given it."""
    choice, rt = bank.x.T
    given, other = reflected(bank.theta, choice), reflected(bank.theta, 1 - choice)
    log_time = np.log((rt - bank.theta[:, 3]) / bank.theta[:, 1] ** 2)
    line = Prior((Parameter("log_time", Normal(log_time.mean(), log_time.std())),))
    times = Bank.of(log_time[:, None], given, SEED, ("drift", "start"))
    training = Training(epochs=12)
    flow = Coupling(layers=3, hidden=64, bins=16)
    density = fit(times, line, flow=flow, training=training, members=1, seed=SEED)
    center, scale = given.mean(0), given.std(0)
    both = (np.concatenate([given, other]) - center) / scale
    labels = np.repeat([1, 0], len(bank))
    choices = Classifier(both, labels, hidden=32, seed=SEED, epochs=10)

    def log_density(theta: np.ndarray, trials: np.ndarray) -> np.ndarray:
        rows = np.repeat(theta, len(trials), 0)
        choice, rt = np.tile(trials, (len(theta), 1)).T
        delay, a = rows[:, 3], rows[:, 1]
        t = np.where(rt > delay, rt - delay, 1)
        given, other = reflected(rows, choice), reflected(rows, 1 - choice)
        odds = choices.logits((given - center) / scale) - choices.logits((other - center) / scale)
        log_p = density.log_prob_batched(np.log(t / a**2)[:, None, None], x=given)[:, 0]
        log_p = np.where(rt > delay, log_p + log_expit(odds / 2) - np.log(t), -np.inf)
        return log_p.reshape(len(theta), -1)

    return log_density


def mnle(count: int = OBSERVED, trials: int = 100_000) -> None:
    """Learn it by the package sbi, with its density for reaction times."""
    import torch
    from sbi.inference import MNLE
    from sbi.neural_nets import likelihood_nn
    from sbi_peer import box_of, sbi_runs, tensor

    bank = simulate(DriftDiffusion(1), trials, SEED)
    started = time.process_time()
    with TemporaryDirectory() as folder, sbi_runs(Path(folder), SEED):
        kind = likelihood_nn(model="mnle", log_transform_x=True)
        trainer = MNLE(box_of(PRIOR), density_estimator=kind, show_progress_bars=False)
        trainer.append_simulations(tensor(bank.theta), tensor(bank.x[:, ::-1].copy()))
        network = trainer.train(training_batch_size=500, learning_rate=1e-3, max_num_epochs=30)
    seconds = time.process_time() - started
    print(f"trained in {seconds:.0f} s, {len(trainer.summary['validation_loss'])} epochs")
    x = observations().x.reshape(OBSERVED, -1, 2)[..., ::-1]

    def log_density(theta: np.ndarray, i: int) -> np.ndarray:
        with torch.no_grad():
            rows = tensor(np.repeat(theta, TRIALS, 0)), tensor(np.tile(x[i], (len(theta), 1)))
            blocks = zip(*(each.split(50_000) for each in rows), strict=True)
            found = [network.log_prob(b[None], a)[0] for a, b in blocks]
        return torch.cat(found).double().numpy().reshape(len(theta), -1)

    scored(f"mnle {trials}", by_likelihood(log_density, count), seconds=round(seconds))


def refined(count: int = OBSERVED) -> None:
    """Weight the posterior of the book by the exact likelihood."""
    posterior, x = load(ARTEFACTS / "decisions"), observations().x[:count]
    kept, tails = [], []

    def each(i: int) -> np.ndarray:
        exact: Likelihood = lambda theta: decision_log_likelihood(x[i], theta)  # noqa: E731
        sample = importance_sample(posterior.at(in_logs(x[i])), exact, WEIGHTED, SEED)
        kept.append(sample.effective_sample_size / WEIGHTED)
        tails.append(sample.k)
        return sample.sample(DRAWS, SEED)

    draws = [each(i) for i in range(len(x))]
    scored(
        "refined",
        draws,
        kept=round(float(np.median(kept)), 3),
        kept_least=round(min(kept), 3),
        k_largest=round(max(tails), 2),
    )


def calibration() -> None:
    """Test the posterior of the book at three numbers of trials, by fresh simulations."""
    posterior = load(ARTEFACTS / "decisions")
    for trials in (10, 100, 1000):
        bank = observations(trials, 500, 5_000_001)
        x = padded(in_logs(bank.x), posterior)
        report = judge(
            posterior, Bank.of(bank.theta, x, bank.seed, posterior.statistic_names), seed=SEED
        )
        add(f"calibration {trials}", **report.to_dict())


if __name__ == "__main__":
    todo = (exact, stored, npe, likelihood, mnle, refined, calibration)
    for name, _, count in (argument.partition("=") for argument in sys.argv[1:]):
        next(each for each in todo if each.__name__ == name)(*([int(count)] if count else []))
