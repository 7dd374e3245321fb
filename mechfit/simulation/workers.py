"""Workers: threads, processes or a Dask cluster, to which functions are submitted as to futures.

Compiled models run in threads, as their loops release the lock of the interpreter; foreign ones in
processes (loky); either on the workers of a Dask cluster, a foreign one in a process beside the
worker. All threads share the processes, which survive a call for ten minutes; what is repeated
after a death has a process of its own, so that it is known what ended it. Taught in
``book/beyond/scaling.md``.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, TypeVar

import cloudpickle
from loky import process_executor
from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

from mechfit.models import Model
from mechfit.simulation.progress import progress_bar

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "Cluster",
    "Processes",
    "Threads",
    "Workers",
    "isolated",
    "map_cores",
    "workers_for",
]

T, R = TypeVar("T"), TypeVar("R")


LOCK = threading.RLock()
POOLS: dict[tuple[int, int, int | None], ProcessPoolExecutor] = {}
"""Pools of processes by the process that made them, their size, and the thread they work for."""


def unlock() -> None:
    """Make a new lock in a forked process, where nobody would open the old one."""
    global LOCK
    LOCK = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=unlock)


class Threads:
    """Threads of this process, one per core by default."""

    died = ()

    def __init__(self, count: int | None = None) -> None:
        self.count = count or cores()
        self.ahead = 2 * self.count
        self.pool = ThreadPoolExecutor(self.count)

    def submit(self, function: Callable, *args: object) -> Future:
        """Run function(*args)."""
        return self.pool.submit(function, *args)

    submit_alone = submit

    def stop(self) -> None:
        """Wait for what runs, forget the rest."""
        self.pool.shutdown(cancel_futures=True)


class Processes:
    """Processes of this machine, one per core; a dead one is replaced."""

    died = (BrokenProcessPool,)
    used: weakref.WeakSet[Processes] = weakref.WeakSet()

    def __init__(self) -> None:
        self.count = self.ahead = cores()
        self.futures: set[Future] = set()
        with LOCK:
            self.used.add(self)

    def submit(self, function: Callable, *args: object) -> Future:
        """Run function(*args)."""
        return self._submit(self.count, None, function, *args)

    def submit_alone(self, function: Callable, *args: object) -> Future:
        """Run function(*args) in a process that works for this thread alone."""
        return self._submit(1, threading.get_ident(), function, *args)

    def stop(self) -> None:
        """Forget what waits, and kill the processes unless another thread uses them."""
        for future in tuple(self.futures):
            future.cancel()
        with LOCK:
            shared = any(other.futures for other in self.used if other is not self)
            for owner in (threading.get_ident(),) if shared else (threading.get_ident(), None):
                pool = POOLS.pop((os.getpid(), 1 if owner else self.count, owner), None)
                if pool is not None:
                    pool.shutdown(kill_workers=True)

    def _submit(self, count: int, owner: int | None, function: Callable, *args: object) -> Future:
        with LOCK:
            future = processes(count, owner).submit(function, *args)
            self.futures.add(future)
        future.add_done_callback(self.futures.discard)
        return future


class Cluster:
    """The workers of a Dask cluster; what a dead worker had is run again by another."""

    def __init__(self, client: Client) -> None:
        from distributed.scheduler import KilledWorker

        self.client, self.futures, self.model, self.sent = client, set(), None, b""
        self.died = KilledWorker, BrokenProcessPool

    @property
    def count(self) -> int:
        """Threads of all workers at this moment; a cluster may grow and shrink."""
        return max(1, sum(self.client.nthreads().values()))

    @property
    def ahead(self) -> int:
        """Enough that no worker waits for the next task."""
        return 2 * self.count + 2

    def submit(self, function: Callable, model: Model, *args: object) -> Future:
        """Run function(model, *args)."""
        if model is not self.model:
            self.model, self.sent = model, cloudpickle.dumps(model)
        future = self.client.submit(run_beside, function, self.sent, *args, pure=False)
        self.futures.add(future)
        future.add_done_callback(self.futures.discard)
        return future

    submit_alone = submit

    def stop(self) -> None:
        """Cancel what has not ended."""
        self.client.cancel(list(self.futures))


Workers = Threads | Processes | Cluster
"""Where functions run: `count` at once, and `ahead` of them submitted before the first has ended;
`died` are the errors of those whose worker died."""


def workers_for(model: Model, client: Client | None) -> Workers:
    """Choose the workers for a model: Dask's if there is a client."""
    if client is not None:
        return Cluster(client)
    if not model.run_in_process:
        return Threads()
    if model.time_limit is not None:
        multiprocessing.current_process().daemon = False  # or it may have no children
    return isolated()


def isolated() -> Processes | Threads:
    """Processes; where this one is daemonic and may have none, as in a pool, a thread of it."""
    return Threads(1) if multiprocessing.current_process().daemon else Processes()


def map_cores(function: Callable[[T], R], items: Sequence[T], unit: str) -> list[R]:
    """Compute a function of each item in threads on all cores, and return the results in order.

    Threads are faster for a function that spends its time in numpy or in compiled code. `unit` is
    the name of an item in the progress bar.

    Example:
        >>> map_cores(abs, [-2, 0, 3], " numbers")
        [2, 0, 3]
    """
    found = []
    with progress_bar(len(items), unit) as bar, ThreadPoolExecutor(cores()) as pool:
        for each in pool.map(function, items):
            found.append(each)
            bar.update()
    return found


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=8)
def unpickled(sent: bytes) -> Model:
    """The same object for the same bytes: what a model compiles is compiled once in a process."""
    return cloudpickle.loads(sent)


def run_beside(function: Callable, sent: bytes, *args: object) -> object:
    """Run function(model, *args) on a Dask worker; a foreign model in a process beside it."""
    with LOCK:
        model = unpickled(sent)
    if not model.run_in_process:
        return function(model, *args)
    multiprocessing.current_process().daemon = False  # or the worker may have no children
    return processes(1, threading.get_ident()).submit(function, model, *args).result()


def processes(count: int, owner: int | None = None) -> ProcessPoolExecutor:
    """The pool of all threads, or of one; it outlives a call for ten minutes."""
    key = os.getpid(), count, owner
    with LOCK:
        pool = POOLS.get(key)
        if pool is None or pool._flags.broken or pool._flags.shutdown:
            if "__mp_main__" in sys.modules:  # the script of a spawned process: others lack it
                cloudpickle.register_pickle_by_value(sys.modules["__mp_main__"])
            how = {"timeout": 600, "env": {"OMP_NUM_THREADS": "1"}}
            pool = ProcessPoolExecutor(count, initializer=begin, initargs=(os.getpid(),), **how)
            # a process of multiprocessing waits at its end for its own ones: end them before
            Finalize(pool, end, (weakref.ref(pool),), exitpriority=100)
            POOLS[key] = pool
    return pool


def end(pool: weakref.ref[ProcessPoolExecutor]) -> None:
    """End a pool's processes."""
    if pool() is not None:
        pool().shutdown(kill_workers=True)


def begin(parent: int) -> None:
    """Let this process end with its parent, and grow beyond 300 MB, where loky replaces one."""
    process_executor._USE_PSUTIL = False
    threading.Thread(target=end_after, args=(parent,), daemon=True).start()


def end_after(parent: int) -> None:
    """End this process a second after its parent, which may have been killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
