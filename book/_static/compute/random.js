"use strict";
// Standard normals from a counter: the twin of mechfit/models/numerics/noise.py, which tells how.
// The same (seed, simulation, step) gives the same bits there and here, so the same normals to
// rounding.
mechfit.define("random", [], () => {
  const PARITY = 0x1bd11bda;
  const TWO_TO_MINUS_32 = 2 ** -32;
  const words = new Uint32Array(2);

  // The two words of a key, from a whole number below 2^53 or a BigInt below 2^64.
  function keyOf(seed) {
    const whole = typeof seed === "bigint" || Number.isSafeInteger(seed);
    if (!whole || seed < 0 || seed >= 2n ** 64n) {
      throw new Error(`seed is ${seed}, expected a whole number from 0 to 2^64 - 1`);
    }
    const big = BigInt(seed);
    return [Number(big & 0xffffffffn), Number(big >> 32n)];
  }

  // Threefry-2x32-20: two random words, left in `words`, from a key and a counter.
  function threefry(key0, key1, a, b) {
    const key2 = key0 ^ key1 ^ PARITY;
    const keys = [key0, key1, key2];
    a = (a + key0) | 0;
    b = (b + key1) | 0;
    for (let round = 0; round < 5; round++) {
      const even = round % 2 === 0;
      const r0 = even ? 13 : 17, r1 = even ? 15 : 29, r2 = even ? 26 : 16, r3 = even ? 6 : 24;
      a = (a + b) | 0; b = ((b << r0) | (b >>> (32 - r0))) ^ a;
      a = (a + b) | 0; b = ((b << r1) | (b >>> (32 - r1))) ^ a;
      a = (a + b) | 0; b = ((b << r2) | (b >>> (32 - r2))) ^ a;
      a = (a + b) | 0; b = ((b << r3) | (b >>> (32 - r3))) ^ a;
      a = (a + keys[(round + 1) % 3]) | 0;
      b = (b + keys[(round + 2) % 3] + round + 1) | 0;
    }
    words[0] = a;
    words[1] = b;
  }

  // A source of the normals of one simulation: pair(i, out, at) writes those of steps 2i, 2i + 1.
  function pairs(seed, simulation) {
    const [key0, key1] = keyOf(seed);
    return (i, out, at) => {
      threefry(key0, key1, simulation, i);
      const u = (words[0] + 0.5) * TWO_TO_MINUS_32;
      const angle = 2.0 * Math.PI * ((words[1] + 0.5) * TWO_TO_MINUS_32);
      const radius = Math.sqrt(Math.max(-2.0 * Math.log(u), 0.0));
      out[at] = radius * Math.cos(angle);
      if (at + 1 < out.length) out[at + 1] = radius * Math.sin(angle);
    };
  }

  // The first `steps` standard normals of a simulation.
  function normals(seed, simulation, steps) {
    const out = new Float64Array(steps), pair = pairs(seed, simulation);
    for (let i = 0; 2 * i < steps; i++) pair(i, out, 2 * i);
    return out;
  }

  return { keyOf, threefry, words, pairs, normals };
});
