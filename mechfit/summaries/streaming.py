"""Moments of a stream, merged block by block.

Within a block of b samples the powers of d = v - pivot are summed, s_k = sum d^k. With e = s_1 / b
the block's mean is pivot + e and its central sums follow from the binomial theorem; two sets of
central sums M_k are merged by the formulas of Pébay (2008), doi:10.2172/1028931. Blocks are short,
so that single precision suffices inside them; merging is in double precision.
"""

from numba.extending import register_jitable


@register_jitable
def merge(total: tuple, count: float, pivot: float, s: tuple) -> tuple:
    """Add a block to the total (count, mean, M2, M3, M4)."""
    e = s[0] / count
    m2 = s[1] - count * e**2
    m3 = s[2] - 3 * e * s[1] + 2 * count * e**3
    m4 = s[3] - 4 * e * s[2] + 6 * e**2 * s[1] - 3 * count * e**4
    n_a, mean_a, a2, a3, a4 = total
    n = n_a + count
    d = pivot + e - mean_a
    dn = d / n
    mean = mean_a + count * dn
    out4 = a4 + m4 + d * dn**3 * n_a * count * (n_a**2 - n_a * count + count**2)
    out4 += 6 * dn**2 * (n_a**2 * m2 + count**2 * a2) + 4 * dn * (n_a * m3 - count * a3)
    out3 = a3 + m3 + d * dn**2 * n_a * count * (n_a - count) + 3 * dn * (n_a * m2 - count * a2)
    out2 = a2 + m2 + d * dn * n_a * count
    return n, mean, out2, out3, out4
