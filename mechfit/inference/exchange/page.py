"""Exchange with pages: a posterior as one small file that a script in a browser evaluates.

The file is in the format safetensors: the length n of a header (8 bytes), n bytes of JSON that
tell name, type, shape and place of every array, and the arrays as little-endian numbers. So it
cannot run code. The entry `mechfit` of the header's `__metadata__` is JSON as well:

| key | value |
|---|---|
| version | 2 |
| crc32 | checksum of all bytes after the header |
| prior, statistic_names, x_beside | as in the files that `save` writes |
| provenance | kind and sizes of the density, simulations, and verdicts of its `check` |

Arrays are the network's weights, by their names in torch, without the masks of nflows; x_scale
(2, k), mean and standard deviation of the statistics; x_scores.j (2, m), the normal scores of
statistic j, where it has some; and theta_scale (2, d), where a density is of standardized
parameters. Weights in half precision are rounded by up to 0.05 %, all else is exact; weights that
`save` stored in half precision before lose nothing. `book/_static/compute/posterior.js` reads the
file in a page.
"""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn import Module

from mechfit.inference.densities.embedding import Subset
from mechfit.inference.diagnostics.misspecification import (
    MOST,
    Kernel,
    Simulated,
    misspecification,
)
from mechfit.inference.files import to_json
from mechfit.inference.posterior import Posterior
from mechfit.inference.storage import FORMAT, assemble
from mechfit.simulation import Bank

__all__ = ["misspecification_to_page", "page_script", "read_page", "to_page"]

VERSION, LARGEST = 2, 350_000
KINDS, DISTRIBUTIONS = ("Coupling", "MAF"), ("Uniform", "LogUniform", "Normal", "LogNormal")
KEPT = "flow", "members", "simulations", "valid", "seed"
REPORTS, TOLD = ("check", "check_as_trained"), ("verdict", "runs", "coverage")
MASKS = ".mask", ".degrees"
"""Endings of the names of tensors that follow from the sizes of a network of nflows."""
SCORES, X_SCALE, THETA_SCALE = EXACT = "x_scores.", "x_scale", "theta_scale"


def to_page(posterior: Posterior, *, half: bool = True) -> bytes:
    """Write a posterior as one file for a page.

    Args:
        posterior: A posterior with a flow `Coupling` or `MAF`, or an ensemble of them, of
            statistics as they are or a `Subset` of them; its observation is left out.
        half: Keep weights in half precision, else in single precision.

    Returns:
        The bytes of the file, at most 350 kB.

    Raises:
        ValueError: A page cannot evaluate the posterior, or the file would be too large.
    """
    check(posterior)
    kept = weights(posterior.flow, torch.float16 if half else torch.float32)
    featurizer, scales = posterior.featurizer, {THETA_SCALE: posterior.space.scale}
    scales[X_SCALE] = featurizer.standard
    exact = {name: [s.mean, s.std] for name, s in scales.items() if s is not None}
    exact |= {f"{SCORES}{j}": [s.values, s.scores] for j, s in featurizer.scores.items()}
    kept |= {name: torch.as_tensor(np.array(rows, float)) for name, rows in exact.items()}
    made = posterior.provenance
    facts = {
        "prior": posterior.prior.to_dict(),
        "statistic_names": posterior.statistic_names,
        "x_beside": featurizer.beside,
        "provenance": {key: made[key] for key in KEPT if key in made}
        | {key: {each: made[key][each] for each in TOLD} for key in REPORTS if key in made},
    }
    return packed(kept, facts, f"train a smaller network, or in half precision (half is {half})")


def misspecification_to_page(bank: Bank) -> bytes:
    """Write what `misspecification` compares an observation with, as one file for a page.

    The arrays are x (n, k), the first 2,000 valid simulations; varying (k,), 1 for statistics that
    vary, and x_scores.j (2, m) of these; residual and root (v, v); kernel (2,), its width and mean
    over pairs of simulations; and null (n,), the discrepancies of left-out simulations, sorted.
    Simulations are in single precision, all else is exact.

    Args:
        bank: Simulations of the prior, as for `misspecification`.
    """
    x = bank.x[bank.valid][:MOST]
    found = misspecification(bank, x[0])  # refuses too few simulations
    known = Simulated(x)
    near = Kernel(known.cloud @ known.root)
    exact = {
        "varying": known.vary,
        "residual": known.residual,
        "root": known.root,
        "kernel": [near.width, near.mean],
        "null": np.sort(found.null),
    }
    columns = zip(np.flatnonzero(known.vary), known.scales, strict=True)
    exact |= {f"{SCORES}{j}": [s.values, s.scores] for j, s in columns}
    kept = {name: torch.as_tensor(np.array(rows, float)) for name, rows in exact.items()}
    kept["x"] = torch.as_tensor(known.x, dtype=torch.float32)
    return packed(kept, {"statistic_names": bank.statistic_names}, "keep fewer statistics")


