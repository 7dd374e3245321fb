"""Transpose: 16 rows of 16 float32 numbers, in the registers of the processor.

Reading a column of an array row by row is slow. Of 16 rows in 16 registers, four rounds of swaps
make 16 columns: in the round of step s, rows a and a + s exchange the off-diagonal quarters of
each square of 2 s lanes. Eklundh (1972), doi:10.1109/T-C.1972.223584.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["WIDTH", "transpose"]

WIDTH = 16
VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
MASK = ir.VectorType(ir.IntType(32), WIDTH)


@intrinsic
def transpose(_, x, first, out):  # noqa: ANN001, ANN201
    """Write the rows x[first : first + 16] of 16 columns to the columns of out (16, n)."""

    def build(context, builder, signature, args):  # noqa: ANN001, ANN202
        source = context.make_array(signature.args[0])(context, builder, args[0]).data
        target = context.make_array(signature.args[2])(context, builder, args[2])
        width = ir.Constant(args[1].type, WIDTH)

        def at(data, offset):  # noqa: ANN001, ANN202
            return builder.bitcast(builder.gep(data, [offset]), VECTOR.as_pointer())

        rows = []
        for k in range(WIDTH):
            offset = builder.mul(builder.add(args[1], ir.Constant(args[1].type, k)), width)
            rows.append(builder.load(at(source, offset), align=4))
        for step in (1, 2, 4, 8):
            for a in (k for k in range(WIDTH) if not k & step):
                b, lanes = a + step, range(WIDTH)
                low = [z if not z & step else WIDTH + z - step for z in lanes]
                high = [z + step if not z & step else WIDTH + z for z in lanes]
                rows[a], rows[b] = (
                    builder.shuffle_vector(rows[a], rows[b], ir.Constant(MASK, mask))
                    for mask in (low, high)
                )
        stride = builder.extract_value(target.shape, 1)
        for k in range(WIDTH):
            offset = builder.add(builder.mul(stride, ir.Constant(stride.type, k)), args[1])
            builder.store(rows[k], at(target.data, offset), align=4)
        return context.get_dummy_value()

    return types.void(x, types.int64, out), build
