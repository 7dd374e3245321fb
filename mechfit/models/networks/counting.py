r"""Counting: the arrivals of many spikes at once, where a source reaches many of the neurons.

The targets of a source are a row of bits. 15 rows are added as binary digits: a full adder turns
three bits a, b, c of the same weight into

    sum = a ^ b ^ c,    carry = (a & b) | (c & (a ^ b)),

so 11 of them turn 15 bits into one number of 4 digits, for as many neurons at once as a register
has bits (the count of Harley and Seal, by column); then the digits are added to the counts. Bit b
of the 16-bit word w stands for neuron b W + w, W words being a row, so that 16 passes with one and
the same shift read all digits; adders take four words at once. A row takes n / 8 bytes, less than
a list where a source reaches a sixteenth of all.
"""

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled

__all__ = ["DIGITS", "count_rows", "rows_of"]

u16, u64 = np.uint16, np.uint64
PAIRS, FOURS = u64(0x5555555555555555), u64(0x3333333333333333)
BITS, ROWS = 16, 15
STRIDE = u64(2**10)
"""Length of the longest row, that of 65,536 neurons, in 64-bit numbers."""
DIGITS = 6 * 2**10


@compiled
def rows_of(pointers, targets, words):
    """The targets of each source as bits (sources + 1, words / 4); the last row is empty."""
    rows = np.zeros((pointers.size, words), u16)
    for source in range(pointers.size - 1):
        row, bit, start = rows[source], 0, 0
        for target in targets[pointers[source] : pointers[source + 1]]:
            while target >= start + words:  # rarely, as targets come in order
                bit, start = bit + 1, start + words
            while target < start:
                bit, start = bit - 1, start - words
            row[target - start] |= u16(1 << bit)
    return rows.view(u64)


@register_jitable
def full_adder(a, b, c):
    """Sum and carry of three bits."""
    x = a ^ b
    return x ^ c, (a & b) | (c & x)


@register_jitable
def add_seven(rows, r, digits):
    """Add seven rows to three digits."""
    a, b, c, d = rows[r[0]], rows[r[1]], rows[r[2]], rows[r[3]]
    e, f, g = rows[r[4]], rows[r[5]], rows[r[6]]
    for w in range(u64(a.size)):
        x, x2 = full_adder(a[w], b[w], c[w])
        y, y2 = full_adder(d[w], e[w], f[w])
        x, z2 = full_adder(x, y, g[w])
        x2, x4 = full_adder(x2, y2, z2)
        digits[w], digits[STRIDE + w], digits[u64(2) * STRIDE + w] = x, x2, x4


@register_jitable
def spread(a, b, low, bits):
    """Two digits side by side: every other field of `bits` bits of both, and those between."""
    return (a & low) | ((b & low) << bits), ((a >> bits) & low) | (b & ~low)


@register_jitable
def add_sums(row, digits):
    """Add two sums of three digits and a last row, and gather the four digits of each neuron."""
    one, two = u64(1), u64(2)
    for w in range(u64(row.size)):
        a, carry = full_adder(digits[w], digits[u64(3) * STRIDE + w], row[w])
        b, carry = full_adder(digits[STRIDE + w], digits[u64(4) * STRIDE + w], carry)
        c, d = full_adder(digits[u64(2) * STRIDE + w], digits[u64(5) * STRIDE + w], carry)
        even, odd = spread(a, b, PAIRS, one)
        high_even, high_odd = spread(c, d, PAIRS, one)
        digits[w], digits[u64(2) * STRIDE + w] = spread(even, high_even, FOURS, two)
        digits[STRIDE + w], digits[u64(3) * STRIDE + w] = spread(odd, high_odd, FOURS, two)


@register_jitable
def add_digits(counts, digits):
    """Add numbers of four digits, those of bit b in the lowest of row b mod 4, to the counts."""
    words = counts.size // BITS
    for b in range(BITS):
        o, d = u64(b * words), u64(b % 4 * 4) * STRIDE
        for w in range(u64(words)):
            number = digits[d + w]
            counts[o + w] += number & u16(15)
            digits[d + w] = number >> u16(4)


@register_jitable
def count_rows(counts, spikes, rows, digits):
    """Add the targets of the spikes to the counts, 64 for a number of a row.

    `digits` (`DIGITS`,) are 64-bit numbers to work with.
    """
    empty, r = rows.shape[0] - 1, np.empty(ROWS, np.int64)
    for done in range(0, spikes.size, ROWS):
        for i in range(ROWS):
            r[i] = spikes[done + i] if done + i < spikes.size else empty
        add_seven(rows, r[:7], digits)
        add_seven(rows, r[7:14], digits[u64(3) * STRIDE :])
        add_sums(rows[r[14]], digits)
        add_digits(counts, digits.view(u16))
