"""A step of the gates in registers is the step that numpy takes."""

import numpy as np

from mechfit.compile import compiled_fast
from mechfit.models.pyloric.registers import WIDTH, step_gates

ROWS = 2 * WIDTH


@compiled_fast
def step(table, place, part, special, share, x, lost, columns):
    for first in range(0, len(x), WIDTH):
        step_gates(table, place, part, special, share, first, x, lost, columns)


def test_gates_move_and_stand_in_rows_and_columns():
    rng = np.random.default_rng(1)
    table = rng.uniform(size=(9, 2 * WIDTH)).astype(np.float32)
    place, part = rng.integers(0, 8, ROWS).astype(np.int32), rng.uniform(size=ROWS)
    special, share = (np.arange(WIDTH) == 4).astype(np.float32), rng.uniform(size=ROWS)
    x, columns = rng.uniform(size=(ROWS, WIDTH)), np.zeros((WIDTH, ROWS), np.float32)
    f = part[:, None]
    line = (1 - f) * table[place] + f * table[place + 1]
    to, moved = line[:, :WIDTH] * np.where(special, share[:, None], 1.0), line[:, WIDTH:]
    moving, lost = x.astype(np.float32), np.zeros((ROWS, WIDTH), np.float32)
    part, share = part.astype(np.float32), share.astype(np.float32)
    step(table, place, part, special, share, moving, lost, columns)
    np.testing.assert_allclose(moving, x + (to - x) * moved, rtol=1e-5)
    np.testing.assert_array_equal(columns, moving.T)


def test_small_changes_are_not_lost():
    table = np.zeros((2, 2 * WIDTH), np.float32)
    table[:, :WIDTH], table[:, WIDTH:] = 1.0, 1e-9
    place, zero, one = np.zeros(WIDTH, np.int32), np.zeros(WIDTH, np.float32), np.ones(WIDTH)
    x, lost = np.full((WIDTH, WIDTH), 0.5, np.float32), np.zeros((WIDTH, WIDTH), np.float32)
    for _ in range(10_000):  # each step adds 5e-10, a hundredth of what a float32 can see
        step(table, place, zero, zero, one.astype(np.float32), x, lost, np.zeros_like(x))
    np.testing.assert_allclose(x - lost, 0.5 + 10_000 * 0.5e-9, rtol=2e-7)
    assert (x > 0.5).all()
