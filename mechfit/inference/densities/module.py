"""Module: an embedding network of your own, any module of torch from data (n, k) to features.

It is trained with the density, by the same loss. Weights are averaged over steps of the training,
which running statistics are not: normalize by `GroupNorm` or `LayerNorm`. Taught in
``book/summaries/learned-features.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field

import torch
from torch import Tensor, nn

from mechfit.inference.densities.base import seeded
from mechfit.inference.densities.embedding import Embedding

__all__ = ["FromModule", "OwnNetwork"]


@dataclass(frozen=True)
class FromModule(Embedding):
    """A module of torch that is given standardized data (n, k), and returns features (n, f).

    Give a function that makes the module, a class or a lambda: every density begins with weights
    of its own, drawn from its seed. Nothing of it is stored but its text and weights, so pass the
    estimator to `load(path, flow=...)` again.

    Attributes:
        make: Function of no arguments that makes the module.
        network: The text of the module, by which `load` compares it.

    Example:
        >>> def make():
        ...     return nn.Sequential(nn.Linear(100, 32), nn.SiLU(), nn.Linear(32, 4))
        >>> FromModule(make).build(100).outputs
        4
    """

    make: InitVar[Callable[[], nn.Module]]
    network: str = field(init=False)

    def __post_init__(self, make: Callable[[], nn.Module]) -> None:
        made = callable(make) and not isinstance(make, nn.Module)
        network = seeded(make, seed=0) if made else None
        if not isinstance(network, nn.Module):
            raise TypeError(
                f"make is {type(make).__name__}, expected a function that makes a module, such as "
                "CNN or lambda: CNN(width=8): each density begins with weights of its own"
            )
        object.__setattr__(self, "make", make)
        object.__setattr__(self, "network", str(network))

    def build(self, k: int) -> nn.Module:
        """Make the network for k columns, and try it."""
        return OwnNetwork(self.make(), k)


class OwnNetwork(nn.Module):
    """A module that was tried on random data, and its number of outputs."""

    def __init__(self, network: nn.Module, k: int) -> None:
        super().__init__()
        self.network, x = network, torch.randn(3, k)
        try:
            network(x)  # makes the weights of lazy layers
            before = [buffer.clone() for buffer in network.buffers()]
            features, whole, first = network.train()(x), network.eval()(x), network(x[:1])
            shapes = [tuple(each.shape) for each in (features, first)]
        except Exception as error:
            raise ValueError(f"the embedding fails for x of shape {(3, k)}: {error}") from error
        self.outputs, fault = shapes[0][-1] if shapes[0] else 0, None
        if not self.outputs or shapes != [(3, self.outputs), (1, self.outputs)]:
            fault = f"has features of shape {shapes[0]} and {shapes[1]} for 3 rows and for one, "
            fault += "expected (3, outputs) and (1, outputs)"
        elif not features.isfinite().all():
            fault = "has features that are not finite, for standard normal x"
        elif not features.requires_grad and any(w.requires_grad for w in network.parameters()):
            fault = "has weights, but its features no gradient: is there a detach, or numpy?"
        elif not torch.allclose(first, whole[:1], 1e-3, 1e-4):
            fault = "has other features for a row alone than among others: do rows get mixed?"
        elif not all(map(torch.equal, before, network.buffers())):
            fault = "keeps running statistics, as BatchNorm does: take GroupNorm or LayerNorm"
        if fault:
            raise ValueError(f"the embedding {fault}")

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, outputs) of data x (n, k)."""
        return self.network(x) if len(x) else x.new_zeros(0, self.outputs)
