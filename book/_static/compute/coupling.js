"use strict";
// Spline coupling flows: the twin of mechfit/inference/densities/coupling.py, box.py,
// truncated_logistic.py and rational_quadratic.py, where the equations stand.
mechfit.define("coupling", ["arrays"], (mechfit) => {
  const { linear, silu, layer, ndtr, ndtri } = mechfit.arrays;
  const LEAST = 1e-3, LARGEST = 10, REACH = 5;
  const NARROWEST = Math.log(1e-5), WIDEST = Math.log(50), SMALLEST = 1e-30;
  const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const logSigmoid = (t) => Math.min(t, 0) - Math.log1p(Math.exp(-Math.abs(t)));
  const logAddExp = (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
  const sizes = new Float64Array(64);
  const found = new Float64Array(2);

  // f(v) or its inverse, and the log-slope of that, left in `found`.
  function spline(v, shape, at, bins, outputs, bound, inverse) {
    let widths = 0, heights = 0;
    for (let j = 0; j < 2 * bins; j++) {
      const e = Math.exp(clamp(shape[at + j], -LARGEST, LARGEST));
      sizes[j] = e;
      if (j < bins) widths += e; else heights += e;
    }
    const span = 2 * bound, free = 1 - LEAST * bins;
    const first = inverse ? bins : 0, total = inverse ? heights : widths;
    let i = 0, below = 0;
    for (; i < bins - 1; i++) {
      const above = below + sizes[first + i];
      if (v < -bound + span * (LEAST * (i + 1) + free * above / total)) break;
      below = above;
    }
    let aside = 0;
    for (let j = 0; j < i; j++) aside += sizes[bins - first + j];
    const under = inverse ? aside : below, left = inverse ? below : aside;
    const x0 = -bound + span * (LEAST * i + free * under / widths);
    const x1 = -bound + span * (LEAST * (i + 1) + free * (under + sizes[i]) / widths);
    const y0 = -bound + span * (LEAST * i + free * left / heights);
    const y1 = -bound + span * (LEAST * (i + 1) + free * (left + sizes[bins + i]) / heights);
    const tails = outputs < 3 * bins ? 1 : 0, slope = at + 2 * bins + i - tails;
    const d0 = tails && i === 0 ? 1 : Math.exp(clamp(shape[slope], -LARGEST, LARGEST));
    const d1 = tails && i === bins - 1 ? 1 : Math.exp(clamp(shape[slope + 1], -LARGEST, LARGEST));
    const width = x1 - x0, height = y1 - y0, s = height / width;
    if (inverse ? v < y0 : v < x0) {
      found[0] = inverse ? x0 + (v - y0) / d0 : y0 + d0 * (v - x0);
      found[1] = inverse ? -Math.log(d0) : Math.log(d0);
      return;
    }
    if (inverse ? v > y1 : v > x1) {
      found[0] = inverse ? x1 + (v - y1) / d1 : y1 + d1 * (v - x1);
      found[1] = inverse ? -Math.log(d1) : Math.log(d1);
      return;
    }
    let t = (v - x0) / width;
    if (inverse) {
      const rise = v - y0, b = d0 + d1 - 2 * s;
      const a1 = height * (s - d0) + rise * b, a2 = height * d0 - rise * b;
      const radical = Math.sqrt(Math.max(a2 * a2 + 4 * a1 * s * rise, 0));
      t = a2 > 0 ? 2 * s * rise / (a2 + radical) : (radical - a2) / (2 * a1);
    }
    const u = 1 - t, under2 = s + (d0 + d1 - 2 * s) * t * u;
    const ratio = s / under2;
    const log = Math.log(ratio * ratio * (d1 * t * t + 2 * s * t * u + d0 * u * u));
    found[0] = inverse ? x0 + width * t : y0 + height * (s * t * t + d0 * t * u) / under2;
    found[1] = inverse ? -log : log;
  }

  // The truncated logistic, or its inverse, and the log-slope of that, left in `found`.
  function truncatedLogistic(z, m, logScale, inverse) {
    const logS = clamp(logScale, NARROWEST, WIDEST), s = Math.exp(logS);
    const a = (-1 - m) / s, b = (1 - m) / s, fall = Math.expm1(-2 / s);
    const logPart = Math.LN2 - logS - logSigmoid(b) - logSigmoid(-a) - Math.log(-fall);
    let t = (z - m) / s;
    if (inverse) {
      const logU = Math.log(Math.max(0.5 * (1 + z), SMALLEST));
      const logV = Math.log(Math.max(0.5 * (1 - z), SMALLEST));
      const above = logAddExp(logSigmoid(b) + logU, logSigmoid(a) + logV);
      t = above - logAddExp(logSigmoid(-b) + logU, logSigmoid(-a) + logV);
      found[0] = clamp(m + s * t, -1, 1);
    } else {
      const share = Math.exp(logSigmoid(t) - logSigmoid(b)) * Math.expm1(-(z + 1) / s) / fall;
      found[0] = 2 * share - 1;
    }
    const log = logPart + logSigmoid(t) + logSigmoid(-t);
    found[1] = inverse ? -log : log;
  }

  // The map of the numbers in a box, at the place that a network's outputs for x tell.
  function box(tensor, inside, d, bound, mass) {
    const slope = tensor("box.slope"), centers = tensor("box.location").values;
    const scale = tensor("box.scale").values, base = tensor("box.mixing").values;
    const logSlope = (w) => w * w / 2 + LOG_SQRT_2PI + Math.log(mass / 2);
    return (features, outputs) => {
      const location = new Float64Array(d), logS = new Float64Array(d), mixing = base.slice();
      const near = features.map((f) => clamp(f, -REACH, REACH));
      const [, k] = slope.shape;
      linear(near, 1, k, slope.values, centers, d, location);
      for (let i = 0, turn = 2 * d; i < d; i++) {
        location[i] += scale[i] * outputs[i];
        logS[i] = Math.log(scale[i]) + outputs[d + i];
        for (let j = 0; j < i; j++, turn++) {
          if (inside[i] && inside[j]) mixing[i * d + j] += scale[i] / scale[j] * outputs[turn];
        }
      }
      const m = new Float64Array(d);
      return (z, n, log, inverse) => {
        for (let r = 0; r < n; r++) {
          m.set(location);
          for (let i = 0, at = r * d; i < d; i++, at++) {
            let apart = 0 - clamp(location[i], -1, 1);
            if (inside[i]) {
              const before = z[at], w = inverse ? before : 0;
              const placed = inverse ? clamp((2 * ndtr(w) - 1) / mass, -1, 1) : before;
              truncatedLogistic(placed, m[i], logS[i], inverse);
              z[at] = inverse ? found[0] : clamp(ndtri((1 + mass * found[0]) / 2), -bound, bound);
              log[r] += inverse ? found[1] - logSlope(w) : found[1] + logSlope(z[at]);
              apart += inverse ? z[at] : before;
            }
            for (let j = i + 1; j < d; j++) m[j] += mixing[j * d + i] * apart;
          }
        }
      };
    };
  }

  // W = P L U of one layer, its inverse, and log |det W|.
  function mixings(order, mixing, d) {
    const w = new Float64Array(d * d), lu = new Float64Array(d * d);
    let logDet = 0;
    for (let i = 0; i < d; i++) {
      logDet += mixing[i * d + i];
      for (let j = 0; j < d; j++) {
        for (let k = 0; k <= Math.min(i, j); k++) {
          const lower = k === i ? 1 : mixing[i * d + k];
          lu[i * d + j] += lower * (k === j ? Math.exp(mixing[k * d + k]) : mixing[k * d + j]);
        }
      }
    }
    linearInto(order, lu, d, w);
    return { w, inverse: inverted(w, d), logDet };
  }

  function linearInto(a, b, d, out) {
    for (let i = 0; i < d; i++) {
      for (let k = 0; k < d; k++) {
        for (let j = 0; j < d; j++) out[i * d + j] += a[i * d + k] * b[k * d + j];
      }
    }
  }

  // Inverse of a matrix by Gauss and Jordan, with the largest number of a column as pivot.
  function inverted(matrix, d) {
    const a = Array.from({ length: d }, (_, i) => [
      ...matrix.subarray(i * d, i * d + d), ...Array.from({ length: d }, (_, j) => +(i === j))]);
    for (let i = 0; i < d; i++) {
      let best = i;
      for (let j = i + 1; j < d; j++) if (Math.abs(a[j][i]) > Math.abs(a[best][i])) best = j;
      [a[i], a[best]] = [a[best], a[i]];
      const pivot = a[i][i];
      for (let j = 0; j < 2 * d; j++) a[i][j] /= pivot;
      for (let r = 0; r < d; r++) {
        const factor = a[r][i];
        if (r !== i && factor) for (let j = 0; j < 2 * d; j++) a[r][j] -= factor * a[i][j];
      }
    }
    return Float64Array.from(a.flatMap((row) => row.slice(d)));
  }

  // A flow from the tensors whose names begin with `prefix`. Its transform at features has
  // forward(z, n, log) and inverse(z, n, log), in place, and add log |det| to log (n).
  return (tensors, prefix, kind, d, boxed) => {
    const tensor = (name) => tensors[`${prefix}transform.${name}`];
    const any = boxed.some(Boolean), free = !boxed.every(Boolean);
    const { layers, hidden } = kind, bins = kind.bins ?? (any ? 4 : 8);
    const bound = kind.bound ?? (any ? 2 : 5), outputs = 3 * bins + (any ? 1 : -1);
    const kept = d >> 1, moved = d - kept, mass = any ? 2 * ndtr(bound) - 1 : 1;
    const part = (name, i) => {
      const { shape, values } = tensor(name), size = values.length / shape[0];
      return values.slice(i * size, i * size + size);
    };
    const insides = any
      ? Array.from({ length: layers + 1 }, (_, i) => part("inside", i))
      : Array.from({ length: layers + 1 }, () => new Float64Array(d));
    const networks = Array.from({ length: layers }, (_, i) => {
      const mixing = free ? part("mixing", i) : new Float64Array(d * d);
      for (let a = 0; a < d; a++) {
        for (let b = 0; b < d; b++) if (insides[i][a] || insides[i][b]) mixing[a * d + b] = 0;
      }
      const last = part("last", i), lastBias = part("last_bias", i);
      if (any && free) {
        for (let j = 0; j < moved; j++) {
          if (insides[i + 1][kept + j]) continue;
          for (const o of [j * outputs + 2 * bins, (j + 1) * outputs - 1]) {
            last.fill(0, o * hidden, (o + 1) * hidden);
            lastBias[o] = 0;
          }
        }
      }
      const weights = [part("first", i), part("second", i), part("second_bias", i)];
      return { ...mixings(part("order", i), mixing, d), weights, last, lastBias };
    });
    const logDet = networks.reduce((sum, each) => sum + each.logDet, 0);
    const embed = ["embed.0", "embed.2", "embed.4"].map((name) =>
      layer(tensors, `${prefix}transform.${name}`));
    const makeBox = any && box(tensor, insides[0], d, bound, mass);
    const given = hidden + (free ? d : 0);
    let buffers = { n: 0 };

    const at = (features) => {
      const told = embed[2](silu(embed[1](silu(embed[0](features)))));
      const added = networks.map((_, i) => told.slice(i * given, i * given + hidden));
      const shifts = networks.map((_, i) => {
        const shift = free ? told.slice(i * given + hidden, (i + 1) * given) : new Float64Array(d);
        return shift.map((s, j) => (insides[i + 1][j] ? 0 : s));
      });
      const inBox = makeBox && makeBox(features, told.subarray(layers * given));

      const bend = (z, n, log, i, inverse) => {
        if (buffers.n < n) {
          const make = (width) => new Float64Array(n * width);
          buffers = { n, z: make(d), a: make(kept), b: make(hidden), c: make(hidden),
            shape: make(moved * outputs) };
        }
        const { a, b, c, shape } = buffers, { weights: [first, second, bias], last } = networks[i];
        for (let r = 0; r < n; r++) for (let j = 0; j < kept; j++) a[r * kept + j] = z[r * d + j];
        silu(linear(a, n, kept, first, added[i], hidden, b), n * hidden);
        silu(linear(b, n, hidden, second, bias, hidden, c), n * hidden);
        linear(c, n, hidden, last, networks[i].lastBias, moved * outputs, shape);
        for (let r = 0, s = 0; r < n; r++) {
          for (let j = kept; j < d; j++, s += outputs) {
            spline(z[r * d + j], shape, s, bins, outputs, bound, inverse);
            z[r * d + j] = found[0];
            log[r] += found[1];
          }
        }
      };
      const mix = (z, n, matrix, before, after) => {
        const moved = new Float64Array(d);
        for (let r = 0; r < n; r++) {
          for (let j = 0; j < d; j++) moved[j] = z[r * d + j] - before[j];
          for (let j = 0; j < d; j++) {
            let sum = after[j];
            for (let k = 0; k < d; k++) sum += matrix[j * d + k] * moved[k];
            z[r * d + j] = sum;
          }
        }
      };
      const none = new Float64Array(d);
      return {
        forward(z, n, log) {
          if (inBox) inBox(z, n, log, false);
          for (let i = 0; i < layers; i++) {
            mix(z, n, networks[i].w, none, shifts[i]);
            bend(z, n, log, i, false);
          }
          for (let r = 0; r < n; r++) log[r] += logDet;
        },
        inverse(z, n, log) {
          for (let i = layers - 1; i >= 0; i--) {
            bend(z, n, log, i, true);
            mix(z, n, networks[i].inverse, shifts[i], none);
          }
          if (inBox) inBox(z, n, log, true);
          for (let r = 0; r < n; r++) log[r] -= logDet;
        },
      };
    };
    // Normals (n, d) of the base from standard ones, in place: those in the box are cut off.
    const base = (noise, n) => {
      for (let r = 0; r < n && any; r++) {
        for (let j = 0; j < d; j++) {
          if (!insides[layers][j]) continue;
          noise[r * d + j] = ndtri((1 + mass * (2 * ndtr(noise[r * d + j]) - 1)) / 2);
        }
      }
    };
    const constant = d * LOG_SQRT_2PI + boxed.filter(Boolean).length * Math.log(mass);
    return { at, base, constant };
  };
});
