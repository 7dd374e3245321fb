"""Problems of neuroscience: their simulators and their exact posteriors agree."""

import pytest
from neuroscience_problems import (
    CAUCHY,
    DIFFUSION,
    PROBLEMS,
    TRACE,
    cauchy_log_likelihood,
    decisions_log_likelihood,
    quadrature,
    trace_log_likelihood,
)
from neuroscience_run import SIDES, Row, Side, lines, run
from sbibm_table import read

from mechfit.inference.diagnostics import calibrate, p_value


@pytest.mark.parametrize("name", PROBLEMS)
def test_truths_rank_evenly_among_exact_draws(name):
    problem, bank = PROBLEMS[name], PROBLEMS[name].bank(200, seed=7)
    assert problem.log_prob_batched(bank.theta[:2, None], x=bank.x[:2]).shape == (2, 1)
    found = calibrate(problem, bank, draws=100, seed=1)
    ranks = [*found.ranks.T, *found.residuals.T, found.levels, found.distances]
    assert min(p_value(u) for u in ranks) * len(ranks) > 1e-3


@pytest.mark.parametrize(
    ("name", "prior", "log_likelihood", "nodes"),
    [
        ("trace_statistics", TRACE, trace_log_likelihood, (60, 60, 60)),
        ("drift_diffusion", DIFFUSION, decisions_log_likelihood, (48, 60, 96)),
        ("heavy_tails", CAUCHY, cauchy_log_likelihood, (180, 180)),
    ],
)
def test_more_nodes_change_nothing(name, prior, log_likelihood, nodes):
    bank, finer = PROBLEMS[name].bank(20, seed=8), quadrature(prior, log_likelihood, nodes)
    for theta, x in zip(bank.theta[:, None], bank.x, strict=True):
        change = PROBLEMS[name].posterior(x).log_prob(theta) - finer(x).log_prob(theta)
        assert abs(change[0]) < 5e-3


def test_runner_finds_no_excess_of_the_exact_posterior_and_does_only_what_is_missing(
    tmp_path, monkeypatch
):
    fits = []

    def fit(problem, bank, seed):
        fits.append((len(bank), seed))
        return problem

    monkeypatch.setitem(SIDES, "exact", Side(fit, lambda: "1"))
    for seeds in ([1], [1, 2]):
        run([("modes_4", 300, "exact", seed) for seed in seeds], tmp_path / "table.csv")
    assert fits == [(300, 1), (300, 2)]
    rows = read(tmp_path / "table.csv", Row)
    assert [row.seed for row in rows] == [1, 2]
    assert all(row.excess == 0 and abs(row.coverage - 0.9) < 0.05 for row in rows)
    assert lines(rows)[1].split()[:5] == ["modes_4", "300", "0.000", "±", "0.000"]
