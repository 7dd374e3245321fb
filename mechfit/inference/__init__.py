"""Inference: densities trained on simulations. The only room that imports torch.

Taught in the book's part *inference*, beginning with
``book/inference/hodgkin-huxley-posterior.md``.
"""

from mechfit.inference.c2st import c2st
from mechfit.inference.fit import fit
from mechfit.inference.flows import MAF, NSF
from mechfit.inference.posterior import Posterior
from mechfit.inference.storage import load, save
from mechfit.inference.training import History, Training

__all__ = ["MAF", "NSF", "History", "Posterior", "Training", "c2st", "fit", "load", "save"]
