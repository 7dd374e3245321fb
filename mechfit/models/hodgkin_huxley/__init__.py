"""The Hodgkin–Huxley model: equations, their compiled loops, and recordings of real cells.

Taught in ``book/models/hodgkin-huxley.md``.
"""

from mechfit.models.hodgkin_huxley.any_step import AnyStep
from mechfit.models.hodgkin_huxley.equations import gating
from mechfit.models.hodgkin_huxley.model import HodgkinHuxley
from mechfit.models.hodgkin_huxley.nwb import load_recording
from mechfit.models.hodgkin_huxley.recordings import Cell, Recording, read_cells

__all__ = [
    "AnyStep",
    "Cell",
    "HodgkinHuxley",
    "Recording",
    "gating",
    "load_recording",
    "read_cells",
]
