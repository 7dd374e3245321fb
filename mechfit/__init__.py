"""mechfit: train neural networks to identify mechanistic models of neural dynamics.

The rooms bear the names of the book's parts: `summaries`, `models`, `simulation`, `inference`,
`geometry`, `robustness`, `figures`. The names below are loaded when they are first used, so that
importing the models loads no torch.
"""

from importlib import import_module

__version__ = "0.1.0"

_EXPORTS = {
    "Bank": "mechfit.simulation",
    "Brunel": "mechfit.models",
    "COBA": "mechfit.models",
    "CUBA": "mechfit.models",
    "Compartments": "mechfit.models",
    "Coupling": "mechfit.inference",
    "HodgkinHuxley": "mechfit.models",
    "LIF": "mechfit.models",
    "MAF": "mechfit.inference",
    "Model": "mechfit.models",
    "NSF": "mechfit.inference",
    "Parameter": "mechfit.models",
    "Posterior": "mechfit.inference",
    "Prior": "mechfit.models",
    "Pyloric": "mechfit.models",
    "StepModel": "mechfit.models",
    "Traces": "mechfit.models",
    "Training": "mechfit.inference",
    "c2st": "mechfit.inference",
    "check": "mechfit.inference",
    "fit": "mechfit.inference",
    "infer": "mechfit.inference",
    "load": "mechfit.inference",
    "open_bank": "mechfit.simulation",
    "save": "mechfit.inference",
    "simulate": "mechfit.simulation",
    "spike_times": "mechfit.summaries",
    "step_current": "mechfit.models",
    "voltage_statistics": "mechfit.summaries",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> object:
    """Load a public name from its room."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'mechfit' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
