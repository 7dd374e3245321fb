"""Look at the shape of the pyloric posterior: ``python book/artefacts/geometry.py [step ...]``.

``routes`` finds two circuits that differ and do the same, a path between them, the straight line,
and the way across, and simulates all three; ``valley`` joins forty random pairs by paths;
``rhythm`` asks of sixteen pairs near the recording whether paths and straight lines keep its
rhythm, and ``tree`` joins thirty draws by paths that keep it; ``compensation`` averages the
conditional correlations of all pairs of parameters.
Finished pairs are kept in ``.work/``; a re-run takes up where the last one stopped.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from mechfit.geometry import along, connect, high_probability_path, orthogonal_path, straight
from mechfit.geometry.conditionals import pair_correlations
from mechfit.geometry.islands import SHARE, islands
from mechfit.inference import load
from mechfit.inference.files import write, write_arrays
from mechfit.models import RECORDED_RHYTHM, RHYTHM_SPREAD, Pyloric
from mechfit.simulation import simulate
from mechfit.summaries.thinning import thin_together

HERE = Path(__file__).parent
WORK = HERE / ".work" / "geometry"
SEED, NODES, STOPS, MOST, TRIED = 7, 30, 13, 100, 40
DRAWN, RANDOM, NEAR, REACH, CONDITIONED = 30, 40, 16, 2.0, 50
MODEL = Pyloric()
LOW, HIGH = MODEL.prior.limits().T
SCALE = (HIGH - LOW) / np.sqrt(12)
EDGE = 1e-3 * (HIGH - LOW)


def density():  # noqa: ANN201
    """The posterior at the recording as a smooth density, and draws with their log-density.

    Only the density is cut to a region; paths are searched on the smooth one, and what works is
    for the simulator to say.
    """
    posterior = replace(load(HERE / "pyloric-rounds"), region=None).at(RECORDED_RHYTHM)
    with np.load(HERE / "pyloric-draws.npz") as stored:
        draws = LOW + stored["theta"].astype(float) / 65535 * (HIGH - LOW)
        x = stored["x"].astype(float)
    return posterior, draws, x


def works(theta: np.ndarray) -> np.ndarray:
    """Whether circuits (n, 31) have a rhythm with at least one of three noises (n,)."""
    x = [np.isfinite(simulate(MODEL, seed=SEED + k, theta=theta).x).all(1) for k in range(3)]
    return np.any(x, axis=0)


def keeps(theta: np.ndarray) -> np.ndarray:
    """Whether circuits (n, 31) keep the recorded rhythm with most of three noises (n,).

    That is, all 15 statistics lie within two standard deviations over animals of the recording.
    """
    found = [simulate(MODEL, seed=SEED + k, theta=theta).x[:, :15] for k in range(3)]
    away = abs(np.stack(found) - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD
    return (away < 2).all(2).sum(0) >= 2


def settings(posterior) -> dict:  # noqa: ANN001
    """How paths are searched."""
    return {
        "log_prob_grad": posterior.log_prob_grad,
        "low": LOW + EDGE,
        "high": HIGH - EDGE,
        "scale": SCALE,
    }


def rhythmic(theta: np.ndarray) -> np.ndarray:
    """Whether circuits (n, 31) have a rhythm with the first noise (n,)."""
    return np.isfinite(simulate(MODEL, seed=SEED, theta=theta).x).all(1)


def pair(draws: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Two draws (2, 31) near the recording and far apart, above all in two synapses onto LP.

    Of forty such pairs the one whose straight line loses the rhythm most often.
    """
    away = abs(x[:, :15] - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD
    good = draws[np.flatnonzero((away < 0.6).all(1))[:800]]
    u = (good - LOW) / SCALE
    apart = np.triu(cdist(u, u) + 2 * cdist(u[:, 24:26], u[:, 24:26]))
    first, second = np.unravel_index(np.argsort(-apart.ravel())[:TRIED], apart.shape)
    lines = [straight(good[i], good[j], STOPS) for i, j in zip(first, second, strict=True)]
    works = rhythmic(np.concatenate(lines)).reshape(TRIED, STOPS)
    lost = np.where(works[:, 0] & works[:, -1], (~works).sum(1), -1)
    return np.clip(lines[int(np.argmax(lost))][[0, -1]], LOW + EDGE, HIGH - EDGE)


def across_path(posterior, path: np.ndarray) -> tuple[int, np.ndarray]:  # noqa: ANN001
    """Of the ways across from three nodes of a path, the one that loses the rhythm first."""
    how, found = settings(posterior), []
    for node in (20, 40, 60):
        way = orthogonal_path(posterior.log_prob, path, node, reach=REACH, **how)
        works = rhythmic(along(way, 4 * STOPS, SCALE))
        found.append((np.argmin(works) if not works.all() else len(works), node, way))
    _, node, way = min(found, key=lambda each: each[:2])
    return node, way


def routes() -> None:
    """Find three ways from a circuit and simulate them."""
    posterior, draws, x = density()
    ends = pair(draws, x)
    started = time.time()
    path = high_probability_path(posterior.log_prob, *ends, nodes=80, **settings(posterior))
    seconds, path = time.time() - started, along(path, 80, SCALE)
    node, across = across_path(posterior, path)
    ways = {"path": path, "line": straight(*ends), "across": across}
    shorter, stored = Pyloric(duration=3000.0), {}
    shown = shorter.time >= 1000.0
    for name, way in ways.items():
        stops = along(way, STOPS, SCALE)
        x_stops = simulate(MODEL, seed=SEED, theta=stops).x
        voltage = shorter.simulate(stops, SEED).voltage[:, :, shown]
        parts = [thin_together(shorter.time[shown], v, 400) for v in voltage]
        stored |= {
            f"{name}_theta": way.astype(np.float32),
            f"{name}_log_prob": posterior.log_prob(along(way, 60, SCALE)).astype(np.float32),
            f"{name}_works": np.isfinite(x_stops).all(1),
            f"{name}_x": x_stops.astype(np.float32),
            f"{name}_traces": np.stack([p[1] for p in parts]).round().clip(-128, 127).astype("i1"),
            "time": parts[0][0],
        }
    level = np.quantile(posterior.log_prob(draws[:5000]), SHARE)
    write_arrays(HERE / "pyloric-routes.npz", **stored, node=node, level=level, seconds=seconds)
    print({k: v.tolist() for k, v in stored.items() if k.endswith("works")}, round(seconds, 1))


def valley() -> None:
    """Join random pairs of draws by paths on which circuits have a rhythm."""
    posterior, draws, x = density()
    log_q = posterior.log_prob(draws[:5000])
    level = float(np.quantile(log_q, SHARE))
    start = np.flatnonzero((log_q > level) & np.isfinite(x[:5000]).all(1))
    how = settings(posterior) | {"nodes": NODES, "works": works, "most": MOST}
    WORK.mkdir(parents=True, exist_ok=True)
    rng, rows = np.random.default_rng(SEED), []
    for k in range(RANDOM):
        i, j = rng.choice(start, 2, replace=False)
        file = WORK / f"pair-{k:02d}.json"
        if not file.exists():
            ends = np.clip(draws[[i, j]], LOW + EDGE, HIGH - EDGE)
            found = connect(posterior.log_prob, *ends, level, **how)
            row = {"lowest": found.lowest, "line": found.line, "connected": found.connected}
            row["worked"] = None if found.works is None else int(found.works.sum())
            write(file, json.dumps(row).encode())
            print(k, row, flush=True)
        row = json.loads(file.read_text("utf-8"))
        on_line = straight(draws[i], draws[j], 20)
        rows.append(row | {"line_worked": int(works(on_line).sum())})
    told = {
        "command": "python book/artefacts/geometry.py valley",
        "date": time.strftime("%Y-%m-%d"),
        "level": level,
        "typical": np.quantile(log_q, [0.05, 0.5, 0.95]).tolist(),
        "pairs": rows,
    }
    write(HERE / "pyloric-valley.json", (json.dumps(told, indent=1) + "\n").encode())


def near_recording(posterior, draws: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:  # noqa: ANN001
    """Density level that counts as high, and rows of draws above it near the recording."""
    level = np.quantile(posterior.log_prob(draws[:5000]), SHARE)
    near = np.flatnonzero((abs(x[:5000, :15] - RECORDED_RHYTHM[:15]) < RHYTHM_SPREAD).all(1))
    return float(level), near[posterior.log_prob(draws[near]) > level]


def rhythm() -> None:
    """On paths and lines between random draws near the recording, see which rhythm is kept."""
    posterior, draws, x = density()
    _, near = near_recording(posterior, draws, x)
    how = settings(posterior) | {"nodes": NODES, "most": MOST}
    WORK.mkdir(parents=True, exist_ok=True)
    rng, rows = np.random.default_rng(SEED), []
    for k in range(NEAR):
        ends = np.clip(draws[rng.choice(near, 2, replace=False)], LOW + EDGE, HIGH - EDGE)
        file = WORK / f"rhythm-{k:02d}.json"
        if not file.exists():
            path = along(high_probability_path(posterior.log_prob, *ends, **how), 20, SCALE)
            row = {}
            for name, way in (("path", path), ("line", straight(*ends, 20))):
                found = simulate(MODEL, seed=SEED, theta=way).x[1:-1, :15]
                away = (abs(found - RECORDED_RHYTHM[:15]) / RHYTHM_SPREAD).max(1)
                row[name] = [None if np.isnan(a) else round(float(a), 3) for a in away]
            write(file, json.dumps(row).encode())
            print(k, row, flush=True)
        rows.append(json.loads(file.read_text("utf-8")))
    told = {"command": "python book/artefacts/geometry.py rhythm", "pairs": rows}
    write(HERE / "pyloric-rhythm.json", (json.dumps(told) + "\n").encode())


def tree() -> None:
    """Join draws near the recording by paths on which every circuit keeps its rhythm."""
    posterior, draws, x = density()
    level, near = near_recording(posterior, draws, x)
    chosen = np.clip(draws[near[: 4 * DRAWN]], LOW + EDGE, HIGH - EDGE)
    chosen = chosen[keeps(chosen)][:DRAWN]
    how = settings(posterior) | {"nodes": NODES, "works": keeps, "most": MOST}
    started = time.time()
    found = islands(posterior.log_prob, chosen, level, **how)
    print(found, round(time.time() - started), flush=True)
    told = {
        "command": "python book/artefacts/geometry.py tree",
        "date": time.strftime("%Y-%m-%d"),
        "groups": found.groups.tolist(),
        "statement": str(found),
        "tried": [
            {"pair": p.tolist(), "lowest": c.lowest, "connected": c.connected,
             "worked": None if c.works is None else int(c.works.sum())}
            for p, c in zip(found.pairs, found.connections, strict=True)
        ],
    }  # fmt: skip
    write(HERE / "pyloric-tree.json", (json.dumps(told, indent=1) + "\n").encode())


def compensation() -> None:
    """Average the conditional correlations of all pairs over draws."""
    posterior, draws, _ = density()
    z = (np.clip(draws[:CONDITIONED], LOW + EDGE, HIGH - EDGE) - LOW) / SCALE
    pairs = np.stack(np.triu_indices(len(LOW), 1), 1)
    started = time.time()
    bounds = EDGE / SCALE, (HIGH - EDGE - LOW) / SCALE
    rho = pair_correlations(lambda u: posterior.log_prob(LOW + u * SCALE), z, *bounds, pairs)
    seconds = time.time() - started
    write_arrays(
        HERE / "pyloric-compensation.npz",
        mean=rho.mean(0).astype(np.float32),
        error=(rho.std(0, ddof=1) / np.sqrt(len(rho))).astype(np.float32),
        samples=len(rho),
        seconds=seconds,
    )
    print("compensation", round(seconds), flush=True)


STEPS = {
    "routes": routes,
    "valley": valley,
    "rhythm": rhythm,
    "tree": tree,
    "compensation": compensation,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or STEPS:
        STEPS[chosen]()
