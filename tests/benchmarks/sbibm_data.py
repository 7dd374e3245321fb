"""The stored part of the public benchmark: observations and samples of their posteriors.

Lueckmann, Boelts, Greenberg, Gonçalves & Macke (2021), arXiv:2101.04653, made ten observations for
every task and 10,000 draws of each posterior. They are read from the files of the distribution
`sbibm`, whose code, with all that it needs, is never imported.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

VERSION = "1.1.0"
OBSERVATIONS = range(1, 11)
VARIANTS = {
    "slcp_distractors": ("slcp", "observation_distractors.csv"),
    "bernoulli_glm_raw": ("bernoulli_glm", "observation_raw.csv"),
}
"""Tasks that share parameters and posteriors with another one, and the files of their x_o."""
HINT = f"sbibm {VERSION} is not installed: pip install --no-deps sbibm=={VERSION}"


@cache
def folder() -> Path:
    """Folder of the tasks; an error tells how to get it."""
    try:
        found = distribution("sbibm")
    except PackageNotFoundError as error:
        raise RuntimeError(HINT) from error
    if found.version != VERSION:
        raise RuntimeError(f"found sbibm {found.version}; {HINT}")
    return Path(found.locate_file("sbibm/tasks"))


def installed() -> bool:
    """Whether the files are there."""
    try:
        return folder().is_dir()
    except RuntimeError:
        return False


def observation(task: str, number: int) -> np.ndarray:
    """Statistics x_o (k,) of observation 1 to 10."""
    return table(task, number, VARIANTS.get(task, (task, "observation.csv"))[1])[0]


def truth(task: str, number: int) -> np.ndarray:
    """Parameters (d,) that the observation was simulated with."""
    return table(task, number, "true_parameters.csv")[0]


def observation_seed(task: str, number: int) -> int:
    """Seed of torch's generator with which truth and observation were drawn."""
    return int(table(task, number, "observation_seed.csv")[0, 0])


def reference(task: str, number: int) -> np.ndarray:
    """Draws (10000, d) of the posterior."""
    return table(task, number, "reference_posterior_samples.csv.bz2")


def files(task: str) -> Path:
    """Folder of a task's files."""
    return folder() / VARIANTS.get(task, (task,))[0] / "files"


def table(task: str, number: int, file: str) -> np.ndarray:
    """Numbers of a file with one line of names."""
    path = files(task) / f"num_observation_{number}" / file
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
