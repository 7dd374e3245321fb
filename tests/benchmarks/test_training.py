"""Training and drawing beside the package sbi, on the same simulations in the same run.

On 10,000 simulations of the prior, both train a posterior by their defaults (sbi: NPE with a
neural spline flow) and draw 10,000 times at an observation: median over seeds of the seconds of
the processor, on one thread. Accuracy is the negative log-likelihood of simulations that neither
has seen; that of sbi, whose flow leaks out of the prior, is corrected by its acceptance rate. Then
each learns a second round from half as many simulations of each round by SNPE-C with ten atoms.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pytest
import torch
from sbibm_tasks import TASKS, Task

from mechfit.inference import NPE, SNPE_C, Posterior, fit
from mechfit.inference.training import one_thread
from mechfit.simulation import Bank, simulate

sbi_inference = pytest.importorskip("sbi.inference", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated")

SIMULATIONS = 10_000
DRAWS = 10_000
FRESH = 10_000
SEEDS = (1, 2, 3)
MEMBERS = 5
LEAK_OBSERVATIONS, LEAK_DRAWS = 500, 500


class Measured(NamedTuple):
    """Seconds, and held-out loss in nats per simulation."""

    seconds: float
    loss: float


@contextmanager
def sbi_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> Iterator[None]:
    """Let sbi, which writes logs where it runs and draws by chance, do so apart from us."""
    monkeypatch.chdir(folder)
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        yield


def timed(make: Callable[[], Posterior], x_o: np.ndarray) -> tuple[Posterior, float]:
    """A posterior of ours, and the seconds to train it and to draw."""
    start = time.process_time()
    posterior = make()
    posterior.at(x_o).sample(DRAWS, seed=1)
    return posterior, time.process_time() - start


def loss_of(posterior: Posterior, bank: Bank) -> float:
    """Mean of -log q(theta | x) over a bank; every density of ours stays in the prior."""
    z, log_det = posterior.prior.to_unbounded(bank.theta)
    with torch.no_grad():
        log_q = posterior.flow.log_prob(torch.as_tensor(z).float(), posterior.context(bank.x))
    return -float(log_q.double().mean() + log_det.mean())


def box_of(task: Task) -> torch.distributions.Distribution:
    """A uniform prior, for sbi."""
    low, high = torch.as_tensor(task.prior.limits(), dtype=torch.float32).T
    return torch.distributions.Independent(torch.distributions.Uniform(low, high), 1)


def tensors(bank: Bank) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.as_tensor(bank.theta).float(), torch.as_tensor(bank.x).float()


def loss_of_sbi(posterior, task: Task, bank: Bank) -> float:
    """The same of sbi's posterior, normalized within the prior."""
    net, prior, (theta, x) = posterior.posterior_estimator, box_of(task), tensors(bank)
    with torch.no_grad():
        log_q = net.log_prob(theta[None], x)[0].double().mean()
        draws = net.sample((LEAK_DRAWS,), x[:LEAK_OBSERVATIONS])
        inside = prior.support.check(draws).double().mean(0)
    return -float(log_q - inside.clamp(min=1 / LEAK_DRAWS).log().mean())


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["two_moons", "slcp"])
def test_training_outruns_sbi(name, tmp_path, monkeypatch, capsys):
    task = TASKS[name]
    fresh = simulate(task, FRESH, seed=100)
    x_o = fresh.x[0]
    ours, theirs, ensembles = [], [], []
    for seed in SEEDS:
        bank = simulate(task, SIMULATIONS, seed=seed)
        posterior, seconds = timed(lambda s=seed, b=bank: fit(b, task.prior, seed=s), x_o)
        ours.append(Measured(seconds, loss_of(posterior, fresh)))
        ensemble = fit(bank, task.prior, members=MEMBERS, seed=seed)
        ensembles.append(loss_of(ensemble, fresh))
        with sbi_runs(tmp_path, monkeypatch, seed):
            start = time.process_time()
            trainer = sbi_inference.NPE(
                box_of(task), density_estimator="nsf", show_progress_bars=False
            )
            trainer.append_simulations(*tensors(bank)).train()
            posterior = trainer.build_posterior()
            posterior.sample((DRAWS,), x=tensors(fresh)[1][0], show_progress_bars=False)
            seconds = time.process_time() - start
            theirs.append(Measured(seconds, loss_of_sbi(posterior, task, fresh)))
        with capsys.disabled():
            print(
                f"\n{name} {SIMULATIONS} seed {seed}: "
                f"ours {ours[-1].seconds:.1f} s {ours[-1].loss:.3f} nat, "
                f"{MEMBERS} of ours {ensembles[-1]:.3f}, "
                f"sbi NSF {theirs[-1].seconds:.1f} s {theirs[-1].loss:.3f}"
            )
    assert median_of(ours).seconds <= median_of(theirs).seconds / 4
    assert median_of(ours).loss <= median_of(theirs).loss + 0.02
    assert median(ensembles) < median_of(theirs).loss


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["two_moons", "slcp"])
def test_a_round_of_atoms_outruns_sbi(name, tmp_path, monkeypatch, capsys):
    task, n = TASKS[name], SIMULATIONS // 2
    x_o = simulate(task, 1, seed=100).x[0]
    ours, theirs = [], []
    for seed in SEEDS:
        state = NPE(task.prior, x_o, method=SNPE_C(), seed=seed)
        for r in range(2):
            theta = state.propose(n)
            state.append(theta, task.statistics(theta, seed, first=r * n))
        ours.append(timed(state.fit, x_o)[1])
        with sbi_runs(tmp_path, monkeypatch, seed):
            trainer = sbi_inference.NPE(
                box_of(task), density_estimator="nsf", show_progress_bars=False
            )
            trainer.append_simulations(*tensors(state.rounds[0].bank)).train()
            first = trainer.build_posterior().set_default_x(torch.as_tensor(x_o).float())
            start = time.process_time()
            trainer.append_simulations(*tensors(state.rounds[1].bank), proposal=first)
            trainer.train(num_atoms=10)
            trainer.build_posterior().sample(
                (DRAWS,), x=torch.as_tensor(x_o).float(), show_progress_bars=False
            )
            theirs.append(time.process_time() - start)
        with capsys.disabled():
            print(
                f"\n{name} second round, seed {seed}: "
                f"ours {ours[-1]:.1f} s, sbi {theirs[-1]:.1f} s"
            )
    assert median(ours) <= median(theirs) / 3


def median_of(rows: list[Measured]) -> Measured:
    """The median of each number by itself."""
    return Measured(*(median(column) for column in zip(*rows, strict=True)))
