"""Many simulations: one call from a few on a laptop to millions on a cluster.

Taught in ``book/beyond/scaling.md``.
"""

from mechfit.simulation.bank import Bank
from mechfit.simulation.progress import progress_bar
from mechfit.simulation.simulate import simulate
from mechfit.simulation.store import open_bank
from mechfit.simulation.workers import map_cores

__all__ = ["Bank", "map_cores", "open_bank", "progress_bar", "simulate"]
