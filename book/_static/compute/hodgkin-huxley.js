"use strict";
// The Hodgkin-Huxley neuron: the twin of mechfit/models/hodgkin_huxley/equations.py in double
// precision, where the equations stand. Units: mV, ms, µA/cm², mS/cm².
mechfit.define("hodgkinHuxley", ["random"], (mechfit) => {
  const E_NA = 53, E_K = -107, { exp, expm1, sqrt, round } = Math;
  const EXP_1_4 = exp(1 / 4), EXP_3 = exp(3), EXP_13_4 = exp(13 / 4), EXP_8 = exp(8);
  const STEP = 5e-4 / (Math.PI * 70e-4 ** 2);
  const PARAMETERS = {
    names: ["g_Na", "g_K", "g_leak", "g_M", "tau_max", "-V_T", "sigma", "-E_leak"],
    symbols: ["ḡ_Na", "ḡ_K", "g_l", "ḡ_M", "τ_max", "−V_T", "σ", "−E_l"],
    units: ["mS/cm²", "mS/cm²", "mS/cm²", "mS/cm²", "ms", "mV", "µA/cm² ms^½", "mV"],
    low: [0.5, 1e-4, 1e-4, 1e-4, 50, 40, 1e-4, 35],
    high: [80, 15, 0.6, 0.6, 3000, 90, 0.15, 100],
    truth: [50, 5, 0.1, 0.07, 600, 60, 0.1, 70],
  };

  function linoid(z, expZ) {
    const w = z * z;
    if (w < 0.04) return 1 - z / 2 + w * (1 / 12 - w * (1 / 720 - w / 30240));
    return z / (expZ - 1);
  }

  // Opening and closing rates (1/ms) of m, h and n at u = V - V_T, left in `rates`.
  const rates = new Float64Array(6);
  function setRates(u) {
    const f = exp(-Math.max(u, -200) / 40), f2 = f * f, f4 = f2 * f2, f8 = f4 * f4;
    const low = EXP_8 * f8;
    rates[0] = 1.28 * linoid(-(u - 13) / 4, EXP_13_4 * (f8 * f2));
    rates[1] = 1.4 * low * linoid(-(u - 40) / 5, low);
    rates[2] = 0.128 * exp(-(u - 17) / 18);
    rates[3] = 4 / (1 + low);
    rates[4] = 0.16 * linoid(-(u - 15) / 5, EXP_3 * f8);
    rates[5] = 0.5 * EXP_1_4 * f;
  }

  // A current step: round(duration / dt) + 1 samples, on inside the window.
  function stepCurrent(amplitude, duration, dt, [on, off]) {
    return Float64Array.from({ length: round(duration / dt) + 1 }, (_, i) =>
      (i * dt >= on - dt / 2 && i * dt < off - dt / 2 ? amplitude : 0));
  }

  function check(theta) {
    const right = theta.length === 8 && Array.from(theta).every(Number.isFinite) &&
      [0, 1, 2, 3, 6].every((j) => theta[j] >= 0) && theta[4] > 0 &&
      [0, 1, 2, 3].some((j) => theta[j] > 0);
    if (right) return;
    throw new Error(`theta is [${Array.from(theta).join(", ")}], expected 8 finite numbers, ` +
      "conductances and noise of at least 0, one conductance and tau_max above 0");
  }

  // Voltages under a current, or the model's step; every `keep`-th sample of dt is returned.
  function simulate(theta, { seed = 1, simulation = 0, noise, current, dt = 0.01, every = 1,
    duration = 120, window = [10, 110], vInit = -70, keep = 1 } = {}) {
    check(theta);
    current ??= stepCurrent(STEP, duration, dt, window);
    const samples = current.length, step = dt / every, steps = every * (samples - 1) + 1;
    const draw = noise ? null : mechfit.random.pairs(seed, simulation);
    if (noise && noise.length !== steps) {
      throw new Error(`${noise.length} normals, expected ${steps}, one for each step and one more`);
    }
    const [gNa, gK, gL, gM, tauMax, minusVT, sigma, minusEL] = theta;
    const scale = sigma / sqrt(step), two = new Float64Array(2);
    const kept = Math.ceil(samples / keep);
    const voltage = new Float64Array(kept), time = voltage.map((_, i) => i * keep * dt);
    setRates(vInit + minusVT);
    let v = vInit, lostV = 0, lostP = 0;
    let m = rates[0] / (rates[0] + rates[1]), h = rates[2] / (rates[2] + rates[3]);
    let n = rates[4] / (rates[4] + rates[5]), slow = exp(-(v + 35) / 20);
    let p = 1 / (1 + slow * slow);
    voltage[0] = v;
    for (let i = 1, s = 0; i < samples; i++) {
      for (const end = i * every; s < end; s++) {
        if (draw && s % 2 === 0) draw(s / 2, two, 0);
        const drive = current[i - 1] + scale * (draw ? two[s % 2] : noise[s]);
        const sodium = gNa * (m * m * m) * h, n2 = n * n;
        const potassium = gK * (n2 * n2) + gM * p, g = sodium + potassium + gL;
        const vInf = (sodium * E_NA + potassium * E_K - gL * minusEL + drive) / g;
        const dv = (v - vInf) * expm1(-step * g) + lostV, nextV = v + dv;
        lostV = dv - (nextV - v);
        v = nextV;
        setRates(v + minusVT);
        let rate = rates[0] + rates[1];
        m += (m - rates[0] / rate) * expm1(-step * rate);
        rate = rates[2] + rates[3];
        h += (h - rates[2] / rate) * expm1(-step * rate);
        rate = rates[4] + rates[5];
        n += (n - rates[4] / rate) * expm1(-step * rate);
        slow = exp(-(v + 35) / 20);
        const dp = (p - 1 / (1 + slow * slow)) * expm1(-step * ((3.3 / slow + slow) / tauMax)) + lostP;
        const nextP = p + dp;
        lostP = dp - (nextP - p);
        p = nextP;
      }
      if (i % keep === 0) voltage[i / keep] = v;
    }
    return { time, voltage };
  }

  return { ...PARAMETERS, STEP, stepCurrent, simulate };
});
