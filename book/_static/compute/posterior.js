"use strict";
// A posterior in the page: the twin of mechfit/inference/posterior.py, made from the bytes that
// mechfit/inference/exchange/page.py writes.
//
//   post = mechfit.posterior.decode(base64 or bytes)
//       d, k, noise (normals of a draw), names, symbols, units, labels (d), low, high (d),
//       statistics (k names), missing (whether NaN may stand for a statistic), about
//   q = post.at(x)            x: k numbers
//   q.unlike                  names of statistics in which x is unlike every simulation
//   q.push(noise)             {n, theta (n d), logProb (n), inside (n)} from n noise normals
//   q.sample(n, seed)         the same, from the normals of a seed
//   q.logProb(theta)          log-densities (n) of theta (n d), -Infinity outside the prior
//   q.conditional(theta, free, {sweeps, seed})  moves the parameters `free`, others stay
//
// Where draws can fall outside the prior (`about.leaks`), `inside` tells which did not, and
// densities are not divided by the share of these.
mechfit.define("posterior", ["random", "arrays", "coupling", "maf", "priors"], (mechfit) => {
  const { decode: read, linear, silu, layer, ndtr } = mechfit.arrays;
  const VERSION = 2, REACH = 5, TRIES = 50;

  // Features of a `Subset`: the known statistics, flags, and a network of both.
  function subset(tensors, prefix, k) {
    const part = (name) => layer(tensors, `${prefix}reader.${name}`);
    const first = part("first"), middle = [part("middle.0"), part("middle.1")], last = part("last");
    return (x) => {
      const given = new Float64Array(2 * k);
      for (let j = 0; j < k; j++) {
        given[k + j] = Number.isFinite(x[j]) ? 1 : 0;
        given[j] = given[k + j] ? x[j] : 0;
      }
      let h = first(given);
      for (const each of middle) {
        const more = each(silu(h.slice()));
        h = h.map((value, i) => value + more[i]);
      }
      return Float64Array.from([...given, ...last(silu(h))]);
    };
  }

  // One density: at(inputs) has push(noise, n) -> {z, log} and log(z, n).
  function density(tensors, prefix, kind, d, boxed) {
    const center = tensors[`${prefix}center`].values, root = tensors[`${prefix}root`].values;
    const slope = tensors[`${prefix}linear`];
    const flow = kind.kind === "MAF"
      ? mechfit.maf(tensors, prefix, kind, d)
      : mechfit.coupling(tensors, prefix, kind, d, boxed);
    let logRoot = 0;
    for (let j = 0; j < d; j++) logRoot += Math.log(root[j * d + j]);
    return (features) => {
      const near = features.map((f) => Math.min(Math.max(f, -REACH), REACH));
      const k = slope.shape[1], transform = flow.at(features);
      const origin = linear(near, 1, k, slope.values, center, d, new Float64Array(d));
      const baseLog = (noise, r) => {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += noise[r * d + j] ** 2;
        return -0.5 * sum - flow.constant - logRoot;
      };
      const push = (u, n) => {
        const log = new Float64Array(n), z = new Float64Array(n * d);
        flow.base(u, n);
        for (let r = 0; r < n; r++) log[r] = -baseLog(u, r);
        transform.inverse(u, n, log);
        for (let r = 0; r < n; r++) {
          log[r] = -log[r];
          for (let j = 0; j < d; j++) {
            const at = r * d + j;
            if (boxed[j]) u[at] = Math.min(Math.max(u[at], -1), 1);
            let sum = origin[j];
            for (let i = 0; i <= j; i++) sum += root[j * d + i] * u[r * d + i];
            z[at] = sum;
          }
        }
        return { z, log };
      };
      const logOf = (z, n) => {
        const u = new Float64Array(n * d), log = new Float64Array(n);
        for (let r = 0; r < n; r++) {
          for (let j = 0; j < d; j++) {
            let rest = z[r * d + j] - origin[j];
            for (let i = 0; i < j; i++) rest -= root[j * d + i] * u[r * d + i];
            u[r * d + j] = rest / root[j * d + j];
          }
        }
        transform.forward(u, n, log);
        for (let r = 0; r < n; r++) log[r] += baseLog(u, r);
        return log;
      };
      return { push, log: logOf };
    };
  }

  function logSumExp(parts, r) {
    const most = Math.max(...parts.map((p) => p[r]));
    if (most === -Infinity) return most;
    return most + Math.log(parts.reduce((sum, p) => sum + Math.exp(p[r] - most), 0));
  }

  // The mean of several densities; the last normal of a draw chooses the density.
  function ensemble(members, weights, d) {
    const log = (z, n) => {
      const parts = members.map((m, c) => m.log(z, n).map((l) => l + Math.log(weights[c])));
      return Float64Array.from({ length: n }, (_, r) => logSumExp(parts, r));
    };
    const push = (noise, n) => {
      const z = new Float64Array(n * d), rows = members.map(() => []);
      for (let r = 0; r < n; r++) {
        const u = ndtr(noise[r * (d + 1) + d]);
        let c = 0;
        for (let sum = weights[0]; c < members.length - 1 && u >= sum; sum += weights[c]) c++;
        rows[c].push(r);
      }
      members.forEach((member, c) => {
        const given = new Float64Array(rows[c].length * d);
        rows[c].forEach((r, i) =>
          given.set(noise.subarray(r * (d + 1), r * (d + 1) + d), i * d));
        const drawn = member.push(given, rows[c].length).z;
        rows[c].forEach((r, i) => z.set(drawn.subarray(i * d, i * d + d), r * d));
      });
      return { z, log: log(z, n) };
    };
    return { push, log };
  }

  function decode(data) {
    const { facts, tensors } = read(data, VERSION);
    const { prior, statistic_names: statistics, x_beside: beside, provenance } = facts, kind = provenance.flow;
    const d = prior.length, k = statistics.length, scale = tensors.theta_scale?.values;
    const bounded = prior.map((p) => p.distribution.endsWith("Uniform"));
    const boxed = bounded.map((b) => b && kind.kind === "Coupling" && kind.box && !scale);
    const missing = kind.embedding !== null, several = provenance.members > 1;
    const space = mechfit.priors.space(prior, boxed, scale);
    const inputs = mechfit.priors.featurizer(tensors, beside);
    const members = Array.from({ length: provenance.members }, (_, c) => {
      const prefix = several ? `members.${c}.` : "";
      const make = density(tensors, prefix, kind, d, boxed);
      const reader = missing ? subset(tensors, prefix, k) : (x) => x;
      return (x) => make(reader(x));
    });
    const noise = d + (several ? 1 : 0);

    function at(x) {
      const wrong = x.length !== k || Array.prototype.some.call(x, (value) =>
        typeof value !== "number" || (!missing && Number.isNaN(value)) || Math.abs(value) === Infinity);
      if (wrong) {
        const which = missing ? "finite numbers, or NaN where one is missing" : "finite numbers";
        throw new Error(`x is [${Array.from(x).join(", ")}], expected ${k} ${which}: ` +
          statistics.join(", "));
      }
      const made = members.map((member) => member(inputs(x)));
      const q = several ? ensemble(made, tensors.weights.values, d) : made[0];
      const unlike = mechfit.priors.unlike(x, tensors.x_scale.values).map((j) => statistics[j]);
      return { ...conditioned(q), unlike };
    }

    function conditioned(q) {
      const push = (normals) => {
        const n = normals.length / noise;
        if (!Number.isInteger(n)) {
          throw new Error(`${normals.length} normals, expected a multiple of ${noise}`);
        }
        const { z, log } = q.push(Float64Array.from(normals), n);
        const theta = new Float64Array(n * d), inside = new Uint8Array(n);
        for (let r = 0; r < n; r++) {
          for (let j = 0; j < d; j++) theta[r * d + j] = space.fromZ(j, z[r * d + j]);
          inside[r] = space.inside(theta, r * d) ? 1 : 0;
          log[r] = inside[r] ? log[r] + space.logSlope(z, theta, r * d) : -Infinity;
        }
        return { n, theta, logProb: log, inside };
      };
      const sample = (n, seed) => push(mechfit.random.normals(seed, 0, n * noise));
      const logProb = (theta) => {
        const n = theta.length / d;
        if (!Number.isInteger(n)) {
          throw new Error(`theta has ${theta.length} numbers, expected a multiple of ${d}`);
        }
        const z = Float64Array.from(theta, (value, i) => space.toZ(i % d, value));
        const log = q.log(z, n);
        return log.map((l, r) => (space.inside(theta, r * d)
          ? l + space.logSlope(z, theta, r * d) : -Infinity));
      };
      return { push, sample, logProb, conditional: slices(logProb) };
    }

    // Slice steps along each parameter of `free` in turn (Neal 2003): a chain whose stationary
    // distribution is the posterior given all other parameters.
    const slices = (logProb) => (theta, free, { sweeps = 10, seed = 1 } = {}) => {
      const now = Float64Array.from(theta), normals = mechfit.random.pairs(seed, 0);
      const two = new Float64Array(2);
      let count = 0, value = logProb(now)[0];
      const uniforms = () => {
        normals(count++, two, 0);
        return [ndtr(two[0]), ndtr(two[1])];
      };
      for (let sweep = 0; sweep < sweeps; sweep++) {
        for (const j of free) {
          let low = space.low[j], high = space.high[j];
          const here = now[j], level = value + Math.log(uniforms()[0]);
          for (let tries = 0; tries < TRIES; tries++) {
            now[j] = low + (high - low) * uniforms()[0];
            const found = logProb(now)[0];
            if (found > level) {
              value = found;
              break;
            }
            if (now[j] < here) low = now[j]; else high = now[j];
            now[j] = here;
          }
        }
      }
      return now;
    };

    const labels = prior.map((p) => {
      const symbol = p.symbol || p.name;
      return p.unit ? `${symbol} (${p.unit})` : symbol;
    });
    const column = (name) => prior.map((p) => p[name]);
    return {
      d, k, noise, at, labels, statistics, missing, low: space.low, high: space.high,
      names: column("name"), symbols: prior.map((p) => p.symbol || p.name), units: column("unit"),
      about: { ...provenance, leaks: Boolean(scale) },
    };
  }

  return { decode };
});
