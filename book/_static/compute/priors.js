"use strict";
// Priors and scales: the twin of mechfit/models/distributions.py, mechfit/inference/space.py and
// mechfit/inference/densities/scaling.py.
mechfit.define("priors", ["arrays"], (mechfit) => {
  const { ndtr, ndtri } = mechfit.arrays;
  const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
  const SMALLEST_U = 2 ** -53, SMALLEST_IN_BOX = 2 ** -25, ROUNDING = 1e-7;
  const LARGEST = 1e150, FARTHEST = 1e3, TAIL = 0.001;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  // Each with cdf, its inverse, the log-density inside the support, and the support.
  const DISTRIBUTIONS = {
    Uniform: (low, high) => ({
      low, high,
      cdf: (x) => (x - low) / (high - low),
      quantile: (u) => clamp(low + (high - low) * u, low, high),
      logProb: () => -Math.log(high - low),
    }),
    LogUniform: (low, high) => ({
      low, high,
      cdf: (x) => Math.log(x / low) / Math.log(high / low),
      quantile: (u) => clamp(low * (high / low) ** u, low, high),
      logProb: (x) => -Math.log(x) - Math.log(Math.log(high / low)),
    }),
    Normal: (mean, std) => ({
      low: -Infinity, high: Infinity,
      toNormal: (x) => (x - mean) / std,
      fromNormal: (z) => mean + std * z,
      logProb: (x) => -0.5 * ((x - mean) / std) ** 2 - LOG_SQRT_2PI - Math.log(std),
    }),
    LogNormal: (mean, std) => ({
      low: 0, high: Infinity,
      toNormal: (x) => (Math.log(x) - mean) / std,
      fromNormal: (z) => Math.exp(mean + std * z),
      logProb: (x) =>
        -0.5 * ((Math.log(x) - mean) / std) ** 2 - LOG_SQRT_2PI - Math.log(std) - Math.log(x),
    }),
  };

  function distribution({ distribution: kind, values }) {
    if (!DISTRIBUTIONS[kind]) throw new Error(`the prior is ${kind}, which this page cannot read`);
    const made = DISTRIBUTIONS[kind](...values);
    made.toNormal ??= (x) => ndtri(clamp(made.cdf(x), SMALLEST_U, 1 - SMALLEST_U));
    made.fromNormal ??= (z) => made.quantile(ndtr(z));
    return made;
  }

  // The map between parameters and the space of a density, and the log of its slope.
  function space(rows, boxed, scale) {
    const parts = rows.map(distribution), d = parts.length;
    const inside = (theta, at) => {
      for (let j = 0; j < d; j++) {
        const { low, high } = parts[j], value = theta[at + j];
        if (!(value >= low - ROUNDING * Math.abs(low) && value <= high + ROUNDING * Math.abs(high))) {
          return false;
        }
      }
      return true;
    };
    const toZ = (j, given) => {
      const value = clamp(given, parts[j].low, parts[j].high);
      if (scale) return (value - scale[j]) / scale[d + j];
      return boxed[j] ? parts[j].cdf(value) : parts[j].toNormal(value);
    };
    const fromZ = (j, z) => {
      if (scale) return scale[j] + scale[d + j] * z;
      if (!boxed[j]) return parts[j].fromNormal(z);
      return parts[j].quantile(clamp(z, SMALLEST_IN_BOX, 1 - SMALLEST_IN_BOX));
    };
    // log |dz/dtheta| of one row, from its z and theta.
    const logSlope = (z, theta, at) => {
      let sum = 0;
      for (let j = 0; j < d; j++) {
        if (scale) {
          sum -= Math.log(scale[d + j]);
          continue;
        }
        const { low, high, logProb } = parts[j];
        sum += logProb(clamp(theta[at + j], low, high));
        if (!boxed[j]) sum += 0.5 * z[at + j] ** 2 + LOG_SQRT_2PI;
      }
      return sum;
    };
    const end = (bound, u) => parts.map((p) =>
      (Number.isFinite(p[bound]) ? p[bound] : p.fromNormal(ndtri(u))));
    const limits = { low: end("low", TAIL), high: end("high", 1 - TAIL) };
    return { inside, toZ, fromZ, logSlope, ...limits };
  }

  // Normal scores of one statistic: linear between quantiles, logarithmic beyond the outer ones.
  function score(x, values, m) {
    const v = (i) => values[i], s = (i) => values[m + i], end = Math.ceil(m / 20);
    const low = (s(end) - s(0)) / (v(end) - v(0));
    const high = (s(m - 1) - s(m - 1 - end)) / (v(m - 1) - v(m - 1 - end));
    const beyond = Math.asinh(low * Math.min(x - v(0), 0)) + Math.asinh(high * Math.max(x - v(m - 1), 0));
    if (x <= v(0)) return s(0) + beyond;
    if (x >= v(m - 1)) return s(m - 1) + beyond;
    let i = 0;
    for (let after = m - 1; after - i > 1;) {
      const middle = (i + after) >> 1;
      if (v(middle) <= x) i = middle; else after = middle;
    }
    return s(i) + (s(i + 1) - s(i)) * (x - v(i)) / (v(i + 1) - v(i)) + beyond;
  }

  // Inputs of a network for statistics x (k): scores replace columns, those of `beside` follow them.
  function featurizer(tensors, beside) {
    const scale = tensors.x_scale.values, k = scale.length / 2;
    const scores = Object.keys(tensors).filter((name) => name.startsWith("x_scores."))
      .map((name) => [Number(name.slice("x_scores.".length)), tensors[name]])
      .sort(([a], [b]) => a - b);
    return (given) => {
      const x = Float64Array.from(given, (value) => clamp(value, -LARGEST, LARGEST));
      const inputs = x.map((value, j) =>
        clamp((value - scale[j]) / scale[k + j], -FARTHEST, FARTHEST));
      const scored = new Map(scores.map(([j, { shape: [, m], values }]) => [j, score(x[j], values, m)]));
      scored.forEach((value, j) => { if (!beside.includes(j)) inputs[j] = value; });
      return Float64Array.from([...inputs, ...beside.map((j) => scored.get(j))]);
    };
  }

  // Statistics of x that no simulation was like, as `unlike` finds them: numbers (…).
  function unlike(x, scale) {
    const k = scale.length / 2;
    return Array.from(x, (_, j) => j).filter((j) => {
      const away = Math.abs(x[j] - scale[j]), size = Math.max(Math.abs(scale[j]), Math.abs(x[j]));
      return Number.isFinite(scale[k + j]) ? away > FARTHEST * scale[k + j] : away > 1e-10 * size;
    });
  }

  return { space, featurizer, score, unlike };
});
