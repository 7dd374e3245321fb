r"""Rounds: simulate where the last estimate says it matters, and learn again.

Around one observation most of the prior is soon seen to be impossible. Each round draws parameters
from a proposal made of the last posterior, simulates them and learns from the simulations of all
rounds; the *method* says how, so that the answer is the posterior under the prior (see
``methods.py``). The result answers for this observation and its neighborhood alone. Papamakarios
& Murray (2016), arXiv:1605.06376; Deistler, Gonçalves & Macke (2022), arXiv:2210.04815. Taught in
``book/inference/sequential.md``.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mechfit.inference.densities.configs import Coupling
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.files import write
from mechfit.inference.fit import Estimator, settings_of
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential.methods import SNPE_A, TSNPE, Method, Round
from mechfit.inference.storage import load, save
from mechfit.inference.training import Training
from mechfit.models import Model, Prior
from mechfit.simulation import simulate
from mechfit.simulation.tasks import Draws, Proposal

__all__ = ["Rounds", "infer"]


def infer(
    model: Model,
    x_o: np.ndarray,
    *,
    rounds: int,
    simulations: int,
    method: Method | None = None,
    seed: int,
    proposal: Region | None = None,
    store: str | os.PathLike | None = None,
    **settings: object,
) -> Posterior:
    """Infer the posterior at one observation in rounds of simulations.

    Args:
        model: The simulator.
        x_o: The observation (k,).
        rounds: Number of rounds; the first draws from the prior.
        simulations: Simulations in each round.
        method: `TSNPE()`, the default, `SNPE_A()`, `SNPE_B()` or `SNPE_C()`.
        seed: Seed of everything; the same seed gives the same posterior.
        proposal: Region that the first round draws from instead of the prior, for example where
            `restrict` expects valid simulations.
        store: Folder to keep rounds in. Repeating the call after a stop takes up where it stood.
        settings: `flow`, `training`, `leak_free` and `members`, as in `fit`.

    Returns:
        The posterior of the last round at x_o.

    Raises:
        ValueError: The store holds rounds with other settings.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}, expected at least 1")
    names = model.statistic_names
    state = Rounds(
        model.prior,
        x_o,
        method=method,
        seed=seed,
        proposal=proposal,
        store=store,
        names=names,
        **settings,
    )
    for r in range(rounds):
        if r == len(state):
            folder = state.folder(r)
            bank = simulate(
                model,
                simulations,
                state.seeds(r)[0],
                proposal=state.proposal(),
                store=folder and folder / "bank",
            )
            if len(bank) < simulations:  # stopped by Ctrl-C
                raise KeyboardInterrupt
            state.append(bank.theta, np.where(bank.valid[:, None], bank.x, np.nan))
        elif len(state.rounds[r].theta) != simulations:
            raise ValueError(
                f"{state.folder(r)} holds {len(state.rounds[r].theta)} simulations, expected "
                f"{simulations}; repeat the call that made it, or name another store"
            )
        posterior = state.fit(r + 1)
    return posterior


