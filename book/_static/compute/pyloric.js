"use strict";
// The pyloric circuit: the twin of mechfit/models/pyloric/equations.py and reference.py in double
// precision, where the equations stand. Units: mV, ms, mS, µA, µF, µM.
mechfit.define("pyloric", ["random"], (mechfit) => {
  const { exp, expm1, log } = Math;
  const AREA = 0.628e-3, CAPACITANCE = 0.6283e-3, NOTHING = 1e-20;
  const E_NA = 50, E_K = -80, E_H = -20, E_LEAK = -50, V_FIRST = -50;
  const CA_REST = 0.05, CA_PER_CURRENT = 14961, TAU_CA = 200, LOG_CA_OUTSIDE = log(3000);
  const RT_2F = 8314.51 / (2 * 96485.3415), COLD = 283, KCA = 4, STATE = 13;
  // Neuron before, neuron after, reversal potential (mV), closing time constant (ms).
  const SYNAPSES = [[0, 1, -70, 40], [0, 1, -80, 100], [0, 2, -70, 40], [0, 2, -80, 100],
    [1, 0, -70, 40], [1, 2, -70, 40], [2, 1, -70, 40]];
  const Q10 = { membrane: Array(8).fill(1.5), synapses: Array(7).fill(1.5),
    gates: [2.4, 2.4, 2.0, 2.4, 1.6, 2.4, 2.4, 2.8, 2.8, 2.8, 2.8], calcium: 2, closing: 1.7 };
  const NEURONS = ["AB/PD", "LP", "PY"];
  const CURRENTS = ["Na", "CaT", "CaS", "A", "KCa", "Kd", "H", "leak"];
  const JOINED = ["AB-LP", "PD-LP", "AB-PY", "PD-PY", "LP-PD", "LP-PY", "PY-LP"];
  const of = (join) => NEURONS.flatMap((n) => CURRENTS.map((c) => join(c, n)));
  const PARAMETERS = {
    names: [...of((c, n) => `${c}_${n}`), ...JOINED],
    symbols: [...of((c, n) => `${n} ${c}`), ...JOINED.map((s) => s.replace("-", "–"))],
    units: [...Array(24).fill("mS/cm²"), ...Array(7).fill("ln mS")],
    low: [0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 2, 10, 0, 0, 0, 0.01, 0, 0, 0, 30, 0, 50, 0, 0,
      ...Array(7).fill(log(1e-8))],
    high: [500, 7.5, 8, 60, 15, 150, 0.02, 0.01, 200, 2.5, 12, 60, 10, 125, 0.06, 0.04,
      600, 12.5, 4, 60, 5, 150, 0.06, 0.04, log(1e-2), ...Array(6).fill(log(1e-3))],
  };

  const sigmoid = (v, a, b) => 1 / (1 + exp((v + a) / b));
  const steady = new Float64Array(11), tau = new Float64Array(11);

  // Steady states, and time constants (ms), of m of Na, CaT, CaS, A, KCa, Kd, H, and of h of the
  // first four, at the voltage v.
  function setGates(v) {
    steady[0] = sigmoid(v, 25.5, -5.29);
    steady[1] = sigmoid(v, 27.1, -7.2);
    steady[2] = sigmoid(v, 33.0, -8.1);
    steady[3] = sigmoid(v, 27.2, -8.7);
    steady[4] = sigmoid(v, 28.3, -12.6);
    steady[5] = sigmoid(v, 12.3, -11.8);
    steady[6] = sigmoid(v, 75.0, 5.5);
    steady[7] = sigmoid(v, 48.9, 5.18);
    steady[8] = sigmoid(v, 32.1, 5.5);
    steady[9] = sigmoid(v, 60.0, 6.2);
    steady[10] = sigmoid(v, 56.9, 4.9);
    tau[0] = 2.64 - 2.52 * sigmoid(v, 120.0, -25.0);
    tau[1] = 43.4 - 42.6 * sigmoid(v, 68.1, -20.5);
    tau[2] = 2.8 + 14.0 / (exp((v + 27.0) / 10.0) + exp(-(v + 70.0) / 13.0));
    tau[3] = 23.2 - 20.8 * sigmoid(v, 32.9, -15.2);
    tau[4] = 180.6 - 150.2 * sigmoid(v, 46.0, -22.7);
    tau[5] = 14.4 - 12.8 * sigmoid(v, 28.3, -19.2);
    tau[6] = 2.0 / (exp(-14.59 - 0.086 * v) + exp(-1.87 + 0.0701 * v));
    tau[7] = 1.34 * sigmoid(v, 62.9, -10.0) * (1.5 + sigmoid(v, 34.9, 3.6));
    tau[8] = 210.0 - 179.6 * sigmoid(v, 55.0, -16.9);
    tau[9] = 120.0 + 300.0 / (exp((v + 55.0) / 9.0) + exp(-(v + 65.0) / 16.0));
    tau[10] = 77.2 - 58.4 * sigmoid(v, 38.9, -26.5);
  }

  function synapseStep(s, sInf, tauK, dt) {
    const tauS = tauK * (1 - sInf);
    return dt > tauS ? sInf : s + (sInf - s) * dt / tauS;
  }

  // A circuit that runs: theta may change on the way. Normals are those of a simulation of the
  // package's model, sample for sample.
  class Circuit {
    constructor(theta, { seed = 1, simulation = 0, dt = 0.025, noiseStd = 0.001,
      temperature = COLD } = {}) {
      Object.assign(this, { dt, noiseStd, temperature, sample: 0 });
      this.draw = mechfit.random.pairs(seed, simulation);
      this.normals = new Float64Array(2);
      this.state = new Float64Array(3 * STATE + 7);
      for (let j = 0; j < 3; j++) {
        this.state[j * STATE] = V_FIRST;
        this.state[j * STATE + 1] = CA_REST;
      }
      const factor = (q10) => q10 ** ((temperature - COLD) / 10);
      this.faster = Q10.gates.map(factor);
      this.closing = SYNAPSES.map((synapse) => synapse[3] / factor(Q10.closing));
      this.moved = -expm1(-dt * factor(Q10.calcium) / TAU_CA);
      this.factors = { membrane: Q10.membrane.map(factor), synapses: Q10.synapses.map(factor) };
      this.set(theta);
    }

    // 24 conductances in mS/cm², neuron after neuron, and seven logarithms of mS.
    set(theta) {
      if (theta.length !== 31 || !Array.from(theta).every(Number.isFinite)) {
        throw new Error(`theta is [${Array.from(theta).join(", ")}], expected 31 finite numbers`);
      }
      const { membrane, synapses } = this.factors;
      this.g = Float64Array.from({ length: 24 }, (_, i) => theta[i] * AREA * membrane[i % 8]);
      this.synaptic = Float64Array.from({ length: 7 }, (_, k) => exp(theta[24 + k]) * synapses[k]);
    }

    // Time (ms) of the state.
    get time() { return this.sample * this.dt; }

    // Voltages (mV) of the three neurons now.
    get voltage() { return [0, 1, 2].map((j) => this.state[j * STATE]); }

    // Advance by so many samples; their voltages, three by three, go to `out` if given.
    step(samples, out) {
      const { state, g, synaptic, dt, faster, closing, draw, normals } = this;
      const old = new Float64Array(state.length), rt = RT_2F * this.temperature;
      for (let i = 0; i < samples; i++) {
        this.sample++;
        old.set(state);
        for (let j = 0; j < 3; j++) {
          const number = 3 * this.sample + j, at = j * STATE, of = j * 8;
          draw(number >> 1, normals, 0);
          const v = old[at], ca = old[at + 1], x = (k) => old[at + 2 + k];
          const sodium = g[of] * x(0) * x(0) * x(0) * x(7);
          const calcium = g[of + 1] * x(1) * x(1) * x(1) * x(8) + g[of + 2] * x(2) * x(2) * x(2) * x(9);
          const potassium = g[of + 3] * x(3) * x(3) * x(3) * x(10) +
            g[of + 5] * x(5) * x(5) * x(5) * x(5) + g[of + 4] * x(4) * x(4) * x(4) * x(4);
          const h = g[of + 6] * x(6), leak = g[of + 7];
          let synapses = 0, driven = 0;
          for (let k = 0; k < 7; k++) {
            if (SYNAPSES[k][1] !== j) continue;
            const open = synaptic[k] * old[3 * STATE + k];
            synapses += open;
            driven += open * SYNAPSES[k][2];
          }
          const eCa = rt * (LOG_CA_OUTSIDE - log(ca));
          const total = Math.max(sodium + calcium + potassium + h + leak + synapses, NOTHING);
          let current = sodium * E_NA + calcium * eCa + potassium * E_K;
          current += h * E_H + leak * E_LEAK;
          current += driven + this.noiseStd * normals[number & 1];
          const caInf = CA_REST - CA_PER_CURRENT * calcium * (v - eCa);
          state[at] = v + (v - current / total) * expm1(-dt / CAPACITANCE * total);
          state[at + 1] = ca + (caInf - ca) * this.moved;
          setGates(v);
          steady[KCA] *= ca / (ca + 3);
          for (let k = 0; k < 11; k++) {
            state[at + 2 + k] = steady[k] + (x(k) - steady[k]) * exp(-dt * faster[k] / tau[k]);
          }
        }
        for (let k = 0; k < 7; k++) {
          const sInf = 1 / (1 + exp((-35 - old[SYNAPSES[k][0] * STATE]) / 5));
          state[3 * STATE + k] = synapseStep(old[3 * STATE + k], sInf, closing[k], dt);
        }
        if (out) for (let j = 0; j < 3; j++) out[3 * i + j] = state[j * STATE];
      }
    }
  }

  // Voltages (3 arrays) of a circuit from its first sample on; every `keep`-th sample.
  function simulate(theta, { duration = 11000, keep = 1, ...options } = {}) {
    const circuit = new Circuit(theta, options);
    const samples = Math.ceil(duration / circuit.dt - 1e-9), kept = Math.ceil(samples / keep);
    const voltage = NEURONS.map(() => new Float64Array(kept));
    for (let i = 0; i < kept; i++) {
      if (i) circuit.step(keep);
      circuit.voltage.forEach((v, j) => { voltage[j][i] = v; });
    }
    return { time: voltage[0].map((_, i) => i * keep * circuit.dt), voltage };
  }

  return { ...PARAMETERS, neurons: NEURONS, Circuit, simulate };
});
