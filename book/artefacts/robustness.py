"""See what breaks the pyloric circuit: ``python book/artefacts/robustness.py [step ...]``.

``radii`` pushes the circuits in the middle of paths through the valley in some ninety directions,
and leads them along their paths, until they lose any rhythm, and until they lose that of the
recording; ``smallest`` searches the smallest perturbation that breaks each;
``warmth`` simulates draws of the posterior from 7 to 31 °C, with other Q10 as well; ``cost`` tells
what their currents spend and how many of their neighbors work. What is finished is kept in
``.work/``; a re-run takes up where the last one stopped.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from functools import cache

import numpy as np
from geometry import EDGE, HERE, HIGH, LOW, SCALE, SHARE, density, settings

from mechfit.geometry import active_subspace, along, high_probability_path
from mechfit.inference.files import write_arrays
from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Pyloric, PyloricActivity
from mechfit.robustness import (
    KELVIN,
    Criterion,
    Directions,
    Radii,
    Warming,
    across,
    breakdown_along,
    breakdown_radii,
    energy_by_current,
    one_by_one,
    random_directions,
    share_interval,
    smallest_perturbation,
    stiff_and_sloppy,
    warm,
    what_is_lost,
)
from mechfit.robustness.stored import Stored
from mechfit.simulation import simulate
from mechfit.summaries.thinning import thin_together

WORK = HERE / ".work" / "robustness"
SEED, CIRCUITS, NODES, MOST, RANDOM, REPEATS = 9, 20, 30, 100, 10, 5
FARTHEST = 3.0
DRAWS, NEIGHBORS, NEAR, STIFF_DRAWS = 300, 20, 0.3, 2000
CELSIUS, SHOWN = np.arange(7.0, 32.0), np.arange(7.0, 32.0, 3.0)
HOME = 11.0
BOUNDS = {"scale": SCALE, "low": np.r_[np.zeros(24), LOW[24:]]}
"""Conductances cannot be negative; a synapse at its lower bound conducts next to nothing."""
MODEL = Pyloric()
WITHIN = 2.0
"""Farthest that a statistic may be from the recording's, in standard deviations of animals."""


def recorded(x: np.ndarray) -> np.ndarray:
    """Whether rhythms (n, 19) are that of the recording (n,)."""
    return (abs(x[:, :15] - RECORDED_RHYTHM[:15]) <= WITHIN * RHYTHM_SPREAD).all(1)


WORKS, SAME = Criterion(MODEL), Criterion(MODEL, recorded)
NAMES = [p.symbol for p in MODEL.prior.parameters]
TOLD = PyloricActivity(burst_threshold=50.0)
LATER = Pyloric(duration=3000.0)
OTHERS = {
    "as published": {},
    "conductances do not change": {"membrane": (1.0,) * 8, "synapses": (1.0,) * 7},
    "conductances double": {"membrane": (2.0,) * 8, "synapses": (2.0,) * 7},
    "all rates double": {"gates": (2.0,) * 11, "calcium": (2.0,), "closing": (2.0,) * 7},
    "all rates triple": {"gates": (3.0,) * 11, "calcium": (3.0,), "closing": (3.0,) * 7},
    "everything doubles": {
        "membrane": (2.0,) * 8, "synapses": (2.0,) * 7, "gates": (2.0,) * 11,
        "calcium": (2.0,), "closing": (2.0,) * 7,
    },
}  # fmt: skip


def kept(name: str, make) -> dict:  # noqa: ANN001
    """The arrays of a piece of work, made if they are not there."""
    path = WORK / f"{name}.npz"
    if not path.exists():
        write_arrays(path, **make())
    with np.load(path) as found:
        return dict(found)


def kept_as(kind: type[Stored], name: str, make) -> Stored:  # noqa: ANN001
    """A result of robustness, made if it is not there."""
    path = WORK / f"{name}.npz"
    if not path.exists():
        make().save(path)
    return kind.load(path)


