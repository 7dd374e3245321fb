"""Tasks: what is missing of a bank, cut into pieces for the workers and put together again.

Parameters are given, or drawn `DRAWS` at a time, the k-th time with the key (seed, k); simulation
i has the noise of the key (seed, i). So a row is the same whatever the blocks are, whoever
computes them, and when. Taught in ``book/beyond/scaling.md``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pickle import PicklingError
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from mechfit.models import Model
from mechfit.models.inputs import numbers
from mechfit.simulation.bank import DRAWS, Memory, draw_seed
from mechfit.simulation.rows import Failure, simulate_rows
from mechfit.simulation.store import Store
from mechfit.simulation.workers import Workers

__all__ = ["LANES", "Draws", "Given", "Proposal", "cut", "finish", "missing", "run"]

LANES = 32
"""Rows that a compiled model simulates together; a task is a multiple of them."""


class Proposal(Protocol):
    """A distribution of parameters: a prior, a region of it, or a posterior at an observation."""

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        """Log-density (n,) of theta (n, d); `simulate` does not need it."""


@dataclass
class Block:
    """Simulations that are stored together, the first `done` of them finished beforehand."""

    number: int
    theta: np.ndarray
    x: np.ndarray
    done: int
    missing: int
    failure: Failure | None = None


@dataclass(frozen=True)
class Task:
    """Rows of a block that one worker simulates in one go; the noise is numbered from `first`."""

    block: Block
    start: int
    stop: int
    first: int


@dataclass
class Draws:
    """Parameters drawn from a proposal; keeps the last `DRAWS` of them."""

    proposal: Proposal
    seed: int
    k: int = -1
    theta: np.ndarray | None = None
    compared: bool = False

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Parameters of the simulations from start to stop (stop - start, d)."""
        parts = []
        for k in range(start // DRAWS, -(-stop // DRAWS)):
            if k != self.k:
                drawn = self.proposal.sample(DRAWS, draw_seed(self.seed, k))
                drawn = np.array(numbers(drawn, "what the proposal drew"))
                if drawn.ndim != 2 or len(drawn) != DRAWS:
                    raise ValueError(
                        f"the proposal drew an array {drawn.shape}, expected ({DRAWS}, d)"
                    )
                self.k, self.theta = k, drawn
            parts.append(self.theta[max(start - k * DRAWS, 0) : stop - k * DRAWS])
        return np.concatenate(parts)

    def agrees(self, stored: np.ndarray, start: int) -> bool:
        """Compare the first stored rows, up to the rounding of a network on another machine."""
        if self.compared:
            return True
        self.compared = True
        return np.allclose(stored, self.rows(start, start + len(stored)), rtol=1e-5)


@dataclass(frozen=True)
class Given:
    """Parameters (n, d) given by the caller."""

    theta: np.ndarray

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Parameters of the simulations from start to stop (stop - start, d)."""
        return self.theta[start:stop]

    def agrees(self, stored: np.ndarray, start: int) -> bool:
        """Compare all stored rows that are given, bit for bit."""
        theta = self.rows(start, start + len(stored))
        return np.array_equal(stored[: len(theta)], theta)


def missing(
    sink: Memory | Store, source: Draws | Given, found: Callable[[int], object]
) -> Iterator[Block]:
    """Yield the blocks that lack rows; call `found` with the number of rows that are there."""
    size, k = sink.model.block, len(sink.model.statistic_names)
    for b in range(-(-sink.n // size)):
        start, wanted = b * size, min(size, sink.n - b * size)
        theta, x = sink.read(b) or (np.empty((0, 0)), np.empty((0, k)))
        done = min(len(x), wanted)
        found(done)
        if len(x) and not source.agrees(theta, start):
            raise ValueError(
                f"{sink.path} holds parameters from another proposal, or other theta; repeat the "
                "call that made it, or name another store"
            )
        if done < wanted:
            x = np.concatenate([x, np.empty((wanted - done, k))])
            theta = sink.model.prior.check(source.rows(start, start + wanted))
            yield Block(b, theta, x, done, wanted - done)


def cut(
    blocks: Iterator[Block], model: Model, n: int, workers: Workers, first: int
) -> Iterator[Task]:
    """Cut blocks into tasks, at least sixteen for each worker where n allows: the bar moves."""
    size = model.block if model.single_batch else -(-n // (16 * workers.count))
    if not model.run_in_process:
        size = -(-size // LANES) * LANES
    size = min(size, model.block)
    for block in blocks:
        for start in range(block.done, len(block.theta), size):
            stop = min(start + size, len(block.theta))
            number = first + block.number * model.block + start
            yield Task(block, start, stop, number)


def finish(task: Task, x: np.ndarray, failure: Failure | None, sink: Memory | Store) -> None:
    """Put a task's result into its block, and the block into the bank when it is whole."""
    block = task.block
    block.x[task.start : task.stop] = x
    block.missing -= len(x)
    block.failure = min((f for f in (block.failure, failure) if f), default=None)
    if not block.missing:
        said = "simulation {}: {}".format(*block.failure) if block.failure else ""
        sink.write(block.number, block.theta, block.x, said)


def run(
    tasks: Iterator[Task], workers: Workers, model: Model, seed: int
) -> Iterator[tuple[Task, np.ndarray, Failure | None]]:
    """Run tasks and yield each with its statistics and its first failure, in any order.

    When a worker dies, all tasks that end with it are repeated one at a time, and a task that dies
    again row by row; the row that dies alone has failed.
    """
    running: dict[Future, Task] = {}
    suspects: deque[Task] = deque()
    ended: SimpleQueue[Future] = SimpleQueue()
    alone = False
    try:
        while True:
            while len(running) < (1 if suspects or alone else workers.ahead):
                alone = bool(suspects)
                task = suspects.popleft() if suspects else next(tasks, None)
                if task is None:
                    break
                theta = task.block.theta[task.start : task.stop]
                submit = workers.submit_alone if alone else workers.submit
                future = submit(simulate_rows, model, theta, seed, task.first)
                running[future] = task
                future.add_done_callback(ended.put)
            if not running:
                return
            future = ended.get()
            task, error = running.pop(future), future.exception()
            if error is None:
                yield task, *future.result()
            elif isinstance(error, PicklingError):
                raise TypeError(
                    f"the simulator cannot be sent to another process ({error.__cause__ or error})"
                    "; create what cannot be copied, say an open file, inside the function"
                ) from error
            elif not (model.run_in_process and isinstance(error, workers.died)):
                raise error
            elif not alone:
                suspects.append(task)
            elif task.stop - task.start > 1:
                singles = [
                    Task(task.block, task.start + i, task.start + i + 1, task.first + i)
                    for i in range(task.stop - task.start)
                ]
                suspects.extendleft(reversed(singles))
            else:
                late = f" or took longer than {model.time_limit:g} s" if model.time_limit else ""
                empty = np.full((1, len(model.statistic_names)), np.nan)
                yield task, empty, (task.first, f"ended its process{late}")
    except BaseException:
        workers.stop()
        raise
