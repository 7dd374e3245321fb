"""Storage: a posterior as two files that cannot run code.

`name.safetensors` holds the weights, `name.json` everything else in plain text. Each is written
under another name and renamed when complete, the JSON last and with the hash of the weights, so
that an interrupted or mismatched pair is recognized. Taught in
``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor
from torch.nn import Module

from mechfit.inference.densities.base import Ensemble
from mechfit.inference.densities.configs import ESTIMATORS, Estimator, build, flow_to_dict
from mechfit.inference.densities.embedding import EMBEDDINGS
from mechfit.inference.densities.scaling import Featurizer, Scores, Standardizer
from mechfit.inference.files import plain, suffixed, to_json, write
from mechfit.inference.posterior import Posterior
from mechfit.inference.restricted import Restricted, ValidityClassifier
from mechfit.inference.space import Space
from mechfit.inference.torch_state import torch_state
from mechfit.inference.training import History
from mechfit.models.parameter import OWN
from mechfit.models.prior import Prior

__all__ = ["load", "save"]

FORMAT, EARLIER, REGION = 4, 3, "region."
LATER = "linear", "weights", ".mask", ".degrees"
"""Endings of the names of tensors that old files, or those for pages, lack: the initial ones."""


def save(posterior: Posterior, path: str | Path, *, half: bool = False) -> None:
    """Write `path`.safetensors and `path`.json.

    Args:
        posterior: The posterior; its region may be one that `restrict` found in the whole prior.
        path: Where to write, without an ending.
        half: Keep weights in half precision. The loaded posterior then differs a little from the
            stored one: run diagnostics on the loaded one.
    """
    region, tensors = posterior.region, posterior.flow.state_dict()
    if region is not None:
        if not isinstance(region, Restricted) or region.within is not None:
            raise ValueError(
                f"the region is a {type(region).__name__} within {region.within}, expected a "
                "Restricted within the whole prior: nothing else is stored"
            )
        tensors |= {REGION + k: v for k, v in region.classifier.state_dict().items()}
    kept = {k: (v.half() if half else v).contiguous() for k, v in tensors.items()}
    weights = save_tensors(kept)
    featurizer = posterior.featurizer
    facts = {
        "format": FORMAT,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "prior": posterior.prior.to_dict(),
        "statistic_names": posterior.statistic_names,
        "x_scale": scale_to_dict(featurizer.standard),
        "x_scores": [
            [j, each.values.tolist(), each.scores.tolist()]
            for j, each in featurizer.scores.items()
        ],
        "x_beside": featurizer.beside,
        "theta_scale": scale_to_dict(posterior.space.scale),
        "history": [
            {"train": h.train.tolist(), "validation": h.validation.tolist(), "best": h.best}
            for h in posterior.history
        ],
        "provenance": posterior.provenance,
        "x_o": None if posterior.x_o is None else posterior.x_o.tolist(),
        "region": region and [region.threshold, region.acceptance_rate],
    }
    text = to_json(facts)
    write(suffixed(path, ".safetensors"), weights)
    try:
        write(suffixed(path, ".json"), text)
    except OSError:
        suffixed(path, ".safetensors").unlink()
        raise


def load(
    path: str | Path, *, prior: Prior | None = None, flow: Estimator | None = None
) -> Posterior:
    """Read a posterior that `save` wrote, as it was trained.

    Levels that `recalibrate` found may be kept in its `provenance`, and are not applied:
    `Recalibrated(posterior, levels)` is the posterior with these.

    Args:
        path: Where it was written, without an ending.
        prior: The prior it was learned with, where it has a distribution of your own class.
        flow: The density estimator, where it or its embedding is of your own class.

    Raises:
        ValueError: A file is damaged, from another pair, or of another format; or what is needed
            of prior and flow is not given, or differs from what was stored.
    """
    source = suffixed(path, ".json")
    try:
        facts = json.loads(source.read_text(encoding="utf-8"))
        found = facts["format"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{source} is not a stored posterior, or is damaged: {error}") from error
    if found not in (FORMAT, EARLIER):
        raise ValueError(f"{source} has format {found}, this version of mechfit reads {FORMAT}")
    weights = suffixed(path, ".safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != facts["weights_sha256"]:
        raise ValueError(f"{suffixed(path, '.safetensors')} is damaged or belongs to another file")
    try:
        return assemble(facts, load_tensors(weights), prior, flow)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{source} is incomplete or inconsistent: {error}") from error


@torch_state()
def assemble(
    facts: dict, tensors: dict[str, Tensor], prior: Prior | None, flow: Estimator | None
) -> Posterior:
    """Build the posterior from what the two files hold."""
    known = {"prior": facts["prior"], "flow": facts["provenance"]["flow"]}
    given = {"prior": prior and prior.to_dict(), "flow": flow and flow_to_dict(flow)}
    for name, stored in known.items():
        if given[name] is not None and plain(given[name]) != stored:
            raise ValueError(f"{name} is {plain(given[name])}, expected the stored {stored}")
        if given[name] is None and OWN in json.dumps(stored):
            raise ValueError(
                f"the {name} is of a class of your own, expected load(path, {name}=...): {stored}"
            )
    prior = prior or Prior.from_dict(facts["prior"])
    names = tuple(facts["statistic_names"])
    made = facts["provenance"]
    flow = flow or flow_from_dict(made["flow"])
    if len(names) != len(facts["x_scale"]["mean"]):
        raise TypeError(f"{len(names)} names for {len(facts['x_scale']['mean'])} statistics")
    scores = {j: Scores(np.array(v), np.array(s)) for j, v, s in facts["x_scores"]}
    beside = facts.get("x_beside", scores if flow.embedding is None else ())
    if not set(beside) <= scores.keys():
        raise TypeError(f"x_beside is {beside}, expected columns of x_scores: {list(scores)}")
    featurizer = Featurizer(scale_from_dict(facts["x_scale"]), scores, tuple(beside))
    space = Space.stored(prior, flow, scale_from_dict(facts["theta_scale"]))
    if facts["format"] == EARLIER and any(space.box):
        raise ValueError(
            "its flow works in the prior's box as earlier versions did: train it anew"
        )
    networks = [
        build(flow, len(prior), featurizer.columns, 0, space.box) for _ in range(made["members"])
    ]
    network = networks[0] if len(networks) == 1 else Ensemble(networks)
    of_region = {k: tensors.pop(k) for k in list(tensors) if k.startswith(REGION)}
    take(network, tensors)
    network.eval()
    history = tuple(
        History(np.array(h["train"]), np.array(h["validation"]), h["best"])
        for h in facts["history"]
    )
    posterior = Posterior(space, network, featurizer, names, history, made)
    if facts.get("region"):
        threshold, rate = facts["region"]
        classifier = ValidityClassifier(len(prior))
        take(classifier, {k.removeprefix(REGION): v for k, v in of_region.items()})
        region = Restricted(classifier, prior=prior, threshold=threshold, acceptance_rate=rate)
        posterior = posterior.on(region)
    return posterior if facts["x_o"] is None else posterior.at(facts["x_o"])


def take(network: Module, tensors: dict[str, Tensor]) -> None:
    """Load the tensors of a network, of which old files lack some."""
    later = {k: v for k, v in network.state_dict().items() if k.endswith(LATER)}
    network.load_state_dict(later | tensors)


def flow_from_dict(data: dict) -> Estimator:
    """Inverse of `flow_to_dict`."""
    settings = dict(data)
    if settings["embedding"]:
        embedding = dict(settings["embedding"])
        kind = EMBEDDINGS[embedding.pop("kind")]
        lists = {name: tuple(v) for name, v in embedding.items() if isinstance(v, list)}
        settings["embedding"] = kind(**embedding | lists)
    return ESTIMATORS[settings.pop("kind")](**settings)


def scale_to_dict(scale: Standardizer | None) -> dict | None:
    """Plain data of a standardizer."""
    return scale and {"mean": scale.mean.tolist(), "std": scale.std.tolist()}


def scale_from_dict(data: dict | None) -> Standardizer | None:
    """Inverse of `scale_to_dict`."""
    return data and Standardizer(np.array(data["mean"]), np.array(data["std"]))
