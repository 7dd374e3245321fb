"""Registers: one step of the gates of 16 neurons, written in vector instructions.

A row of a table holds the steady states of a neuron's gates and the fraction of the way that a
step goes, interpolated linearly between rows; 16 numbers fill a register. (A compiler given the
loop cannot know that the arrays do not overlap, and checks before each row.) The states are summed
with compensation (Kahan 1965, doi:10.1145/363707.363723) and stored by rows and by columns. Four
rounds of swaps transpose them: in the round of step s, rows a and a + s exchange the off-diagonal
quarters of each square of 2 s columns (Eklundh 1972, doi:10.1109/T-C.1972.223584).
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["WIDTH", "step_gates"]

WIDTH = 16
FLOAT, INDEX = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, WIDTH)
MASK = ir.VectorType(ir.IntType(32), WIDTH)


class Registers:
    """Emits vector instructions into a function that is being compiled."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def at(self, data: ir.Value, offset: ir.Value | int) -> ir.Value:
        """Address of a number of an array."""
        if isinstance(offset, int):
            offset = ir.Constant(INDEX, offset)
        return self.builder.gep(data, [offset])

    def load(self, address: ir.Value) -> ir.Value:
        """Load sixteen numbers."""
        return self.builder.load(self.builder.bitcast(address, VECTOR.as_pointer()), align=4)

    def store(self, vector: ir.Value, address: ir.Value) -> None:
        """Store sixteen numbers."""
        self.builder.store(vector, self.builder.bitcast(address, VECTOR.as_pointer()), align=4)

    def spread(self, address: ir.Value) -> ir.Value:
        """Broadcast one number to sixteen."""
        empty = ir.Constant(VECTOR, ir.Undefined)
        one = self.builder.insert_element(
            empty, self.builder.load(address), ir.Constant(ir.IntType(32), 0)
        )
        return self.builder.shuffle_vector(one, empty, ir.Constant(MASK, [0] * WIDTH))

    def line(self, low: ir.Value, high: ir.Value, part: ir.Value) -> ir.Value:
        """Interpolate linearly between two rows."""
        return self.fused(part, self.builder.fsub(high, low), low)

    def fused(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """The sum a b + c."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, c, flags=("contract",))

    def add(self, value: ir.Value, change: ir.Value, lost: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Compensated sum, and what is lost now."""
        change = self.builder.fsub(change, lost)
        now = self.builder.fadd(value, change)
        return now, self.builder.fsub(self.builder.fsub(now, value), change)

    def transposed(self, rows: list[ir.Value]) -> list[ir.Value]:
        """Columns of sixteen rows."""
        rows, lanes = list(rows), range(WIDTH)
        for step in (1, 2, 4, 8):
            low = [z if not z & step else WIDTH + z - step for z in lanes]
            high = [z + step if not z & step else WIDTH + z for z in lanes]
            for a in (k for k in lanes if not k & step):
                rows[a], rows[a + step] = (
                    self.builder.shuffle_vector(rows[a], rows[a + step], ir.Constant(MASK, mask))
                    for mask in (low, high)
                )
        return rows


@intrinsic
def step_gates(_, table, place, part, special, share, first, x, lost, columns):  # noqa: ANN001, ANN201
    """Step the gates of the neurons first to first + 15.

    Args:
        table: Rows (v, 32) of float32: steady states, and the fraction of the way per step.
        place: Row of each neuron (n,), as int32.
        part: Position (n,) between this row and the next, 0 to 1.
        special: 1 for the gates (16,) whose steady state has a factor, else 0.
        share: That factor (n,), of each neuron.
        first: The first of the neurons.
        x: Gates (n, 16).
        lost: Their rounding errors (n, 16).
        columns: Receives the gates transposed, (16, n).
    """

    def build(context, builder, signature, args):  # noqa: ANN001, ANN202
        registers = Registers(builder)
        kinds = dict(enumerate(signature.args))
        rows, places, parts, chosen, shares, gates, taken, out = (
            context.make_array(kinds[k])(context, builder, args[k])
            for k in (0, 1, 2, 3, 4, 6, 7, 8)
        )
        one = ir.Constant(VECTOR, [1.0] * WIDTH)
        only = registers.load(chosen.data)
        others, moved_rows = builder.fsub(one, only), []
        for k in range(WIDTH):
            n = builder.add(args[5], ir.Constant(INDEX, k))
            number = builder.zext(builder.load(registers.at(places.data, n)), INDEX)
            row = builder.mul(number, ir.Constant(INDEX, 2 * WIDTH))
            here = registers.at(rows.data, row)
            low, how_low, high, how_high = (
                registers.load(registers.at(here, WIDTH * i)) for i in range(4)
            )
            f = registers.spread(registers.at(parts.data, n))
            factor = registers.fused(only, registers.spread(registers.at(shares.data, n)), others)
            to = builder.fmul(registers.line(low, high, f), factor)
            mine = builder.mul(n, ir.Constant(INDEX, WIDTH))
            state, missing = registers.at(gates.data, mine), registers.at(taken.data, mine)
            old = registers.load(state)
            change = builder.fmul(builder.fsub(to, old), registers.line(how_low, how_high, f))
            now, gone = registers.add(old, change, registers.load(missing))
            registers.store(now, state)
            registers.store(gone, missing)
            moved_rows.append(now)
        stride = builder.extract_value(out.shape, 1)
        for k, column in enumerate(registers.transposed(moved_rows)):
            offset = builder.add(builder.mul(stride, ir.Constant(INDEX, k)), args[5])
            registers.store(column, registers.at(out.data, offset))
        return context.get_dummy_value()

    index = types.int64
    return types.void(table, place, part, special, share, index, x, lost, columns), build