class Rounds:
    """Rounds by hand, for simulators that Python cannot call.

    Args:
        prior: The prior.
        x_o: The observation (k,).
        method: `TSNPE()`, the default, `SNPE_A()`, `SNPE_B()` or `SNPE_C()`.
        seed: Seed of everything.
        proposal: Region that the first round draws from instead of the prior.
        store: Folder to keep rounds in; where it holds some, they are taken up.
        names: Names of the k statistics.
        flow: Kind and size of the density estimator; `Coupling()` by default, `MDN()` with
            `SNPE_A`.
        training: How to train, as in `fit`.
        leak_free: Work in the prior's unbounded space, as in `fit`.
        members: Number of densities in every round, as in `fit`. Several are less sure of
            themselves than one, and what one of them wrongly rules out is not lost for good.

    Example:
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> rounds = Rounds(prior, [0.5], seed=1, training=Training(epochs=2))
        >>> for _ in range(2):
        ...     theta = rounds.propose(100)
        ...     x = theta + 0.1 * np.random.default_rng(1).normal(size=(100, 1))
        ...     posterior = rounds.append(theta, x).fit()
        >>> posterior.sample(10, seed=1).shape
        (10, 1)
    """

    def __init__(
        self,
        prior: Prior,
        x_o: np.ndarray,
        *,
        method: Method | None = None,
        seed: int,
        proposal: Region | None = None,
        store: str | os.PathLike | None = None,
        names: Sequence[str] | None = None,
        flow: Estimator | None = None,
        training: Training | None = None,
        leak_free: bool = True,
        members: int = 1,
    ) -> None:
        self.prior, self.x_o = prior, np.asarray(x_o, float)
        self.method, self.seed = method or TSNPE(), seed
        self.store = None if store is None else Path(store)
        default = MDN() if isinstance(self.method, SNPE_A) else Coupling()
        self.settings = {
            "names": tuple(names or (f"x{i}" for i in range(self.x_o.size))),
            "flow": flow or default,
            "training": training or Training(),
            "leak_free": leak_free,
            "members": members,
        }
        self.rounds: list[Round] = []
        self.posteriors: list[Posterior] = []
        self.proposals: list[Proposal] = [proposal or prior]
        if self.store is not None:
            self._take_up()

    def __len__(self) -> int:
        return len(self.rounds)

    def folder(self, r: int) -> Path | None:
        """Folder of round r, or None."""
        return self.store and self.store / f"round-{r}"

    def seeds(self, r: int) -> list[int]:
        """Seeds of round r: of its simulations, its training and the proposal made of it."""
        return [
            int(s) for s in np.random.SeedSequence((self.seed, r)).generate_state(3, np.uint64)
        ]

    def proposal(self) -> Proposal:
        """What the next round draws from: the prior, or what the method makes of the posterior."""
        r = len(self.rounds)
        if len(self.proposals) == r:
            made = self.method.propose(self.fit(r), self.rounds[-1], self.seeds(r)[2])
            self.proposals.append(made)
        return self.proposals[r]

    def propose(self, n: int) -> np.ndarray:
        """Draw n parameter sets (n, d) to be simulated next, those that `infer` would draw."""
        return Draws(self.proposal(), self.seeds(len(self.rounds))[0]).rows(0, n)

    def append(self, theta: np.ndarray, x: np.ndarray) -> Rounds:
        """Add a round: parameters (n, d) that were proposed, and their data (n, k).

        A simulation that failed has NaN in x; leave none out.

        Raises:
            ValueError: Shapes that do not fit, or parameters outside the prior; nothing is added.
        """
        theta, x = self.prior.check(theta), np.asarray(x, float)
        if x.shape != (len(theta), len(self.settings["names"])):
            raise ValueError(
                f"x has shape {x.shape}, expected {(len(theta), len(self.settings['names']))}: "
                "one row for each row of theta, as many columns as x_o has numbers"
            )
        outside = ~np.isfinite(self.prior.log_prob(theta))
        if outside.any():
            raise ValueError(
                f"{outside.sum()} of {len(theta)} parameter sets lie outside the prior, expected "
                "those that were proposed"
            )
        self.rounds.append(Round(self.proposal(), theta, x))
        if self.store is not None:
            file = io.BytesIO()
            np.savez(file, theta=theta, x=x)
            write(self.folder(len(self) - 1) / "simulations.npz", file.getvalue())
        return self

    def fit(self, r: int | None = None) -> Posterior:
        """The posterior at x_o after r rounds, all by default; learned when it is first asked."""
        r = len(self.rounds) if r is None else r
        if not 1 <= r <= len(self.rounds):
            raise ValueError(f"{len(self.rounds)} rounds were appended, expected at least one")
        while len(self.posteriors) < r:
            self.posteriors.append(self._learn(len(self.posteriors), "posterior"))
        return self.posteriors[r - 1]

    def ensemble(self, members: int) -> Posterior:
        """The posterior at x_o after all rounds, as the mean of so many densities.

        A cheaper way than several in every round: these learn from the last round's simulations
        alone, which a single density may have led to. Rounds that follow begin with that of `fit`.
        """
        if members < 2:
            raise ValueError(f"members is {members}, expected at least 2")
        self.fit()
        last, name = len(self.rounds) - 1, f"ensemble-{members}"
        if self.store is not None and (self.folder(last) / f"{name}.json").exists():
            return load(self.folder(last) / name)
        return self._learn(last, name, members=members)

    def _learn(self, r: int, name: str, **further: int) -> Posterior:
        """Learn from rounds 0 to r, and keep the posterior under this name."""
        folder = self.folder(r)
        posterior = self.method.learn(
            self.rounds[: r + 1],
            self.prior,
            **self.settings | further,
            seed=self.seeds(r)[1],
            folder=folder,
        ).at(self.x_o)
        if folder is not None:
            save(posterior, folder / name)
            for checkpoint in folder.glob("training-*"):
                checkpoint.unlink()
        return posterior

    def _take_up(self) -> None:
        """Take up the rounds in the store, if they were made with the same settings."""
        mine = json.loads(json.dumps(self._facts()))
        path = self.store / "settings.json"
        if path.exists():
            theirs = json.loads(path.read_text(encoding="utf-8"))
            for name in sorted(mine.keys() | theirs.keys()):
                if mine.get(name) != theirs.get(name):
                    raise ValueError(
                        f"{self.store} holds rounds with {name} {theirs.get(name)}, expected "
                        f"{mine.get(name)}; repeat the call that made it, or name another store"
                    )
        write(path, json.dumps(mine, indent=1).encode())
        while (file := self.folder(len(self)) / "simulations.npz").exists():
            with np.load(file, allow_pickle=False) as arrays:
                self.rounds.append(Round(self.proposal(), arrays["theta"], arrays["x"]))
            if (file.parent / "posterior.json").exists():
                self.posteriors.append(load(file.parent / "posterior"))

    def _facts(self) -> dict:
        """Everything the rounds depend on, as plain data."""
        settings, first = dict(self.settings), self.proposals[0]
        made = settings_of(*(settings.pop(name) for name in ("flow", "training", "members")))
        return {
            "prior": self.prior.to_dict(),
            "x_o": self.x_o.tolist(),
            "method": {"kind": type(self.method).__name__, **asdict(self.method)},
            "seed": self.seed,
            "proposal": {
                "kind": type(first).__name__,
                "acceptance_rate": getattr(first, "acceptance_rate", 1.0),
            },
            **made,
            **settings,
        }
