"""Mechanistic models: what a model is, one folder per simulator, and statistical models beside.

Taught in the book's part *models*, beginning with ``book/models/hodgkin-huxley.md``.
"""

from mechfit.models.averaged import Averaged
from mechfit.models.behavior.adaptive import (
    adaptive_experiment,
    psi_marginal,
    quest_plus,
    random_stimuli,
    staircase,
)
from mechfit.models.behavior.drift_diffusion import DriftDiffusion
from mechfit.models.behavior.first_passage import (
    decision_density,
    decision_log_likelihood,
    decision_moments,
)
from mechfit.models.behavior.psychometric import Psychometric, psychometric_log_probs
from mechfit.models.behavior.psychometric_grid import PsychometricGrid
from mechfit.models.behavior.sessions import PsychometricSessions
from mechfit.models.compartments.cable import Cable
from mechfit.models.compartments.channels import CORTICAL, SQUID, Channels
from mechfit.models.compartments.model import Compartments
from mechfit.models.compartments.morphology import Morphology
from mechfit.models.compartments.protocol import Protocol
from mechfit.models.compartments.swc import read_swc
from mechfit.models.compartments.tree import Tree
from mechfit.models.distributions import LogNormal, LogUniform, Normal, Uniform
from mechfit.models.hodgkin_huxley.any_step import AnyStep
from mechfit.models.hodgkin_huxley.driven import DrivenNeuron
from mechfit.models.hodgkin_huxley.equations import gating
from mechfit.models.hodgkin_huxley.model import HodgkinHuxley
from mechfit.models.hodgkin_huxley.nwb import load_recording
from mechfit.models.hodgkin_huxley.recordings import Cell, Recording, read_cells
from mechfit.models.hodgkin_huxley.voltage_table import read_recording
from mechfit.models.model import Model, Traces
from mechfit.models.networks.brunel import Brunel
from mechfit.models.networks.lif import LIF
from mechfit.models.networks.network import Network, Spikes
from mechfit.models.networks.neurons import ConductanceNeurons, CurrentNeurons, DeltaNeurons
from mechfit.models.networks.renewal import interval_density, interval_log_likelihood
from mechfit.models.networks.theory import lif_rate, mean_field, siegert
from mechfit.models.networks.vogels_abbott import COBA, CUBA
from mechfit.models.networks.wiring import Wiring
from mechfit.models.numerics.noise import normals
from mechfit.models.parameter import Parameter
from mechfit.models.prior import Prior
from mechfit.models.pyloric.model import Pyloric, PyloricActivity
from mechfit.models.pyloric.recorded import RECORDED_RHYTHM, RHYTHM_SPREAD
from mechfit.models.statistical.basis import raised_cosines
from mechfit.models.statistical.glm import GLM
from mechfit.models.statistical.glm_neuron import GLMNeuron
from mechfit.models.statistical.gpfa import GPFA
from mechfit.models.statistical.maxent import MaximumEntropy, pattern_entropy
from mechfit.models.step_model import StepModel
from mechfit.models.stimuli import (
    ornstein_uhlenbeck_current,
    ramp_current,
    recorded_current,
    step_current,
    step_series,
)
from mechfit.models.tails import Beta, Gamma, Truncated
from mechfit.models.toys import Sums, SumsPosterior, TwoMoons

__all__ = [
    "COBA",
    "CORTICAL",
    "CUBA",
    "GLM",
    "GPFA",
    "LIF",
    "RECORDED_RHYTHM",
    "RHYTHM_SPREAD",
    "SQUID",
    "AnyStep",
    "Averaged",
    "Beta",
    "Brunel",
    "Cable",
    "Cell",
    "Channels",
    "Compartments",
    "ConductanceNeurons",
    "CurrentNeurons",
    "DeltaNeurons",
    "DriftDiffusion",
    "DrivenNeuron",
    "GLMNeuron",
    "Gamma",
    "HodgkinHuxley",
    "LogNormal",
    "LogUniform",
    "MaximumEntropy",
    "Model",
    "Morphology",
    "Network",
    "Normal",
    "Parameter",
    "Prior",
    "Protocol",
    "Psychometric",
    "PsychometricGrid",
    "PsychometricSessions",
    "Pyloric",
    "PyloricActivity",
    "Recording",
    "Spikes",
    "StepModel",
    "Sums",
    "SumsPosterior",
    "Traces",
    "Tree",
    "Truncated",
    "TwoMoons",
    "Uniform",
    "Wiring",
    "adaptive_experiment",
    "decision_density",
    "decision_log_likelihood",
    "decision_moments",
    "gating",
    "interval_density",
    "interval_log_likelihood",
    "lif_rate",
    "load_recording",
    "mean_field",
    "normals",
    "ornstein_uhlenbeck_current",
    "pattern_entropy",
    "psi_marginal",
    "psychometric_log_probs",
    "quest_plus",
    "raised_cosines",
    "ramp_current",
    "random_stimuli",
    "read_cells",
    "read_recording",
    "read_swc",
    "recorded_current",
    "siegert",
    "staircase",
    "step_current",
    "step_series",
]
