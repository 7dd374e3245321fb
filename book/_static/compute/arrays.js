"use strict";
// Arrays: files of the format safetensors, layers of networks, the normal distribution.
// A matrix of n rows is a Float64Array, row after row.
mechfit.define("arrays", [], () => {
  const KINDS = { F16: 2, F32: 4, F64: 8, I64: 8 };

  function bytesOf(data) {
    if (typeof data !== "string") return new Uint8Array(data);
    let text;
    try {
      text = atob(data);
    } catch {
      throw new Error("the data are not base64: the file is damaged");
    }
    return Uint8Array.from(text, (c) => c.charCodeAt(0));
  }

  function halfToNumber(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, part = bits & 1023;
    if (exponent === 0) return sign * part * 2 ** -24;
    if (exponent === 31) return part ? NaN : sign * Infinity;
    return sign * (1 + part / 1024) * 2 ** (exponent - 15);
  }

  function checksum(bytes) {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc >>> 0;
  }

  // Read a file made in Python (mechfit/inference/exchange/page.py), given as base64 or bytes:
  // {facts, tensors: name -> {shape, values}}. Throws an Error that says what is wrong.
  function decode(data, version) {
    const bytes = bytesOf(data);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length < 8 ? Infinity : Number(view.getBigUint64(0, true));
    if (bytes.length < 8 + size) throw new Error("the file is too short: it is damaged");
    let header, facts;
    try {
      header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
      facts = JSON.parse(header.__metadata__.mechfit);
    } catch {
      throw new Error("the header cannot be read: the file is damaged or of another kind");
    }
    if (facts.version !== version) {
      throw new Error(`the file has version ${facts.version}, this page reads ${version}`);
    }
    if (checksum(bytes.subarray(8 + size)) !== facts.crc32) {
      throw new Error("the checksum differs: the file is damaged");
    }
    const tensors = {};
    for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(header)
      .filter(([name]) => name !== "__metadata__")) {
      const width = KINDS[dtype], count = shape.reduce((a, b) => a * b, 1);
      if (!width || end - start !== width * count || 8 + size + end > bytes.length) {
        throw new Error(`the array ${name} cannot be read: the file is damaged`);
      }
      const values = new Float64Array(count);
      for (let i = 0, at = 8 + size + start; i < count; i++, at += width) {
        if (dtype === "F16") values[i] = halfToNumber(view.getUint16(at, true));
        else if (dtype === "F32") values[i] = view.getFloat32(at, true);
        else if (dtype === "F64") values[i] = view.getFloat64(at, true);
        else values[i] = Number(view.getBigInt64(at, true));
      }
      tensors[name] = { shape, values };
    }
    return { facts, tensors };
  }

  // y (n, m) = x (n, k) w^T + bias, for w (m, k); four rows and two outputs at a time.
  function linear(x, n, k, w, bias, m, y) {
    let r = 0;
    for (; r + 4 <= n; r += 4) {
      const x0 = r * k, x1 = x0 + k, x2 = x1 + k, x3 = x2 + k;
      let o = 0;
      for (; o + 2 <= m; o += 2) {
        const w0 = o * k, w1 = w0 + k;
        let a0 = bias ? bias[o] : 0, a1 = a0, a2 = a0, a3 = a0;
        let b0 = bias ? bias[o + 1] : 0, b1 = b0, b2 = b0, b3 = b0;
        for (let i = 0; i < k; i++) {
          const p = w[w0 + i], q = w[w1 + i];
          const s0 = x[x0 + i], s1 = x[x1 + i], s2 = x[x2 + i], s3 = x[x3 + i];
          a0 += p * s0; a1 += p * s1; a2 += p * s2; a3 += p * s3;
          b0 += q * s0; b1 += q * s1; b2 += q * s2; b3 += q * s3;
        }
        const y0 = r * m + o;
        y[y0] = a0; y[y0 + m] = a1; y[y0 + 2 * m] = a2; y[y0 + 3 * m] = a3;
        y[y0 + 1] = b0; y[y0 + m + 1] = b1; y[y0 + 2 * m + 1] = b2; y[y0 + 3 * m + 1] = b3;
      }
      for (; o < m; o++) {
        for (let s = r; s < r + 4; s++) y[s * m + o] = dot(x, s * k, w, o * k, k, bias ? bias[o] : 0);
      }
    }
    for (; r < n; r++) {
      for (let o = 0; o < m; o++) y[r * m + o] = dot(x, r * k, w, o * k, k, bias ? bias[o] : 0);
    }
    return y;
  }

  function dot(a, i, b, j, k, sum) {
    for (let end = i + k; i < end; i++, j++) sum += a[i] * b[j];
    return sum;
  }

  // In place: x / (1 + exp(-x)), and max(x, 0).
  function silu(x, count = x.length) {
    for (let i = 0; i < count; i++) x[i] /= 1 + Math.exp(-x[i]);
    return x;
  }

  function relu(x) {
    for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
    return x;
  }

  // The layer of torch called `name`, as a function of one row.
  function layer(tensors, name) {
    const w = tensors[`${name}.weight`], b = tensors[`${name}.bias`];
    const [m, k] = w.shape;
    return (x) => linear(x, 1, k, w.values, b.values, m, new Float64Array(m));
  }

  function polynomial(x, c) {
    let sum = 0;
    for (let i = c.length - 1; i >= 0; i--) sum = sum * x + c[i];
    return sum;
  }

  // Distribution function of the standard normal: Hart (1968), as in West (2005).
  const HART = [
    [220.206867912376, 221.213596169931, 112.079291497871, 33.912866078383, 6.37396220353165,
      0.700383064443688, 0.0352624965998911],
    [440.413735824752, 793.826512519948, 637.333633378831, 296.564248779674, 86.7807322029461,
      16.064177579207, 1.75566716318264, 0.0883883476483184],
  ];
  function ndtr(x) {
    const z = Math.abs(x);
    let tail = 0;
    if (z < 7.07106781186547) {
      tail = Math.exp(-z * z / 2) * polynomial(z, HART[0]) / polynomial(z, HART[1]);
    } else if (z < 38) {
      const fraction = z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))));
      tail = Math.exp(-z * z / 2) / fraction / 2.506628274631;
    }
    return x > 0 ? 1 - tail : tail;
  }

  // Its inverse: Wichura (1988), algorithm AS 241.
  const WICHURA = [
    [3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
      45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
    [1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077,
      21213.794301586595867, 39307.89580009271061, 28729.085735721942674, 5226.495278852854561],
    [1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
      1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833,
      7.7454501427834140764e-4],
    [1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455,
      0.14810397642748007459, 0.0151986665636164571966, 5.475938084995344946e-4,
      1.05075007164441684324e-9],
    [6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
      0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5,
      2.01033439929228813265e-7],
    [1, 0.59983220655588793769, 0.1369298809227358053, 0.0148753612908506148525,
      7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7,
      2.04426310338993978564e-15],
  ];
  function ndtri(p) {
    const q = p - 0.5;
    if (Math.abs(q) <= 0.425) {
      const r = 0.180625 - q * q;
      return q * polynomial(r, WICHURA[0]) / polynomial(r, WICHURA[1]);
    }
    const tail = Math.min(p, 1 - p);
    if (!(tail > 0)) return tail === 0 ? Math.sign(q) * Infinity : NaN;
    const r = Math.sqrt(-Math.log(tail)), far = r > 5;
    const [a, b] = far ? [WICHURA[4], WICHURA[5]] : [WICHURA[2], WICHURA[3]];
    return Math.sign(q) * polynomial(r - (far ? 5 : 1.6), a) / polynomial(r - (far ? 5 : 1.6), b);
  }

  return { decode, linear, dot, silu, relu, layer, ndtr, ndtri };
});
