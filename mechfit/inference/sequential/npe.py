r"""NPE: neural posterior estimation at one observation, in rounds of simulations.

Each round draws parameters from a proposal made of the last posterior, simulates them and learns
from the simulations of all rounds; the *method* (``methods.py``) corrects for the proposal, so
that the result is the posterior under the prior, at this observation and near it. Papamakarios &
Murray (2016), arXiv:1605.06376; Deistler, Gonçalves & Macke (2022), arXiv:2210.04815. The words
`append_simulations`, `train` and `build_posterior` are those of the package sbi: Tejero-Cantero et
al. (2020), doi:10.21105/joss.02505. Taught in ``book/inference/sequential.md``.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import Coupling, Estimator
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.exchange.priors import prior_of
from mechfit.inference.files import plain, to_json, write
from mechfit.inference.fit import settings_of
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential.checks import check_proposal, check_settings
from mechfit.inference.sequential.methods import SNPE_A, SNPE_C, TSNPE, Method, Round
from mechfit.inference.storage import load, save
from mechfit.inference.training import Training
from mechfit.models import Prior
from mechfit.models.inputs import column_names, finite, named, shaped, spans, whole
from mechfit.simulation import Bank
from mechfit.simulation.bank import concatenated
from mechfit.simulation.tasks import Draws, Proposal

__all__ = ["NPE"]


class NPE:
    """Neural posterior estimation step by step, for simulators that run anywhere.

    Args:
        prior: The prior, or what `prior_of` converts.
        x_o: The observation (k,); `append_simulations` and `train` need none.
        method: `TSNPE()`, the default, `SNPE_A()`, `SNPE_B()` or `SNPE_C()`.
        seed: Seed of everything.
        proposal: Region for the first round instead of the prior, such as `restrict` finds.
        store: Folder to keep rounds in; where it holds some, they are resumed.
        names: Names of the k statistics.
        flow: Density estimator; `Coupling()` by default, `MDN(components=1)` with `SNPE_A`.
        training: How to train, as in `fit`.
        leak_free: Train in the prior's unbounded space, as in `fit`.
        members: Number of densities; by default one in rounds, and as in `fit` where all
            simulations are of the prior and `train` is called. An ensemble is less overconfident,
            so that fewer parameters are wrongly excluded from later rounds, and takes longer.

    Example:
        >>> prior = Prior.uniform(["a"], [0.0], [1.0])
        >>> npe = NPE(prior, [0.5], seed=1, training=Training(epochs=2))
        >>> for _ in range(2):
        ...     theta = npe.propose(100)
        ...     x = theta + 0.1 * np.random.default_rng(1).normal(size=(100, 1))
        ...     posterior = npe.append(theta, x).fit()
        >>> posterior.sample(10, seed=1).shape
        (10, 1)
    """

    def __init__(
        self,
        prior: object,
        x_o: np.ndarray | None = None,
        *,
        method: Method | None = None,
        seed: int = 0,
        proposal: Region | None = None,
        store: str | os.PathLike | None = None,
        names: Sequence[str] | None = None,
        flow: Estimator | None = None,
        training: Training | None = None,
        leak_free: bool = True,
        members: int | None = None,
    ) -> None:
        self.prior, self.x_o = prior_of(prior), None
        self.names = tuple(names or (() if x_o is None else column_names(x_o)) or ())
        self.method, self.seed = method or TSNPE(), whole(seed, "seed", 0)
        self.store = None if store is None else Path(store)
        self.settings = {
            "flow": flow or (MDN(1) if isinstance(self.method, SNPE_A) else Coupling()),
            "training": training or Training(),
            "leak_free": leak_free,
            "members": members,
        }
        proposal = self.prior if proposal is None else proposal
        check_settings(self.method, **self.settings)
        check_proposal(proposal, self.prior, Prior | Region)
        if x_o is not None:
            self.x_o = np.array(named(x_o, self.names, "x_o"))
            self.names = self.names or tuple(f"x{i}" for i in range(self.x_o.size))
            if self.settings["flow"].embedding is None:
                spans(finite(np.atleast_2d(self.x_o)[0], "x_o", rows=None), len(self.names), "x_o")
        self.rounds: list[Round] = []
        self.posteriors: list[Posterior] = []
        self.trained: list[Posterior] = []
        self.proposals: list[Proposal] = [proposal]
        if self.store is not None:
            self._resume()

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

    @shaped
    def propose(self, n: int) -> np.ndarray:
        """Draw n parameter sets (n, d) to be simulated next, those that `infer` would draw."""
        return Draws(self.proposal(), self.seeds(len(self.rounds))[0]).rows(0, n)

    def append(self, theta: np.ndarray, x: np.ndarray, proposal: Proposal | None = None) -> NPE:
        """Add a round: parameters (n, d), arrays or tensors, and their data (n, k).

        Args:
            theta: Parameters.
            x: Data, NaN where a simulation failed; leave none out.
            proposal: What theta was drawn from, if not by `propose`: a region, or in later rounds
                a posterior at an observation, `posterior.at(x_o)`.
        """
        bank = self._checked(theta, x, foreign=proposal is not None)
        if proposal is not None:
            self._propose_from(proposal)
        return self.append_bank(bank)

    def append_bank(self, bank: Bank) -> NPE:
        """Add a round of simulations that `simulate` made of `proposal()`."""
        bank = bank.under(self.prior)
        self.rounds.append(Round(bank, self.proposal()))
        if self.store is not None:
            file = io.BytesIO()
            np.savez(file, theta=bank.theta, x=bank.x, valid=bank.allowed)
            write(self.folder(len(self) - 1) / "simulations.npz", file.getvalue())
        return self

    def fit(self, r: int | None = None) -> Posterior:
        """The posterior at x_o after r rounds, all by default; trained at the first call."""
        r = len(self.rounds) if r is None else r
        if not 1 <= r <= len(self.rounds):
            raise ValueError(f"{len(self.rounds)} rounds were appended, expected at least one")
        while len(self.posteriors) < r:
            self.posteriors.append(self._learn(len(self.posteriors)))
        return self.posteriors[r - 1]

    def append_simulations(
        self, theta: np.ndarray, x: np.ndarray, proposal: Proposal | None = None
    ) -> NPE:
        """Add parameters (n, d) of the prior, a region or `posterior.at(x_o)`, and data (n, k)."""
        bank = self._checked(theta, x, foreign=True)
        proposal = self.prior if proposal is None else proposal
        check_proposal(proposal, self.prior)
        if isinstance(proposal, Posterior) and not self.rounds:
            raise ValueError("append simulations of the prior first, or of a region of it")
        if not isinstance(proposal, Prior):
            self.rounds.append(Round(bank, proposal))
        elif self.rounds and self.rounds[0].proposal == self.prior:
            self.rounds[0] = Round(concatenated([self.rounds[0].bank, bank]), self.prior)
        else:
            self.rounds.insert(0, Round(bank, self.prior))
        self.proposals, self.posteriors = [r.proposal for r in self.rounds], []
        return self

    def train(self, *, seed: int | None = None, **settings: object) -> Density | Ensemble:
        """Train on all simulations, and return the density; the settings are those of the class.

        Simulations of a posterior are corrected for by `SNPE_C()`, if the method is the default.
        """
        if not self.rounds:
            raise ValueError("there are no simulations: call append_simulations(theta, x) first")
        if unknown := settings.keys() - self.settings.keys():
            raise TypeError(
                f"train got {', '.join(unknown)}, expected {', '.join(self.settings)} or seed; "
                "mechfit.inference.exchange.sbi has an NPE with the options of sbi"
            )
        plain = all(isinstance(r.proposal, Prior | Region) for r in self.rounds)
        method = self.method if plain or not isinstance(self.method, TSNPE) else SNPE_C()
        settings = {**self.settings, **settings, "seed": self.seed if seed is None else seed}
        check_settings(self.method, **settings)
        if settings["members"] is None and not (plain and isinstance(method, TSNPE)):
            settings["members"] = 1
        self.trained.append(method.learn(self.rounds, self.prior, **settings))
        return self.trained[-1].flow

    def build_posterior(self, density: Density | Ensemble | None = None) -> Posterior:
        """The posterior with a density that `train` returned, the last one by default."""
        found = [p for p in self.trained if density is None or p.flow is density]
        if not found:
            raise ValueError("no such density was trained here: call train() first")
        return found[-1] if self.x_o is None else found[-1].at(self.x_o)

    def _checked(self, theta: np.ndarray, x: np.ndarray, *, foreign: bool) -> Bank:
        """Simulations as the bank of a round, if they fit together, and the store."""
        if foreign and self.store is not None:
            raise ValueError("a store holds rounds of `propose` alone, expected store=None")
        names = self.names or column_names(x) or ()
        theta, x = self.prior.inside(theta), named(x, names, "x")
        k = len(names) or (x.shape[1] if x.ndim == 2 else 1)
        if x.shape != (len(theta), k) or not len(x):
            raise ValueError(
                f"x has shape {x.shape}, expected {(len(theta), k)}: one row for each row of "
                "theta, at least one, as many columns as x_o has numbers"
            )
        self.names = tuple(names) or tuple(f"x{i}" for i in range(k))
        return self._bank(theta, x, np.ones(len(x), bool))

    def _bank(self, theta: np.ndarray, x: np.ndarray, valid: np.ndarray) -> Bank:
        return Bank(theta, x, valid, self.seeds(len(self))[0], self.names)

    def _propose_from(self, proposal: Proposal) -> None:
        """Take the next round to be drawn from another proposal."""
        check_proposal(proposal, self.prior)
        kinds = Prior if self.rounds else Prior | Region
        if isinstance(proposal, kinds) == bool(self.rounds):
            raise ValueError(
                "append simulations of the prior, or of a region of it, as the first round; those "
                "of other proposals after it"
            )
        if isinstance(self.method, TSNPE):
            self.method.refuse(proposal)
        self.proposals[len(self.rounds) :] = [proposal]

    def _learn(self, r: int) -> Posterior:
        """Learn from rounds 0 to r, and store the posterior."""
        folder = self.folder(r)
        settings = {**self.settings, "seed": self.seeds(r)[1], "folder": folder}
        settings["members"] = self.settings["members"] or 1
        posterior = self.method.learn(self.rounds[: r + 1], self.prior, **settings)
        posterior = posterior if self.x_o is None else posterior.at(self.x_o)
        if folder is not None:
            save(posterior, folder / "posterior")
            for checkpoint in folder.glob("training-*"):
                checkpoint.unlink()
        return posterior

    def _resume(self) -> None:
        """Read the rounds in the store, if they were made with the same settings."""
        mine = plain(self._facts())
        path = self.store / "settings.json"
        if path.exists():
            theirs = json.loads(path.read_text(encoding="utf-8"))
            for name in sorted(mine.keys() | theirs.keys()):
                if mine.get(name) != theirs.get(name):
                    raise ValueError(
                        f"{self.store} holds rounds with {name} {theirs.get(name)}, expected "
                        f"{mine.get(name)}; repeat the call that made it, or name another store"
                    )
        write(path, to_json(mine))
        made = {"prior": self.prior, "flow": self.settings["flow"]}
        while (file := self.folder(len(self)) / "simulations.npz").exists():
            with np.load(file, allow_pickle=False) as arrays:
                theta, x = arrays["theta"], arrays["x"]
                valid = arrays["valid"] if "valid" in arrays else np.ones(len(x), bool)
                bank = self._bank(theta, x, valid)
            self.rounds.append(Round(bank, self.proposal()))
            if (file.parent / "posterior.json").exists():
                self.posteriors.append(load(file.parent / "posterior", **made))

    def _facts(self) -> dict:
        """Everything the rounds depend on, as plain data."""
        first, settings = self.proposals[0], self.settings
        return {
            "prior": self.prior.to_dict(),
            "x_o": self.x_o.tolist(),
            "method": {"kind": type(self.method).__name__, **asdict(self.method)},
            "seed": self.seed,
            "proposal": {
                "kind": type(first).__name__,
                "acceptance_rate": getattr(first, "acceptance_rate", 1.0),
            },
            **settings_of(settings["flow"], settings["training"], settings["members"] or 1),
            "names": self.names,
            "leak_free": settings["leak_free"],
        }
