"""Inference: densities trained on simulations. The only room that imports torch.

Taught in the book's part *inference*, beginning with
``book/inference/without-a-likelihood.md``.
"""

from mechfit.inference.brute_force import Broadened, Smoothed, accept
from mechfit.inference.c2st import c2st
from mechfit.inference.data_tree import to_datatree
from mechfit.inference.diagnostics import Report, check
from mechfit.inference.embedding import Convolution, Subset, Trials
from mechfit.inference.fit import fit
from mechfit.inference.flows import MAF, NSF, Coupling
from mechfit.inference.information import (
    contraction,
    greedy_selection,
    information,
    leave_one_out,
)
from mechfit.inference.learned import LearnedStatistics, learn_statistics
from mechfit.inference.mdn import MDN
from mechfit.inference.methods import SNPE_A, SNPE_B, SNPE_C, TSNPE
from mechfit.inference.npe import NPE
from mechfit.inference.posterior import Posterior
from mechfit.inference.rejection import rejection_abc
from mechfit.inference.restricted import restrict
from mechfit.inference.rounds import Rounds, infer
from mechfit.inference.storage import load, save
from mechfit.inference.torch_posterior import as_sbi
from mechfit.inference.training import History, Training
from mechfit.inference.truncated import truncate

__all__ = [
    "MAF",
    "MDN",
    "NPE",
    "NSF",
    "SNPE_A",
    "SNPE_B",
    "SNPE_C",
    "TSNPE",
    "Broadened",
    "Convolution",
    "Coupling",
    "History",
    "LearnedStatistics",
    "Posterior",
    "Report",
    "Rounds",
    "Smoothed",
    "Subset",
    "Training",
    "Trials",
    "accept",
    "as_sbi",
    "c2st",
    "check",
    "contraction",
    "fit",
    "greedy_selection",
    "infer",
    "information",
    "learn_statistics",
    "leave_one_out",
    "load",
    "rejection_abc",
    "restrict",
    "save",
    "to_datatree",
    "truncate",
]
