r"""Exchange with sbi: its calls, in tensors, with the densities and the training of this package.

A script that uses `NPE` of the package sbi runs here when its lines of imports are changed::

    from mechfit.inference.exchange.sbi import NPE, BoxUniform

Keyword arguments of sbi that can have no meaning here are refused with what to use instead.
`as_sbi` wraps a posterior of this package, also for the diagnostics of sbi: draws for m
observations come in the order (n, m, d) instead of (m, n, d). Tejero-Cantero et al. (2020),
doi:10.21105/joss.02505. Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.distributions import Distribution, Independent, Uniform

from mechfit.inference.densities.base import Density, Ensemble
from mechfit.inference.densities.configs import MAF, NSF, Estimator
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.exchange.priors import prior_of
from mechfit.inference.posterior import Posterior
from mechfit.inference.region import Region
from mechfit.inference.sequential import npe
from mechfit.inference.sequential.methods import SNPE_C
from mechfit.inference.training import Training
from mechfit.simulation.progress import inside_a_bar

__all__ = ["NPE", "BoxUniform", "TorchPosterior", "as_sbi"]

ESTIMATORS = {"maf": MAF, "nsf": NSF, "mdn": MDN}
TRAINING = {
    "training_batch_size": "batch",
    "learning_rate": "learning_rate",
    "validation_fraction": "validation",
    "stop_after_epochs": "patience",
    "max_num_epochs": "epochs",
    "clip_max_norm": "clip",
}
NO_LIMIT = {"epochs": (2**31 - 1, None), "clip": (None, np.inf)}
"""What stands for no limit in sbi, and here."""

WITHOUT_EFFECT = (
    *("data_device", "dataloader_kwargs", "exclude_invalid_x", "logging_level"),
    *("max_sampling_batch_size", "norm_posterior", "reject_outside_prior", "show_progress_bars"),
    *("show_train_summary", "use_combined_loss"),
)
INSTEAD = {
    "calibration_kernel": "truncate(posterior, seed=...) makes a proposal near the observation",
    "force_first_round_loss": "append with proposal=truncate(posterior, seed=...) instead",
    "resume_training": "train once, with more max_num_epochs or stop_after_epochs",
    "sample_with": "every draw is direct, and inside the prior",
    "summary_writer": "posterior.posterior.history has the losses",
    "track_gradients": "posterior.posterior.log_prob_grad gives gradients",
    "tracker": "posterior.posterior.history has the losses",
}


class BoxUniform(Independent):
    """The uniform distribution between the corners `low` (d,) and `high` (d,) of a box."""

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        super().__init__(Uniform(torch.as_tensor(low), torch.as_tensor(high)), 1)


class NPE:
    """Neural posterior estimation in the calls of sbi; it follows `torch.manual_seed`.

    Args:
        prior: The prior, of torch, scipy, sbi or this package, see `prior_of`.
        density_estimator: "maf", "nsf", "mdn" or an estimator of this package, which is
            `Coupling()` by default.
        device: Where to train, "cpu" or "cuda".
        show_progress_bars: Whether to show how training goes.
        options: Others of sbi, here and below; they have no effect, or are refused.

    Example:
        >>> prior = BoxUniform(low=-2 * torch.ones(3), high=2 * torch.ones(3))
        >>> theta = prior.sample((200,))
        >>> x = theta + 0.1 * torch.randn_like(theta)
        >>> inference = NPE(prior=prior)
        >>> density_estimator = inference.append_simulations(theta, x).train(max_num_epochs=2)
        >>> posterior = inference.build_posterior(density_estimator)
        >>> posterior.sample((10,), x=x[0]).shape
        torch.Size([10, 3])
    """

    def __init__(
        self,
        prior: object,
        density_estimator: str | Estimator | None = None,
        device: str = "cpu",
        *,
        show_progress_bars: bool = True,
        **options: object,
    ) -> None:
        refuse(options)
        flow = density_estimator
        if not isinstance(flow, Estimator | None):
            if flow not in ESTIMATORS:
                raise ValueError(
                    f"density_estimator is {flow!r}, expected one of {', '.join(ESTIMATORS)}, or "
                    "an estimator, such as MAF(hidden=50, embedding=FromModule(...))"
                )
            flow = ESTIMATORS[flow]()
        self.npe = npe.NPE(prior, flow=flow, training=Training(device=device))
        self.show_progress_bars = show_progress_bars

    def append_simulations(
        self,
        theta: Tensor,
        x: Tensor,
        proposal: Distribution | TorchPosterior | Region | None = None,
        **options: object,
    ) -> NPE:
        """Add parameters (n, d) and data (n, k); NaN where a simulation failed.

        The parameters are draws of the prior, or of a proposal: a posterior with a default x, or
        a region such as `truncate` finds.
        """
        refuse(options)
        if isinstance(proposal, TorchPosterior):
            proposal = proposal.posterior
        elif isinstance(proposal, Distribution | list):
            proposal = prior_of(proposal)
        self.npe.append_simulations(theta, x, proposal)
        return self

    def train(
        self, *, num_atoms: int = 10, retrain_from_scratch: bool = False, **options: object
    ) -> Density | Ensemble:
        """Train on all simulations, and return the density.

        The options are `training_batch_size`, `learning_rate` (its peak), `validation_fraction`,
        `stop_after_epochs` (after which training goes back to the best weights, and at last
        stops), `max_num_epochs` and `clip_max_norm`; their defaults are those of `Training`.
        """
        given = {new: options.pop(name) for name, new in TRAINING.items() if name in options}
        refuse(options)
        for name, (theirs, ours) in NO_LIMIT.items():
            if name in given and given[name] == theirs:
                given[name] = ours
        if any(isinstance(r.proposal, Posterior) for r in self.npe.rounds):
            self.npe.method = SNPE_C(num_atoms, None if retrain_from_scratch else SNPE_C.again)
        context, training = copy_context(), replace(self.npe.settings["training"], **given)
        context.run(inside_a_bar.set, inside_a_bar.get() or not self.show_progress_bars)
        return context.run(self.npe.train, training=training, seed=fresh_seed())

    def build_posterior(
        self,
        density_estimator: Density | Ensemble | None = None,
        prior: object = None,
        **options: object,
    ) -> TorchPosterior:
        """The posterior with a density that `train` returned, by default the last one."""
        refuse(options)
        if prior is not None and prior_of(prior) != self.npe.prior:
            raise ValueError("prior is another one, expected that of NPE(prior), or None")
        return TorchPosterior(self.npe.build_posterior(density_estimator))


def as_sbi(posterior: Posterior) -> TorchPosterior:
    """Wrap a posterior for the diagnostics of sbi: `run_sbc`, `run_tarp`, `get_nltp`."""
    return TorchPosterior(posterior)


class TorchPosterior:
    """A posterior in tensors. Draws follow torch's global generator: set `torch.manual_seed`."""

    def __init__(self, posterior: Posterior) -> None:
        self.posterior = posterior

    def __repr__(self) -> str:
        p = self.posterior
        return f"Posterior of {', '.join(p.prior.names)} given {len(p.statistic_names)} numbers"

    @property
    def default_x(self) -> Tensor | None:
        """The observation (1, k), or None."""
        x_o = self.posterior.x_o
        return None if x_o is None else tensor(x_o[None])

    def set_default_x(self, x: Tensor) -> TorchPosterior:
        """Fix the observation (k,) or (1, k), and return this object."""
        self.posterior = self.posterior.at(x)
        return self

    def sample(
        self, sample_shape: tuple[int, ...] = (), x: Tensor | None = None, **options: object
    ) -> Tensor:
        """Draw theta for one observation, (5, 3, d) for the shape (5, 3)."""
        refuse(options)
        return tensor(self.posterior.sample(sample_shape, fresh_seed(), x=x))

    def sample_batched(
        self, sample_shape: tuple[int, ...], x: Tensor, **options: object
    ) -> Tensor:
        """Draw theta for observations (m, k), (5, 3, m, d) for the shape (5, 3)."""
        refuse(options)
        draws = self.posterior.sample_batched(sample_shape, fresh_seed(), x=x)
        return tensor(np.moveaxis(draws, 0, -2))

    def log_prob(self, theta: Tensor, x: Tensor | None = None, **options: object) -> Tensor:
        """Log-density (n,) of theta (n, d)."""
        refuse(options)
        return tensor(self.posterior.log_prob(theta, x=x))

    potential = log_prob

    def map(self, x: Tensor | None = None, **options: object) -> Tensor:
        """The most probable parameters (1, d)."""
        refuse(options)
        return tensor(self.posterior.map(x=x, seed=fresh_seed())[None])


def tensor(values: np.ndarray) -> Tensor:
    """A tensor in single precision, as in sbi."""
    return torch.as_tensor(values, dtype=torch.float32)


def fresh_seed() -> int:
    """A seed from torch's global generator."""
    return int(torch.randint(2**63 - 1, (), device="cpu"))


def refuse(options: dict[str, object]) -> None:
    """Refuse options that would change something in sbi, and cannot here."""
    for name, value in options.items():
        if name not in WITHOUT_EFFECT and value not in (None, False, "direct"):
            advice = INSTEAD.get(name, "leave it out")
            raise TypeError(f"{name}={value!r} has no meaning here: {advice}")