def packed(tensors: dict[str, Tensor], facts: dict, advice: str) -> bytes:
    """The file of tensors and facts; ValueError with some advice if it is too large."""
    crc = zlib.crc32(split(save_tensors(tensors))[1])
    facts = {"version": VERSION, "crc32": crc, **facts}
    data = save_tensors(tensors, metadata={"mechfit": to_json(facts).decode()})
    if len(data) > LARGEST:
        raise ValueError(
            f"the file would have {len(data)} bytes, expected at most {LARGEST}: {advice}"
        )
    return data


def read_page(data: bytes) -> Posterior:
    """Read a posterior that `to_page` wrote.

    Raises:
        ValueError: The bytes are damaged, not of such a file, or of another version.
    """
    try:
        header, numbers = split(data)
        facts = json.loads(header["__metadata__"]["mechfit"])
        found = facts["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a posterior for a page, or damaged: {error!r}") from error
    if found != VERSION:
        raise ValueError(f"the file has version {found}, this version of mechfit reads {VERSION}")
    if zlib.crc32(numbers) != facts["crc32"]:
        raise ValueError("the file is damaged: its checksum differs")
    try:
        tensors = load_tensors(data)
        exact = {n: tensors.pop(n).numpy() for n in list(tensors) if n.startswith(EXACT)}
        scores = {int(n.removeprefix(SCORES)): v for n, v in exact.items() if n.startswith(SCORES)}
        facts |= {
            "format": FORMAT,
            "x_scores": [[j, *scores[j].tolist()] for j in sorted(scores)],
            "history": [],
            "x_o": None,
            **{n: scale_from(exact.get(n)) for n in (X_SCALE, THETA_SCALE)},
        }
        return assemble(facts, tensors, None, None)
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"the file is incomplete or inconsistent: {error}") from error


def page_script(name: str, data: bytes) -> str:
    """A script that gives a file to a page, as `mechfit.data[name]`, in base64.

    Pages that are opened from a disk cannot read files, but can load scripts.
    """
    return f'mechfit.data["{name}"] =\n  "{base64.b64encode(data).decode()}";\n'


def check(posterior: Posterior) -> None:
    """Raise ValueError unless a page can evaluate the posterior."""
    flow, prior = posterior.flow, posterior.prior
    kind = posterior.provenance["flow"]["kind"]
    if kind not in KINDS:
        raise ValueError(f"the density is a {kind}, expected one of {', '.join(KINDS)}")
    if not isinstance(flow.embedding, Subset | None):
        name = type(flow.embedding).__name__
        raise ValueError(f"the embedding is a {name}, expected None or a Subset of statistics")
    if posterior.region is not None:
        raise ValueError("the posterior is on a region; expected replace(posterior, region=None)")
    others = {type(p.distribution).__name__ for p in prior.parameters}.difference(DISTRIBUTIONS)
    if others or prior.dependence is not None:
        raise ValueError(
            f"the prior has dependent parameters or is {', '.join(others)}, expected "
            f"independent ones, each {', '.join(DISTRIBUTIONS)}"
        )


def weights(network: Module, kind: torch.dtype) -> dict[str, Tensor]:
    """The tensors of a network, floating-point ones as `kind`, masked ones without their masks."""
    tensors, kept = network.state_dict(), {}
    for name, tensor in tensors.items():
        if not name.endswith(MASKS):
            mask = tensors.get(name.removesuffix("weight") + "mask", 1)
            kept[name] = (tensor * mask).to(kind) if tensor.is_floating_point() else tensor
            if not kept[name].isfinite().all():
                raise ValueError(f"{name} is beyond {kind}, expected half=False")
    return kept


def split(data: bytes) -> tuple[dict, bytes]:
    """The header of a file in the format safetensors, and the bytes after it."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 + size:
        raise ValueError(f"{len(data)} bytes, expected more than {8 + size}")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def scale_from(rows: np.ndarray | None) -> dict | None:
    """Mean and standard deviation (2, k) as `assemble` reads them."""
    return rows if rows is None else dict(zip(("mean", "std"), rows.tolist(), strict=True))
