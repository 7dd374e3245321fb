"""Configurations of density estimators: kind, depth and width; `build` makes the network.

`MAF` and `NSF` are flows of the package nflows (``nflows_transforms.py``); `Coupling` is a neural
spline flow as well, but our own and faster (``coupling.py``). `MDN` and `PosteriorMean` stand
beside their networks. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from mechfit.inference.densities.base import Density, seeded
from mechfit.inference.densities.coupling import SplineCoupling
from mechfit.inference.densities.embedding import EMBEDDINGS, Embedding
from mechfit.inference.densities.flow import Flow
from mechfit.inference.densities.mdn import MDN
from mechfit.inference.densities.nflows_transforms import autoregressive, neural_spline
from mechfit.inference.densities.regression import PosteriorMean
from mechfit.inference.files import plain
from mechfit.models.parameter import kind_of

__all__ = ["ESTIMATORS", "MAF", "NSF", "Coupling", "Estimator", "build", "flow_to_dict"]


@dataclass(frozen=True)
class MAF:
    """Masked autoregressive flow: each parameter is shifted and scaled given those before it.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        embedding: Embedding network for the data; None takes statistics as they are.
    """

    layers: int = 5
    hidden: int = 50
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        return Flow(lambda k: autoregressive(d, k, self.layers, self.hidden), d, k, self.embedding)


@dataclass(frozen=True)
class NSF:
    """Neural spline flow: half of the parameters are transformed by splines given the others.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        bins: Number of bins of each spline.
        bound: The splines reach from -bound to bound, with linear tails.
        embedding: Embedding network for the data; None takes statistics as they are.
    """

    layers: int = 5
    hidden: int = 50
    bins: int = 8
    bound: float = 5.0
    embedding: Embedding | None = None

    def build(self, d: int, k: int) -> Flow:
        """Make the flow of d parameters given k statistics, with random weights."""
        if d == 1:
            return MAF(self.layers, self.hidden, self.embedding).build(d, k)
        sizes = self.layers, self.hidden, self.bins, self.bound
        return Flow(lambda k: neural_spline(d, k, *sizes), d, k, self.embedding)


@dataclass(frozen=True)
class Coupling:
    """Spline coupling flow of our own: splines as in `NSF`, in far fewer operations.

    Attributes:
        layers: Number of layers.
        hidden: Width of the networks.
        bins: Number of bins of each spline; None takes 4 where a parameter is in the unit
            interval, which they divide, else 8.
        bound: The splines reach from -bound to bound, with linear tails; None takes 5, or 2
            where a parameter is in the unit interval, as the normal scores of these end there.
        box: Work with parameters between two bounds in the unit interval, where the density is
            right up to the bounds; else all are worked with in unbounded space, where it
            falls to zero close to a bound.
        embedding: Embedding network for the data; None takes statistics as they are.
    """

    layers: int = 4
    hidden: int = 128
    bins: int | None = None
    bound: float | None = None
    box: bool = True
    embedding: Embedding | None = None

    def build(self, d: int, k: int, box: Sequence[bool] = ()) -> Flow:
        """Make the flow of d parameters given k statistics; `box` (d,) tells the bounded ones."""
        box = box if self.box and any(box) else (False,) * d
        bins, bound = self.bins or (4 if any(box) else 8), self.bound or (2.0 if any(box) else 5.0)
        sizes = self.layers, self.hidden, bins, bound, box
        return Flow(lambda k: SplineCoupling(d, k, *sizes), d, k, self.embedding, box=box)


Estimator = Coupling | MAF | NSF | MDN | PosteriorMean
ESTIMATORS = {c.__name__: c for c in (Coupling, MAF, NSF, MDN, PosteriorMean)}


def build(flow: Estimator, d: int, k: int, seed: int, box: Sequence[bool] = ()) -> Density:
    """Make a density with weights drawn from `seed`, leaving torch's global generator alone.

    Where the flow distinguishes them, `box` (d,) tells the parameters in the unit interval.
    """
    sizes = (d, k, tuple(box)) if isinstance(flow, Coupling) else (d, k)
    return seeded(flow.build, *sizes, seed=seed)


def flow_to_dict(flow: Estimator) -> dict:
    """Kind and settings of an estimator as plain data."""
    settings = {"kind": kind_of(flow, ESTIMATORS), **asdict(flow)}
    if flow.embedding:
        settings["embedding"]["kind"] = kind_of(flow.embedding, EMBEDDINGS)
    return plain(settings)
