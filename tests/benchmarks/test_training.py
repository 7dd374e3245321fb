"""Training and drawing beside the package sbi, on the same simulations in the same run.

On 10,000 simulations of the prior, both train a posterior by their defaults (sbi: NPE with a
neural spline flow) and draw 10,000 times at an observation: median over seeds of the seconds of
the processor, on one thread. Accuracy is the negative log-likelihood of simulations that neither
has seen; that of sbi, whose flow leaks out of the prior, is corrected by its acceptance rate. Then
each learns a second round from half as many simulations of each round by SNPE-C with ten atoms.
"""

import numpy as np
import pytest
import torch
from sbi_peer import box_of, drawn, sbi_runs, tensor, tensors, trained
from sbibm_tasks import TASKS, Task
from timing import Timer

from mechfit.inference import NPE, SNPE_C, Posterior, fit
from mechfit.simulation import Bank, simulate

pytestmark = [
    pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated"),
    pytest.mark.timeout(7200),
    pytest.mark.parametrize("name", ["two_moons", "slcp"]),
]

SIMULATIONS = 10_000
DRAWS = 10_000
FRESH = 10_000
SEEDS = (1, 2, 3)
MEMBERS = 5
LEAK_OBSERVATIONS, LEAK_DRAWS = 500, 500


def loss_of(posterior: Posterior, bank: Bank) -> float:
    """Mean of -log q(theta | x) over a bank; every density of ours stays in the prior."""
    return -float(posterior.log_prob_batched(bank.theta[:, None], x=bank.x).mean())


def loss_of_sbi(posterior, task: Task, bank: Bank) -> float:
    """The same of sbi's posterior, normalized within the prior."""
    net, (theta, x) = posterior.posterior_estimator, tensors(bank)
    with torch.no_grad():
        log_q = net.log_prob(theta[None], x)[0].double().mean()
        draws = net.sample((LEAK_DRAWS,), x[:LEAK_OBSERVATIONS])
        inside = box_of(task.prior).support.check(draws).double().mean(0)
    return -float(log_q - inside.clamp(min=1 / LEAK_DRAWS).log().mean())


def test_training_outruns_sbi(name, tmp_path, capsys):
    task = TASKS[name]
    fresh = simulate(task, FRESH, seed=100)
    rows = []
    for seed in SEEDS:
        bank = simulate(task, SIMULATIONS, seed=seed)
        with Timer() as ours:
            posterior = fit(bank, task.prior, members=1, seed=seed)
            posterior.at(fresh.x[0]).sample(DRAWS, seed=1)
        ensemble = fit(bank, task.prior, members=MEMBERS, seed=seed)
        losses = loss_of(posterior, fresh), loss_of(ensemble, fresh)
        with sbi_runs(tmp_path, seed):
            with Timer() as theirs:
                posterior = trained(box_of(task.prior), *tensors(bank), "nsf").build_posterior()
                drawn(posterior, fresh.x[0], DRAWS)
            loss = loss_of_sbi(posterior, task, fresh)
        rows.append((ours.seconds, *losses, theirs.seconds, loss))
        with capsys.disabled():
            text = "ours {:.1f} s {:.3f} nat, ensemble {:.3f}, sbi NSF {:.1f} s {:.3f}"
            print(f"\n{name} {SIMULATIONS} seed {seed}:", text.format(*rows[-1]))
    ours, loss, loss_of_members, theirs, loss_of_theirs = np.median(rows, axis=0)
    assert ours <= theirs / 4
    assert loss <= loss_of_theirs + 0.02
    assert loss_of_members < loss_of_theirs


def test_a_round_of_atoms_outruns_sbi(name, tmp_path, capsys):
    task, n = TASKS[name], SIMULATIONS // 2
    x_o = simulate(task, 1, seed=100).x[0]
    rows = []
    for seed in SEEDS:
        npe = NPE(task.prior, x_o, method=SNPE_C(), seed=seed)
        for r in range(2):
            theta = npe.propose(n)
            npe.append(theta, task.statistics(theta, seed, first=r * n))
        with Timer() as ours:
            npe.fit().sample(DRAWS, seed=1)
        first, second = (tensors(made.bank) for made in npe.rounds)
        with sbi_runs(tmp_path, seed):
            trainer = trained(box_of(task.prior), *first, "nsf")
            proposal = trainer.build_posterior().set_default_x(tensor(x_o))
            with Timer() as theirs:
                trainer.append_simulations(*second, proposal=proposal).train(num_atoms=10)
                drawn(trainer.build_posterior(), x_o, DRAWS)
        rows.append((ours.seconds, theirs.seconds))
        with capsys.disabled():
            text = "ours {:.1f} s, sbi {:.1f} s"
            print(f"\n{name} second round, seed {seed}:", text.format(*rows[-1]))
    ours, theirs = np.median(rows, axis=0)
    assert ours <= theirs / 3
