"use strict";
// Is an observation one that the model could have made? The twin of mechfit/inference/diagnostics/
// misspecification.py for one observation, from the bytes that mechfit/inference/exchange/page.py
// writes.
//
//   m = mechfit.misspecification.decode(base64 or bytes)    m.names: the k statistics
//   m.test(x)   {pValue, mmd, alone (k), givenOthers (k), distances (k), worst}
mechfit.define("misspecification", ["arrays", "priors"], (mechfit) => {
  const { decode: read, linear } = mechfit.arrays;
  const VERSION = 2, ROUNDING = 1e-10;

  // Two-sided p-value of a number among others.
  function tail(others, value) {
    let below = 0, equal = 0;
    for (const other of others) {
      if (other < value) below++;
      else if (other === value) equal++;
    }
    const n = others.length, share = (below + 0.5 * equal + 0.5) / (n + 1);
    return Math.min(Math.max(2 * Math.min(share, 1 - share), 1 / (n + 1)), 1);
  }

  // Distance of a number from the mean of others, in their standard deviations.
  function distance(others, value) {
    const mean = others.reduce((a, b) => a + b, 0) / others.length;
    const variance = others.reduce((sum, o) => sum + (o - mean) ** 2, 0) / others.length;
    return Math.abs(value - mean) / Math.sqrt(variance);
  }

  function decode(data) {
    const { facts: { statistic_names: names }, tensors } = read(data, VERSION);
    const [n, k] = tensors.x.shape, x = tensors.x.values;
    const column = (rows, j, width) => Float64Array.from({ length: n }, (_, r) => rows[r * width + j]);
    const columns = names.map((_, j) => column(x, j, k));
    const vary = names.map((_, j) => j).filter((j) => tensors.varying.values[j]);
    const v = vary.length, [width, mean] = tensors.kernel.values, nulls = tensors.null.values;
    const scored = (rows, count) => {
      const out = new Float64Array(count * v);
      vary.forEach((j, i) => {
        const { shape: [, m], values } = tensors[`x_scores.${j}`];
        for (let r = 0; r < count; r++) {
          out[r * v + i] = mechfit.priors.score(rows[r * k + j], values, m);
        }
      });
      return out;
    };
    // residual is symmetric; root is not
    const residual = tensors.residual.values, rootT = new Float64Array(v * v);
    for (let i = 0; i < v; i++) for (let j = 0; j < v; j++) rootT[j * v + i] = tensors.root.values[i * v + j];
    const times = (rows, count, matrix) => linear(rows, count, v, matrix, null, v, new Float64Array(count * v));
    const cloud = scored(x, n), white = times(cloud, n, rootT), rests = times(cloud, n, residual);
    const scores = vary.map((_, i) => column(cloud, i, v));
    const others = vary.map((_, i) => column(rests, i, v));

    function test(given) {
      if (given.length !== k || !Array.from(given).every(Number.isFinite)) {
        throw new Error(`x is [${Array.from(given).join(", ")}], expected ${k} finite numbers: ` +
          names.join(", "));
      }
      const seen = scored(given, 1), place = times(seen, 1, rootT), rest = times(seen, 1, residual);
      let near = 0;
      for (let r = 0; r < n; r++) {
        let square = 0;
        for (let i = 0; i < v; i++) square += (place[i] - white[r * v + i]) ** 2;
        near += Math.exp(-0.5 * square / (width * width));
      }
      const mmd = 1 - 2 * near / n + mean;
      const alone = Float64Array.from(given, (value, j) => tail(columns[j], Math.fround(value)));
      const givenOthers = new Float64Array(k).fill(1), distances = new Float64Array(k);
      vary.forEach((j, i) => {
        givenOthers[j] = tail(others[i], rest[i]);
        distances[j] = Math.max(distance(scores[i], seen[i]), distance(others[i], rest[i]));
      });
      let odd = false;
      for (let j = 0; j < k; j++) {
        const away = Math.abs(given[j] - columns[j][0]);
        const size = Math.max(Math.abs(given[j]), Math.abs(columns[j][0]));
        if (tensors.varying.values[j] || away <= ROUNDING * size) continue;
        distances[j] = Infinity;
        odd = true;
      }
      const beyond = odd ? 0 : nulls.reduce((count, value) => count + (value >= mmd ? 1 : 0), 0);
      const worst = names[distances.indexOf(Math.max(...distances))];
      return { pValue: (1 + beyond) / (1 + nulls.length), mmd, alone, givenOthers, distances, worst };
    }

    return { names, test };
  }

  return { decode };
});