def in_single(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same arrays, numbers in single precision."""
    return {k: v.astype(np.float32) if v.dtype == float else v for k, v in arrays.items()}


def at_bounds(theta: np.ndarray, near: float) -> np.ndarray:
    """Which parameters (n, d) lie near a bound, where log q falls to the edge of the prior."""
    u = (theta - LOW) / (HIGH - LOW)
    return np.minimum(u, 1 - u) < near


@cache
def posterior_and_draws():  # noqa: ANN201
    """The posterior, its draws that work and lie near the recording, and the stiff directions."""
    posterior, draws, x = density()
    level = np.quantile(posterior.log_prob(draws[:5000]), SHARE)
    away = abs(x[:, :15] - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD
    good = draws[np.flatnonzero((away < 1.0).all(1))]
    good = good[posterior.log_prob(good) > level]
    inner = draws[~at_bounds(draws, 0.02).any(1)][:STIFF_DRAWS]
    stiff = active_subspace(posterior.log_prob, inner, grad=posterior.log_prob_grad, scale=SCALE)
    return posterior, np.clip(good, LOW + EDGE, HIGH - EDGE), stiff


def path_of(number: int) -> dict:
    """A path between two draws."""
    posterior, good, _ = posterior_and_draws()
    ends = good[np.random.default_rng([SEED, number]).choice(len(good), 2, replace=False)]
    how = settings(posterior) | {"nodes": NODES, "most": MOST}
    path = along(high_probability_path(posterior.log_prob, *ends, **how), 81, SCALE)
    return {"path": path, "works": WORKS(np.tile(path[40], (REPEATS, 1)), SEED).mean()}


def circuits() -> list[tuple[int, np.ndarray]]:
    """The first paths whose middle works, with their numbers."""
    found = []
    for number in range(2 * CIRCUITS):
        made = kept(f"path-{number:02d}", lambda n=number: path_of(n))
        if made["works"] >= 0.5:
            found.append((number, made["path"]))
        if len(found) == CIRCUITS:
            return found
    raise RuntimeError(f"only {len(found)} of {2 * CIRCUITS} paths have a middle that works")


def ways(path: np.ndarray) -> Directions:
    """All directions in which the circuit in the middle of a path is pushed."""
    posterior, _, stiff = posterior_and_draws()
    slope = posterior.log_prob_grad(path[40][None])[1][0] * SCALE
    slope[at_bounds(path[40], 0.01)] = 0.0
    straight = Directions(tangents(path), ("ahead", "back"), ("straight along",) * 2)
    return (
        straight + across((path[41] - path[39]) / SCALE, slope) + stiff_and_sloppy(stiff)
        + one_by_one(NAMES) + random_directions(RANDOM, len(LOW), SEED)
    )  # fmt: skip


def tangents(path: np.ndarray) -> np.ndarray:
    """Unit vectors (2, d) along a path at its middle, ahead and back."""
    tangent = (path[41] - path[39]) / SCALE
    t = tangent / np.linalg.norm(tangent)
    return np.stack([t, -t])


def led_and_pushed(rule: Criterion, path: np.ndarray, vectors: np.ndarray) -> Radii:
    """Radii (1, ways) of a circuit along its path, ahead and back, and in directions."""
    how = {"repeats": REPEATS, "seed": SEED}
    led = breakdown_along(rule, [path[40:], path[40::-1]], scale=SCALE, **how).arrays()
    pushed = breakdown_radii(rule, path[40], vectors, most=FARTHEST, **BOUNDS, **how).arrays()
    return Radii(**{k: np.concatenate([led[k].swapaxes(0, 1), pushed[k]], 1) for k in led})


def stacked(rows: list[Radii]) -> Radii:
    """Radii (n, ways) of several circuits, without the parameters just beyond."""
    names = ("radius", "low", "high", "reach")
    return Radii(*(np.concatenate([getattr(row, name) for row in rows]) for name in names))


def recorded_of(path: np.ndarray) -> Radii:
    """Radii for the rhythm of the recording, but for single parameters."""
    named = ways(path)
    several = np.array(named.groups) != "one parameter"
    return led_and_pushed(SAME, path, named.vectors[several])


def beyond(path: np.ndarray, found: Radii) -> dict:
    """Parameters (ways, d) just beyond, or at the end of the way, and what is lost there."""
    far = np.maximum(path[40] + FARTHEST * ways(path).vectors * SCALE, BOUNDS["low"])
    ends = np.concatenate([[path[-1], path[0]], far])
    last = np.where(np.isnan(found.broken[0]), ends, found.broken[0])
    x = simulate(TOLD, seed=SEED, theta=last).x
    return {"last": last, "lost": np.array(what_is_lost(x, TOLD.statistic_names))}


def radii() -> None:
    """Push all circuits; of one, keep the voltages too."""
    paths, rows, same, ends = circuits(), [], [], []
    for number, path in paths:
        started = time.time()
        rows.append(radii_of(number, path))
        same.append(kept_as(Radii, f"recorded-{number:02d}", lambda p=path: recorded_of(p)))
        ends.append(kept(f"beyond-{number:02d}", lambda p=path, r=rows[-1]: beyond(p, r)))
        print(number, round(time.time() - started), "s", flush=True)
    first, shown = paths[0][1], LATER.time >= 1000.0
    along_path = Directions(
        tangents(first),
        ("along the path, ahead", "along the path, back"),
        ("along the path",) * 2,
    )
    one = np.concatenate([first[40][None], ends[0]["last"]])
    voltage = LATER.simulate(one, SEED).voltage[:, :, shown]
    parts = [thin_together(LATER.time[shown], v, 400) for v in voltage]
    write_arrays(
        HERE / "pyloric-radii.npz",
        **in_single(stacked(rows).arrays()),
        **in_single(stacked(same).arrays("recorded_")),
        **in_single((along_path + ways(first)).arrays()),
        lost=np.stack([each["lost"] for each in ends]),
        stiffness=posterior_and_draws()[2].matrix.astype(np.float32),
        theta=np.stack([path[40] for _, path in paths]).astype(np.float32),
        traces=np.stack([p[1] for p in parts]).round().clip(-128, 127).astype("i1"),
        time=parts[0][0],
    )


def radii_of(number: int, path: np.ndarray) -> Radii:
    """Radii of one circuit along its path, both ways, and in all directions."""
    return kept_as(
        Radii,
        f"radii-{number:02d}",
        lambda: led_and_pushed(WORKS, path, ways(path).vectors),
    )


def smallest() -> None:
    """Search the smallest perturbation of each circuit."""
    _, _, stiff = posterior_and_draws()
    rows = []
    for number, path in circuits():
        radius, named = radii_of(number, path).radius[0, 2:], ways(path)
        best = int(np.argmin(radius))

        def search(path=path, named=named, radius=radius, best=best) -> dict:  # noqa: ANN001
            begin = WORKS, path[40], named.vectors[best], radius[best]
            how = BOUNDS | {"stiffness": stiff.matrix, "seed": SEED}
            begun = smallest_perturbation(*begin, rounds=0, **how)
            broken = smallest_perturbation(*begin, **how)
            x = simulate(TOLD, seed=SEED, theta=np.tile(broken.theta, (REPEATS, 1))).x
            lost = Counter(each for each in what_is_lost(x, TOLD.statistic_names) if each)
            kinds = [each for each, _ in lost.most_common(1)]
            return broken.arrays() | {"begun": begun.radius, "lost": (kinds or [""])[0]}

        rows.append(kept(f"smallest-{number:02d}", search) | {"first": named.names[best]})
        print(number, float(rows[-1]["found"]), float(rows[-1]["radius"]), flush=True)
    told = {k: np.array([row[k] for row in rows]) for k in rows[0]}
    write_arrays(HERE / "pyloric-smallest.npz", **told)


def at(q10: dict):  # noqa: ANN201
    """The model at a temperature in °C, where shorter bursts count: half as long every 10 K."""
    return lambda celsius: Pyloric(
        temperature=KELVIN + celsius, q10=q10, burst_threshold=50.0 / 2 ** ((celsius - 10) / 10)
    )


def _shown(main: Warming) -> np.ndarray:
    """Four circuits (4,): three that crash for good, early to late, and one that does not."""
    works = main.works[:, CELSIUS >= HOME]
    last = works.sum(1)
    for_good = (np.sort(works, 1)[:, ::-1] == works).all(1) & works[:, 0]
    order = np.argsort(last, kind="stable")
    order = order[(for_good & (last < works.shape[1]))[order]]
    n = len(order)
    return np.r_[order[[n // 8, n // 2, 7 * n // 8]], np.flatnonzero(works.all(1))[0]]


def warmth() -> None:
    """Simulate draws at all temperatures, and four of them to be seen."""
    _, good, _ = posterior_and_draws()
    theta, told = good[:DRAWS], {}
    for name, q10 in OTHERS.items():
        celsius = CELSIUS if not q10 else CELSIUS[::2]
        found = kept_as(
            Warming, f"warmth-{name}", lambda q=q10, c=celsius: warm(at(q), theta, c, seed=SEED)
        )
        print(name, found.worked.mean(0).round(2), flush=True)
        told[name] = found
    main = told["as published"]
    others = [found.works for name, found in told.items() if name != "as published"]
    worked = [main.works[:, ::2], *others]
    chosen, traces = _shown(main), []
    for celsius in SHOWN:
        model = Pyloric(duration=2500.0, temperature=KELVIN + celsius)
        shown = model.time >= 1000.0
        each = [model.simulate(theta[k], SEED, first=k).voltage[0][:, shown] for k in chosen]
        traces.append([thin_together(model.time[shown], v, 600) for v in each])
    write_arrays(
        HERE / "pyloric-warmth.npz",
        theta=theta.astype(np.float32),
        celsius=CELSIUS,
        worked=main.works,
        x=main.x[..., :18].astype(np.float32),
        others=np.array(list(OTHERS)),
        shares=np.stack([w.mean(0) for w in worked]).astype(np.float32),
        intervals=np.stack([end for w in worked for end in share_interval(w)]).astype(np.float32),
        chosen=chosen,
        time=traces[0][0][0],
        traces=np.array([[v for _, v in row] for row in traces]).round().clip(-128, 127)
        .astype("i1"),
    )  # fmt: skip


def cost() -> None:
    """What the same draws spend, and how many of their neighbors work."""
    _, good, _ = posterior_and_draws()
    theta = good[:DRAWS]
    spent = kept("spent", lambda: {"spent": energy_by_current(MODEL, theta, SEED)})["spent"]
    v = random_directions(DRAWS * NEIGHBORS, len(LOW), SEED).vectors
    near = np.repeat(theta, NEIGHBORS, 0) + NEAR * v * SCALE
    near = np.maximum(near, BOUNDS["low"])
    works = kept("neighbors", lambda: {"works": WORKS(near, SEED)})["works"]
    x = kept("rhythm", lambda: {"x": simulate(MODEL, seed=SEED, theta=theta).x})["x"]
    write_arrays(
        HERE / "pyloric-cost.npz",
        spent=spent.astype(np.float32),
        neighbors=works.reshape(DRAWS, NEIGHBORS).mean(1).astype(np.float32),
        x=x.astype(np.float32),
        near=NEAR,
    )
    print("energy", np.quantile(spent.sum((1, 2)), [0, 0.05, 0.5, 0.95, 1]).round(1), flush=True)


STEPS = {"radii": radii, "smallest": smallest, "warmth": warmth, "cost": cost}

if __name__ == "__main__":
    for chosen_step in sys.argv[1:] or STEPS:
        STEPS[chosen_step]()
    print(json.dumps({"seed": SEED, "circuits": CIRCUITS, "draws": DRAWS, "repeats": REPEATS}))
