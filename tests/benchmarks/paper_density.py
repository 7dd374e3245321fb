"""The density of Gonçalves, Lueckmann, Deistler et al. (2020) for the pyloric recording.

Five masked autoregressive layers, as the authors trained and stored them. Their weights are not
part of this project: they are read from ``pyloric_paper_posterior.npz`` in the folder that the
environment variable MECHFIT_REFERENCE_DATA names.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from mechfit.models.pyloric.equations import AREA

FILE = "pyloric_paper_posterior.npz"
MISSING = f"MECHFIT_REFERENCE_DATA names no folder with {FILE}, which is the authors'"
BOX = np.sqrt(3)
"""The prior's box reaches from -BOX to BOX in all parameters z."""
MASKS = {"W1": "M1", "W2": "M2", "W3": "M3", "Wm": "Mmp", "Wp": "Mmp"}


def reference_file() -> Path | None:
    """The authors' file, if the environment names a folder that holds it."""
    folder = os.environ.get("MECHFIT_REFERENCE_DATA")
    path = Path(folder) / FILE if folder else None
    return path if path and path.exists() else None


def density_or_skip(precision: type = float) -> "PaperDensity":
    """The density, for a test; without the authors' file the test is skipped."""
    if reference_file() is None:
        pytest.skip(MISSING)
    return PaperDensity(reference_file(), precision)


def density_or_exit(precision: type = float) -> "PaperDensity":
    """The density, for a script."""
    return PaperDensity(reference_file() or sys.exit(MISSING), precision)


class PaperDensity:
    """The density q(z) at the recording, of parameters z in standard deviations of the prior.

    In single precision it is three times as fast, and log q right to 1e-4.
    """

    def __init__(self, path: Path, precision: type = float) -> None:
        self.file, self.precision = dict(np.load(path, allow_pickle=False)), precision
        self.x = self.file["x_o_zscored"].astype(precision).ravel()
        self.layers = [{}, {}, {}, {}, {}]
        for name, value in self.file.items():
            if name.startswith("made"):  # as in made0_W1
                self.layers[int(name[4])][name[6:]] = np.array(value, precision)
        for layer in self.layers:
            for weights, mask in MASKS.items():
                layer[weights] *= layer[mask]

    def to_z(self, theta: np.ndarray) -> np.ndarray:
        """Parameters (n, 31) in mS/cm² and ln mS, in standard deviations of the prior."""
        theta = np.array(theta, float)
        theta[..., :24] *= AREA
        return (theta - self.file["z_mean"]) / self.file["z_std"]

    def to_theta(self, z: np.ndarray) -> np.ndarray:
        """The inverse of `to_z`."""
        theta = z * self.file["z_std"] + self.file["z_mean"]
        theta[..., :24] /= AREA
        return theta

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Log-density (n,) of z (n, 31)."""
        u, total = np.array(z, self.precision), 0.0
        for layer in self.layers:
            mean, log_precision = self._heads(layer, u)[:2]
            u = np.exp(log_precision / 2) * (u - mean)
            total = total + log_precision.sum(-1) / 2
        return total - (u**2).sum(-1) / 2 - u.shape[-1] / 2 * np.log(2 * np.pi)

    def log_prob_grad(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-density (n,) of z (n, 31) and its gradient (n, 31)."""
        u, steps, total = np.array(z, float), [], 0.0
        for layer in self.layers:
            mean, log_precision, hidden = self._heads(layer, u)
            scale, moved = np.exp(log_precision / 2), u - mean
            steps.append((layer, hidden, scale, moved))
            u = scale * moved
            total = total + log_precision.sum(-1) / 2
        value = total - (u**2).sum(-1) / 2 - u.shape[-1] / 2 * np.log(2 * np.pi)
        slope = -u
        for layer, (first, second, third), scale, moved in reversed(steps):
            direct = slope * scale
            by_precision = direct * moved / 2 + 0.5
            h = by_precision @ layer["Wp"].T - direct @ layer["Wm"].T
            h = (h * (1 - third**2)) @ layer["W3"].T
            h = (h * (1 - second**2)) @ layer["W2"].T
            slope = direct + (h * (1 - first**2)) @ layer["W1"].T
        return value, slope

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n sets z (n, 31) inside the prior's box."""
        rng, kept = np.random.default_rng(seed), np.empty((0, 31))
        for _ in range(100):
            z = self._push(rng.standard_normal((4 * n, 31)))
            kept = np.concatenate([kept, z[(abs(z) < BOX).all(1)]])
            if len(kept) >= n:
                return kept[:n]
        raise RuntimeError(f"only {len(kept)} of {n} draws lie inside the prior")

    def inside(self, n: int, seed: int) -> float:
        """Share of n unrestricted draws that lie inside the prior's box."""
        z = self._push(np.random.default_rng(seed).standard_normal((n, 31)))
        return float((abs(z) < BOX).all(1).mean())

    def _push(self, noise: np.ndarray) -> np.ndarray:
        for layer in reversed(self.layers):
            u, noise = noise, np.zeros_like(noise)
            for rank in np.argsort(layer["order"]):
                mean, log_precision = self._heads(layer, noise)[:2]
                noise[:, rank] = mean[:, rank] + u[:, rank] * np.exp(-log_precision[:, rank] / 2)
        return noise

    def _heads(self, layer: dict[str, np.ndarray], u: np.ndarray) -> tuple:
        """Means (n, 31), logarithms of precisions (n, 31) and the hidden units of a layer."""
        first = np.tanh(u @ layer["W1"] + self.x @ layer["Wx"] + layer["b1"])
        second = np.tanh(first @ layer["W2"] + layer["b2"])
        third = np.tanh(second @ layer["W3"] + layer["b3"])
        mean, log_precision = third @ layer["Wm"] + layer["bm"], third @ layer["Wp"] + layer["bp"]
        return mean, log_precision, (first, second, third)
