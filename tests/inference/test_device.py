"""Nothing is left behind on the CPU when training moves to a GPU; seen without one.

`Elsewhere` is a tensor that says it is on the device "meta", yet keeps its numbers. `GPU` lets it
compute, and refuses what a GPU refuses: to take part with a tensor that was made without a device.
"""

from functools import partial

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from mechfit.inference import MAF, MDN, NSF, Coupling, Training
from mechfit.inference.densities import coupling
from mechfit.inference.densities.base import Ensemble
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.embedding import Convolution, OrderedTrials, Trials
from mechfit.inference.densities.mixture import Mixture
from mechfit.inference.sequential.losses import npe_loss, snpe_b_loss, snpe_c_atomic_loss
from mechfit.inference.sequential.methods import by_mixtures
from mechfit.inference.training import train

MOVES = torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default
INDEXED = torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default


class Elsewhere(torch.Tensor):
    """Numbers on another device."""

    @staticmethod
    def __new__(cls, numbers):
        return torch.Tensor._make_wrapper_subclass(
            cls, numbers.shape, numbers.stride(), dtype=numbers.dtype, device="meta"
        )

    def __init__(self, numbers):
        self.numbers = numbers

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


class GPU(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def compute(func, args, kwargs):
    checked = args[:1] if func in INDEXED else args  # indices may come from the CPU
    tensors = [t for t in tree_flatten((checked, kwargs))[0] if isinstance(t, torch.Tensor)]
    away = any(isinstance(t, Elsewhere) for t in tensors)
    if away and func not in MOVES:
        left = [t for t in tensors if not isinstance(t, Elsewhere) and t.ndim]
        assert not left, f"{func} takes a tensor of shape {left[0].shape} from the CPU"
    if kwargs.get("device") is not None:
        away = torch.device(kwargs["device"]).type == "meta"
        kwargs = {**kwargs, "device": torch.device("cpu")}
    inner = tree_map(lambda t: t.numbers if isinstance(t, Elsewhere) else t, (args, kwargs))
    out = func(*inner[0], **inner[1])
    if func._schema.name.endswith("_") and out is not None:
        return args[0]
    return tree_map(lambda t: Elsewhere(t) if away and isinstance(t, torch.Tensor) else t, out)


@pytest.fixture
def gpu(monkeypatch):
    """Training on "meta", where neither a fused optimizer nor a generator exists.

    Both sides bend splines by operations of torch, as a GPU does; test_coupling.py holds the
    compiled loop against these.
    """

    class Generator(torch.Generator):
        def __new__(cls, device):
            return super().__new__(cls)

    adam_w = torch.optim.AdamW
    monkeypatch.setattr(torch.optim, "AdamW", lambda w, **_: adam_w(w, foreach=False))
    monkeypatch.setattr(torch, "Generator", Generator)
    monkeypatch.setattr(coupling, "spline", partial(coupling.spline_by_tensors, inverse=False))
    with GPU():
        yield


N, K = 60, 32
RNG = np.random.default_rng(1)
X = RNG.normal(size=(N, K))
FLOWS = {
    "coupling": Coupling(2, 8, box=False),
    "box": Coupling(2, 8),
    "maf": MAF(2, 8),
    "nsf": NSF(2, 8),
    "mdn": MDN(2, 8),
    "traces": Coupling(2, 8, embedding=Convolution(2)),
    "trials": MDN(2, 8, embedding=Trials(4, 8)),
    "ordered": MDN(2, 8, embedding=OrderedTrials(4, kinds=2)),
}
PROPOSAL = Mixture.gaussian(torch.tensor([0.5, 0.0]).double(), torch.eye(2).double() / 2)
LOSSES = {
    "likelihood": (npe_loss, []),
    "snpe-b": (snpe_b_loss, [RNG.random(N)]),
    "snpe-c-atoms": (
        partial(snpe_c_atomic_loss, atoms=5),
        [RNG.normal(size=N), RNG.random(N) < 0.8, RNG.random(N) < 0.5],
    ),
    "snpe-c-mixtures": (partial(by_mixtures, proposals=[PROPOSAL]), [np.arange(N) % 2]),
}
PAIRS = [
    pytest.param(
        f, loss, marks=[] if f == "coupling" or loss == "likelihood" else pytest.mark.slow
    )
    for f in FLOWS
    for loss in LOSSES
    if loss != "snpe-c-mixtures"
]


def test_it_sees_what_was_made_without_a_device(gpu):
    a = torch.ones(3, 3, device="meta")
    for make in (torch.ones(3, 3).__matmul__, torch.ones(3, 3).__add__):
        with pytest.raises(AssertionError, match=r"shape torch.Size\(\[3, 3\]\) from the CPU"):
            make(a)
    assert (a + torch.ones(3, 3, device=a.device)).numbers.sum() == 18


@pytest.mark.parametrize(("flow", "loss"), [*PAIRS, ("mdn", "snpe-c-mixtures")])
def test_training_elsewhere_ends_as_on_the_cpu(flow, loss, gpu):
    z = RNG.random((N, 2))  # in the unit interval, as in the box
    (function, more), kind = LOSSES[loss], FLOWS[flow]
    ends = []
    for device in ("cpu", "meta"):
        density = build(kind, 2, K, 1, [flow == "box", False])
        training = Training(epochs=2, batch=20, device=device)
        ends.append(train(density, [z, X, *more], training, 1, loss=function))
        assert not any(isinstance(p, Elsewhere) for p in density.parameters())
    np.testing.assert_allclose(ends[1].train, ends[0].train, rtol=1e-5)
    np.testing.assert_allclose(ends[1].validation, ends[0].validation, rtol=1e-5)


@pytest.mark.parametrize("flow", FLOWS)
def test_draws_elsewhere_are_those_of_the_cpu(flow, gpu):
    density = Ensemble(
        [build(FLOWS[flow], 2, K, seed, [flow == "box", False]) for seed in (1, 2)]
    ).eval()
    noise, x = torch.randn(3, 4, density.noise), torch.as_tensor(X[:3]).float()
    with torch.no_grad():
        here = density.push(noise, x)
        there = density.to("meta").push(noise.to("meta"), x.to("meta"))
    torch.testing.assert_close(there.numbers, here)


def test_a_mixture_divided_by_its_proposal_is_elsewhere_too(gpu):
    density = build(FLOWS["mdn"], 2, K, seed=1)
    density.divide_by(Mixture.gaussian(torch.zeros(2).double(), 2 * torch.eye(2).double()))
    z, x = torch.zeros(3, 2), torch.as_tensor(X[:3]).float()
    here = density.log_prob(z, x)
    there = density.to("meta").log_prob(z.to("meta"), x.to("meta"))
    torch.testing.assert_close(there.numbers, here)
