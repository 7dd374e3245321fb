"""Tasks: what is missing of a bank, cut into pieces for the workers and put together again.

Parameters are drawn `DRAWS` at a time, the k-th time with the key (seed, k); simulation i has the
noise of the key (seed, i). So a row is the same whatever the blocks are, whoever computes them,
and when. Taught in ``book/beyond/scaling.md``.
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
from mechfit.simulation.bank import DRAWS, Memory, draw_seed
from mechfit.simulation.store import Store
from mechfit.simulation.workers import Failure, Workers, rows

__all__ = ["Proposal", "cut", "finish", "missing", "run"]

LANES = 32


class Proposal(Protocol):
    """Anything that parameters can be drawn from: a prior, or a posterior at an observation."""

    def sample(self, n: int, seed: int) -> np.ndarray:
        """Draw n parameter sets (n, d)."""


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
    """Rows of a block that one worker simulates in one go; `first` is the bank's row number."""

    block: Block
    start: int
    stop: int
    first: int


@dataclass
class Draws:
    """Parameters of the simulations by their numbers; remembers the last `DRAWS` of them."""

    proposal: Proposal
    seed: int
    k: int = -1
    theta: np.ndarray | None = None

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Parameters of the simulations from start to stop (stop - start, d)."""
        parts = []
        for k in range(start // DRAWS, -(-stop // DRAWS)):
            if k != self.k:
                self.k, self.theta = k, self.proposal.sample(DRAWS, draw_seed(self.seed, k))
            parts.append(self.theta[max(start - k * DRAWS, 0) : stop - k * DRAWS])
        return np.concatenate(parts)


def missing(
    sink: Memory | Store, proposal: Proposal, found: Callable[[int], object]
) -> Iterator[Block]:
    """Yield the blocks that lack rows; tell `found` how many rows were there."""
    size, k = sink.model.block, len(sink.model.statistic_names)
    draws, checked = Draws(proposal, sink.seed), False
    for b in range(-(-sink.n // size)):
        wanted = min(size, sink.n - b * size)
        theta, x = sink.read(b) or (np.empty((0, 0)), np.empty((0, k)))
        done = min(len(x), wanted)
        found(done)
        if done == wanted and checked:
            continue
        start = b * size
        drawn = draws.rows(start, start + max(wanted, len(x)))
        if len(x) and not np.allclose(theta, drawn[: len(x)], rtol=1e-5):
            raise ValueError(
                f"{sink.path} holds parameters drawn from another proposal; repeat the call that "
                "made it, or name another store"
            )
        checked = checked or len(x) > 0
        if done < wanted:
            x = np.concatenate([x, np.empty((wanted - done, k))])
            yield Block(b, drawn[:wanted], x, done, wanted - done)


def cut(blocks: Iterator[Block], model: Model, n: int, workers: Workers) -> Iterator[Task]:
    """Cut blocks into tasks, at least four for each worker where n allows."""
    size = model.block if model.single_batch else -(-n // (4 * workers.count))
    if not model.run_in_process:
        size = -(-size // LANES) * LANES
    size = min(size, model.block)
    for block in blocks:
        for start in range(block.done, len(block.theta), size):
            stop = min(start + size, len(block.theta))
            yield Task(block, start, stop, block.number * model.block + start)


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

    A worker that dies takes the tasks of others with it. All of them are then repeated alone,
    and the one that kills again is repeated row by row: a row that kills alone is to blame.
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
                future = workers.submit(rows, model, theta, seed, task.first)
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
