"""Inference: densities trained on simulations. The only room that imports torch.

Taught in the book's part *inference*, beginning with
``book/inference/without-a-likelihood.md``.
"""

from mechfit.inference.abc import (
    DefensiveProposal,
    KernelProposal,
    importance_abc,
    rejection_abc,
)
from mechfit.inference.amortized_choice import amortized_choice
from mechfit.inference.decoder import Decoder
from mechfit.inference.densities.configs import MAF, NSF, Coupling
from mechfit.inference.densities.coupling import spline
from mechfit.inference.densities.embedding import Convolution, OrderedTrials, Subset, Trials
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.densities.module import FromModule
from mechfit.inference.design import (
    ExpectedInformation,
    expected_information,
    linear_gaussian_information,
    posterior_information,
    response_information,
)
from mechfit.inference.diagnostics import Report, check
from mechfit.inference.diagnostics.c2st import c2st
from mechfit.inference.diagnostics.information import (
    contraction,
    greedy_selection,
    information,
    leave_one_out,
)
from mechfit.inference.exchange.arviz import to_datatree
from mechfit.inference.exchange.page import (
    misspecification_to_page,
    page_script,
    read_page,
    to_page,
)
from mechfit.inference.exchange.priors import prior_of
from mechfit.inference.exchange.sbi import as_sbi
from mechfit.inference.fit import fit
from mechfit.inference.importance import ImportanceSample, importance_sample
from mechfit.inference.learned import LearnedStatistics, learn_statistics
from mechfit.inference.posterior import Posterior
from mechfit.inference.recurrent import RecurrentNetwork
from mechfit.inference.repeated import Chains, RepeatedTrials
from mechfit.inference.restricted import restrict
from mechfit.inference.sequential.infer import infer
from mechfit.inference.sequential.losses import effective_sample_size, importance_weights
from mechfit.inference.sequential.methods import SNPE_A, SNPE_B, SNPE_C, TSNPE, Round
from mechfit.inference.sequential.npe import NPE
from mechfit.inference.sequential.truncated import truncate
from mechfit.inference.stages import stages
from mechfit.inference.storage import load, save
from mechfit.inference.training import History, Training

__all__ = [
    "MAF",
    "MDN",
    "NPE",
    "NSF",
    "SNPE_A",
    "SNPE_B",
    "SNPE_C",
    "TSNPE",
    "Chains",
    "Convolution",
    "Coupling",
    "Decoder",
    "DefensiveProposal",
    "ExpectedInformation",
    "FromModule",
    "History",
    "ImportanceSample",
    "KernelProposal",
    "LearnedStatistics",
    "OrderedTrials",
    "Posterior",
    "RecurrentNetwork",
    "RepeatedTrials",
    "Report",
    "Round",
    "Subset",
    "Training",
    "Trials",
    "amortized_choice",
    "as_sbi",
    "c2st",
    "check",
    "contraction",
    "effective_sample_size",
    "expected_information",
    "fit",
    "greedy_selection",
    "importance_abc",
    "importance_sample",
    "importance_weights",
    "infer",
    "information",
    "learn_statistics",
    "leave_one_out",
    "linear_gaussian_information",
    "load",
    "misspecification_to_page",
    "page_script",
    "posterior_information",
    "prior_of",
    "read_page",
    "response_information",
    "rejection_abc",
    "restrict",
    "save",
    "spline",
    "stages",
    "to_datatree",
    "to_page",
    "truncate",
]
