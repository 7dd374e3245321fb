r"""Counting: the arrivals of many spikes at once, where a source reaches many of the neurons.

The targets of a source are a row of bits. 15 rows are added as binary digits: a full adder turns
three bits a, b, c of the same weight into

    sum = a ^ b ^ c,    carry = (a & b) | (c & (a ^ b)),

so 11 of them turn 15 bits into one number of 4 digits, for as many neurons at once as a register
has bits (the count of Harley and Seal, by column); then the digits are added to the counts. Bit b
of word w stands for neuron b W + w, W words being a row: the bits of a neuron are in one place of
all rows. A row takes n / 8 bytes, less than a list where a source reaches a sixteenth of all.
"""

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled

__all__ = ["count_rows", "rows_of"]

u16, u64 = np.uint16, np.uint64
BITS, ROWS, FEWEST = 16, 15, 3
STRIDE = u64(2**12)
"""Words of the longest row, that of 65,536 neurons."""


@compiled
def rows_of(pointers, targets, words):
    """The targets of each source as bits (sources + 1, words); the last row is empty."""
    rows = np.zeros((pointers.size, words), u16)
    for source in range(pointers.size - 1):
        row, bit, start = rows[source], 0, 0
        for target in targets[pointers[source] : pointers[source + 1]]:
            while target >= start + words:  # rarely, as targets come in order
                bit, start = bit + 1, start + words
            while target < start:
                bit, start = bit - 1, start - words
            row[target - start] |= u16(1 << bit)
    return rows


@register_jitable
def full_adder(a, b, c):
    """Sum and carry of three bits."""
    x = a ^ b
    return x ^ c, (a & b) | (c & x)


@register_jitable
def add_seven(a, b, c, d, e, f, g, digits):
    """Add seven rows to three digits."""
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
    one, two, pairs, fours = u16(1), u16(2), u16(0x5555), u16(0x3333)
    for w in range(u64(row.size)):
        a, carry = full_adder(digits[w], digits[u64(3) * STRIDE + w], row[w])
        b, carry = full_adder(digits[STRIDE + w], digits[u64(4) * STRIDE + w], carry)
        c, d = full_adder(digits[u64(2) * STRIDE + w], digits[u64(5) * STRIDE + w], carry)
        even, odd = spread(a, b, pairs, one)
        high_even, high_odd = spread(c, d, pairs, one)
        digits[w], digits[u64(2) * STRIDE + w] = spread(even, high_even, fours, two)
        digits[STRIDE + w], digits[u64(3) * STRIDE + w] = spread(odd, high_odd, fours, two)


@register_jitable
def add_digits(counts, words, digits):
    """Add numbers of four digits to the counts."""
    for b in range(BITS):
        o, d = u64(b * words), u64(b % 4) * STRIDE
        for w in range(u64(words)):
            number = digits[d + w]
            counts[o + w] += number & u16(15)
            digits[d + w] = number >> u16(4)


@register_jitable
def count_rows(counts, spikes, rows, digits):
    """Add the targets of the spikes to the counts (16 words,); return the spikes left over."""
    empty, words, r = rows.shape[0] - 1, rows.shape[1], np.empty(ROWS, np.int64)
    done = 0
    while spikes.size - done > FEWEST:
        for i in range(ROWS):
            r[i] = spikes[done + i] if done + i < spikes.size else empty
        add_seven(
            rows[r[0]],
            rows[r[1]],
            rows[r[2]],
            rows[r[3]],
            rows[r[4]],
            rows[r[5]],
            rows[r[6]],
            digits,
        )
        add_seven(
            rows[r[7]],
            rows[r[8]],
            rows[r[9]],
            rows[r[10]],
            rows[r[11]],
            rows[r[12]],
            rows[r[13]],
            digits[u64(3) * STRIDE :],
        )
        add_sums(rows[r[14]], digits)
        add_digits(counts, words, digits)
        done = min(done + ROWS, spikes.size)
    return spikes[done:]
