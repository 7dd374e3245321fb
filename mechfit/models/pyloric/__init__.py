"""The pyloric circuit of the crab: equations, their compiled loops, and how its rhythm breaks.

Taught in ``book/geometry/pyloric-circuit.md``.
"""

from mechfit.models.pyloric.breakdown import what_is_lost
from mechfit.models.pyloric.model import Pyloric
from mechfit.models.pyloric.recorded import RECORDED_RHYTHM, RHYTHM_SPREAD

__all__ = ["RECORDED_RHYTHM", "RHYTHM_SPREAD", "Pyloric", "what_is_lost"]
