"""Densities of posteriors next to the ends of the prior, beside the exact ones.

    python tests/benchmarks/edges_run.py --simulations 10000

Of fresh simulations, one parameter after the other is put at a distance of an end of its prior,
from a tenth to a ten-thousandth of its width, the others staying what they were. Where the exact
density is still a tenth of that of the true parameters or more, the difference of the
log-densities is taken: its mean, which is the bias, and its root mean square, in nats. A tenth of
the width is no end: what is no larger next to an end is not the end's fault. `map` is the exact
log-density that `map()` lacks, in the mean of twenty simulations, to the highest of 2,000 exact
draws, and less than 0 where it is beyond them.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from neuroscience_problems import PROBLEMS, Problem, noisy, prior_of, quadrature
from neuroscience_run import log_density

from mechfit.inference import Posterior, fit
from mechfit.models import Uniform
from mechfit.simulation import Bank

DISTANCES = 0.1, 1e-2, 1e-3, 1e-4
FRESH, FRESH_SEED, LEAST = 300, 1_000_000, np.log(0.1)
UNIT = prior_of(Uniform(0.0, 1.0))
LINE = Problem(
    UNIT,
    noisy(lambda theta: theta, 0.3),
    quadrature(UNIT, lambda parameters, x: -0.5 * ((x[0] - parameters[0]) / 0.3) ** 2, (200,)),
)
BOUNDED = {"line": LINE} | {
    name: PROBLEMS[name] for name in ("four_rates", "modes_4", "heavy_tails", "trace_statistics")
}


def at_ends(problem: Problem, bank: Bank) -> np.ndarray:
    """Parameters (n, distances, 2 d, d), each at either end for each of the simulations."""
    low, high = problem.prior.limits(0.0).T
    moved = np.tile(bank.theta[:, None, None], (1, len(DISTANCES), 2 * low.size, 1))
    for i, distance in enumerate(DISTANCES):
        for j, step in enumerate(distance * (high - low)):
            moved[:, i, 2 * j, j], moved[:, i, 2 * j + 1, j] = low[j] + step, high[j] - step
    return moved


def errors(posterior: Posterior, problem: Problem, bank: Bank) -> list[np.ndarray]:
    """Differences log q - log p (m,) at each distance."""
    moved = at_ends(problem, bank)
    flat = moved.reshape(len(moved), -1, moved.shape[-1])
    log_q, log_p = (
        each.log_prob_batched(flat, x=bank.x).reshape(moved.shape[:3])
        for each in (posterior, problem)
    )
    shown = log_p >= log_density(problem, bank)[:, None, None] + LEAST
    return [(log_q - log_p)[:, i][shown[:, i]] for i in range(len(DISTANCES))]


def below_the_mode(posterior: Posterior, problem: Problem, bank: Bank) -> float:
    """Mean of what the exact log-density at `map()` lacks to the highest that was found."""
    lacks = []
    for x in bank.x[:20]:
        exact = problem.posterior(x)
        log_p = exact.log_prob(exact.sample(2000, np.random.default_rng(1)))
        lacks.append(log_p.max() - exact.log_prob(posterior.at(x).map()[None])[0])
    return float(np.mean(lacks))


def line_of(name: str, n: int, seed: int) -> str:
    """Line of the table."""
    problem = BOUNDED[name]
    bank, fresh = problem.bank(n, seed), problem.bank(FRESH, FRESH_SEED)
    posterior = fit(bank, problem.prior, seed=seed)
    found = errors(posterior, problem, fresh)
    cells = [f"{e.mean():6.2f} {np.mean(e**2) ** 0.5:5.2f}" for e in found]
    lacks = below_the_mode(posterior, problem, fresh)
    return f"{name:18}{n:7d}{seed:3d}   " + "   ".join(cells) + f"   {lacks:6.2f}"


def main(given: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--problems", nargs="+", choices=BOUNDED, default=list(BOUNDED))
    told = parser.parse_args(given)
    print(f"{'bias and rms at':28}   " + "   ".join(f"{d:12g}" for d in DISTANCES) + "   map")
    for name in told.problems:
        for n in told.simulations:
            for seed in told.seeds:
                print(line_of(name, n, seed), flush=True)


if __name__ == "__main__":
    main()
