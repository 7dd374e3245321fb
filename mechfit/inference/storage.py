"""Storage: a posterior as two files that cannot run code.

`name.safetensors` holds the weights, `name.json` everything else in plain text: prior, scales,
flow, history, provenance. Both are written beside their place and moved there when complete, the
JSON last and with the hash of the weights, so that neither a killed process nor a mixed-up pair
passes for a posterior. Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from mechfit.inference.fit import build
from mechfit.inference.flows import FLOWS
from mechfit.inference.posterior import Posterior, Standardizer
from mechfit.inference.training import History
from mechfit.models.prior import Prior

__all__ = ["load", "save"]

FORMAT = 1


def save(posterior: Posterior, path: str | Path) -> None:
    """Write `path`.safetensors and `path`.json."""
    weights = save_tensors({k: v.contiguous() for k, v in posterior.flow.state_dict().items()})
    x_scale, theta_scale = posterior.x_scale, posterior.theta_scale
    facts = {
        "format": FORMAT,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "prior": posterior.prior.to_dict(),
        "statistic_names": posterior.statistic_names,
        "x_scale": scale_to_dict(x_scale),
        "theta_scale": theta_scale and scale_to_dict(theta_scale),
        "history": {
            "train": posterior.history.train.tolist(),
            "validation": posterior.history.validation.tolist(),
            "best": posterior.history.best,
        },
        "provenance": posterior.provenance,
        "x_o": None if posterior.x_o is None else posterior.x_o.tolist(),
    }
    write(suffixed(path, ".safetensors"), weights)
    write(suffixed(path, ".json"), json.dumps(facts, indent=1, ensure_ascii=False).encode())


def load(path: str | Path) -> Posterior:
    """Read a posterior that `save` wrote.

    Raises:
        FileNotFoundError: One of the two files is missing.
        ValueError: A file is damaged, from another pair, or of another format.
    """
    source = suffixed(path, ".json")
    try:
        facts = json.loads(source.read_text(encoding="utf-8"))
        found = facts["format"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{source} is not a stored posterior, or is damaged: {error}") from error
    if found != FORMAT:
        raise ValueError(f"{source} has format {found}, this version of mechfit reads {FORMAT}")
    weights = suffixed(path, ".safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != facts["weights_sha256"]:
        raise ValueError(f"{suffixed(path, '.safetensors')} is damaged or belongs to another file")
    try:
        return assemble(facts, weights)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{source} is incomplete or inconsistent: {error}") from error


def assemble(facts: dict, weights: bytes) -> Posterior:
    """Build the posterior from what the two files hold."""
    prior = Prior.from_dict(facts["prior"])
    names = tuple(facts["statistic_names"])
    settings = dict(facts["provenance"]["flow"])
    flow = build(FLOWS[settings.pop("kind")](**settings), len(prior), len(names), seed=0)
    flow.load_state_dict(load_tensors(weights))
    flow.eval()
    history = facts["history"]
    scale = facts["theta_scale"]
    posterior = Posterior(
        prior,
        flow,
        scale_from_dict(facts["x_scale"]),
        scale and scale_from_dict(scale),
        names,
        History(np.array(history["train"]), np.array(history["validation"]), history["best"]),
        facts["provenance"],
    )
    return posterior if facts["x_o"] is None else posterior.at(facts["x_o"])


def scale_to_dict(scale: Standardizer) -> dict:
    """Plain data of a standardizer."""
    return {"mean": scale.mean.tolist(), "std": scale.std.tolist()}


def scale_from_dict(data: dict) -> Standardizer:
    """Inverse of `scale_to_dict`."""
    return Standardizer(np.array(data["mean"]), np.array(data["std"]))


def suffixed(path: str | Path, suffix: str) -> Path:
    """Add a suffix to a name, keeping dots that are already in it."""
    path = Path(path)
    return path.with_name(path.name + suffix)


def write(path: Path, content: bytes) -> None:
    """Replace a file in one step."""
    partial = suffixed(path, ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
