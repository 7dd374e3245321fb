"""Many simulations: from an index range to a bank.

Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from mechfit.simulation.bank import Bank
from mechfit.simulation.progress import progress_bar
from mechfit.simulation.simulate import simulate

__all__ = ["Bank", "progress_bar", "simulate"]
