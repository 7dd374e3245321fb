"use strict";
// The rhythm of the pyloric circuit, found while it runs: the twin of mechfit/summaries/bursts.py
// and triphasic.py and of mechfit/models/pyloric/breakdown.py, which define what is found.
mechfit.define("rhythm", [], () => {
  const NEURONS = ["AB/PD", "LP", "PY"];
  const units = (names, unit) => Object.fromEntries(names.map((name) => [name, unit]));
  const each = (name) => NEURONS.map((n) => `${name}_${n}`);
  const TRIPHASIC = {
    cycle_period: "ms", ...units(each("burst_duration"), "ms"),
    ...units(["end_to_start_AB/PD-LP", "end_to_start_LP-PY"], "ms"),
    ...units(["start_to_start_AB/PD-LP", "start_to_start_AB/PD-PY"], "ms"),
    ...units(each("duty_cycle"), ""),
    ...units(["phase_gap_AB/PD-LP", "phase_gap_LP-PY", "phase_LP", "phase_PY"], ""),
    ...units(each("plateau"), "ms"), pyloric_like: "",
  };
  const RECORDED = [1170.85859375, 206.03643411, 214.30703125, 412.8421875, 275.16484375,
    42.04609375, 481.92578125, 738.27890625, 0.17597038, 0.18303408, 0.35259782, 0.23501117,
    0.03591048, 0.41160033, 0.63054489, 2.5, 2.5, 2.5, 1];
  const SPREAD = [279, 133, 113, 150, 109, 60, 169, 216, 0.040, 0.059, 0.054, 0.065, 0.034, 0.054,
    0.060];
  const WINDOW_MS = 0.5, DEGREE = 3, SPIKE_MV = -10, PLATEAU_MV = -30, SILENCE_MS = 150;
  const EVERY = 10, SHORTEST = 200, FLOOR = 100, FEWER = 0.9, MORE = 1.1;

  // Weights of a polynomial of degree 3 over half a millisecond (Savitzky & Golay 1964).
  function smoothing(dt) {
    const samples = Math.floor(WINDOW_MS / dt), h = (samples + (samples + 1) % 2) >> 1;
    if (samples <= DEGREE) throw new Error(`dt is ${dt} ms, expected at most 0.125 ms`);
    const center = 3 * h * h + 3 * h - 1, norm = (2 * h + 3) * (4 * h * h - 1) / 3;
    return Float64Array.from({ length: 2 * h + 1 }, (_, i) => (center - 5 * (i - h) ** 2) / norm);
  }

  // First and last sample of the bursts of spikes, without those of at most `threshold` ms.
  function bursts(spikes, dt, threshold) {
    const found = [];
    for (const at of spikes) {
      const last = found.at(-1);
      if (last && at * dt - last[1] * dt < SILENCE_MS) last[1] = at;
      else found.push([at, at]);
    }
    return found.filter(([first, last]) => (last - first) * dt > threshold);
  }

  const average = (values) => values.reduce((a, b) => a + b, 0) / values.length; // NaN of none

  // Mean plateau, in samples, of the bursts; the last one's ends with the last spike.
  function plateau(crossings, found, end) {
    let c = 0;
    const samples = EVERY * average(found.map(([start], b) => {
      const stop = b + 1 < found.length ? found[b + 1][0] : end;
      while (c < crossings.length && crossings[c] <= start) c++;
      let longest = 0, run = 0, k = c;
      for (let at = start; at < stop; at += EVERY) {
        while (k < crossings.length && crossings[k] <= at) k++;
        if (k % 2) run++;
        else {
          longest = Math.max(longest, run);
          run = 0;
        }
      }
      return longest;
    }));
    return samples < SHORTEST ? FLOOR : samples;
  }

  // The 19 statistics of bursts (3 lists), crossings (3 lists) and last spikes (3).
  function statistics(found, crossings, ends, dt) {
    const x = new Float64Array(19).fill(NaN), [ab, lp, py] = found, n = ab.length;
    if (n > 1) x[0] = dt * (ab[n - 1][0] - ab[0][0]) / (n - 1);
    for (let j = 0; j < 3; j++) {
      x[1 + j] = dt * average(found[j].map(([first, last]) => last - first));
      x[8 + j] = x[1 + j] / x[0];
      x[15 + j] = dt * plateau(crossings[j], found[j], ends[j]);
    }
    const sums = [0, 0, 0, 0];
    let cycles = 0, like = 0;
    for (let c = 0; c + 1 < n; c++) {
      const [start, stop] = [ab[c][0], ab[c + 1][0]], end = ab[c][1];
      const [lps, pys] = [lp, py].map((b) => b.filter(([at]) => start <= at && at < stop));
      if (lps.length !== 1 || pys.length !== 1) continue;
      const [[lpStart, lpEnd]] = lps, [[pyStart, pyEnd]] = pys;
      cycles++;
      [lpStart - end, pyStart - lpEnd, lpStart - start, pyStart - start]
        .forEach((value, i) => { sums[i] += value; });
      if (end <= lpStart && lpStart <= pyStart && lpEnd <= pyEnd) like++;
    }
    const triphasic = cycles > 0 && 10 * cycles >= 9 * (n - 1);
    for (let i = 0; i < 4; i++) {
      if (triphasic) x[4 + i] = sums[i] * (dt / cycles);
      x[11 + i] = x[4 + i] / x[0];
    }
    x[18] = triphasic && 10 * like >= 7 * cycles ? 1 : 0;
    return x;
  }

  // Which neuron drops out of the rhythm, and how; "" if the circuit is triphasic.
  function whatIsLost(x, spikes, found) {
    if (Number.isFinite(x[14])) return "";
    const share = found.map((b) => b.length / Math.max(found[0].length, 1));
    const checks = { silent: (j) => !spikes[j].length, "without bursts": (j) => !found[j].length,
      "skips cycles": (j) => share[j] < FEWER, "bursts more often": (j) => share[j] > MORE };
    for (const [how, applies] of Object.entries(checks)) {
      const j = [0, 1, 2].find(applies);
      if (j !== undefined) return `${NEURONS[j]} ${how}`;
    }
    return "out of order";
  }

  // Finds the events of a circuit in voltages that come piece by piece.
  class Rhythm {
    constructor({ dt = 0.025, threshold = 50 } = {}) {
      Object.assign(this, { dt, threshold, weights: smoothing(dt) });
      this.clear();
    }

    clear() {
      this.samples = 0;
      this.ring = new Float64Array(3 * this.weights.length);
      this.spikes = [[], [], []];
      this.crossings = [[], [], []];
      this.before = new Float64Array(3).fill(Infinity);
      this.now = new Float64Array(3).fill(Infinity);
      this.up = [false, false, false];
    }

    // Voltages (mV) of three neurons, three by three, as `Circuit.step` gives them.
    add(voltages) {
      const { ring, weights } = this, width = weights.length, half = width >> 1;
      for (let i = 0; i + 2 < voltages.length; i += 3) {
        const place = this.samples % width, center = this.samples - half;
        for (let j = 0; j < 3; j++) {
          ring[j * width + place] = voltages[i + j];
          if (this.samples + 1 < width) continue;
          let v = 0;
          for (let k = 0; k < width; k++) {
            v += weights[k] * ring[j * width + (place + 1 + k) % width];
          }
          const now = this.now[j];
          if (now > SPIKE_MV && now >= this.before[j] && v <= now && now < Infinity &&
            this.before[j] < Infinity) {
            this.spikes[j].push(center - 2);
          }
          if ((v > PLATEAU_MV) !== this.up[j]) {
            this.up[j] = !this.up[j];
            this.crossings[j].push(center);
          }
          this.before[j] = now;
          this.now[j] = v;
        }
        this.samples++;
      }
    }

    // Events from the sample `from` on, counted from there: spikes, bursts and crossings.
    events(from = 0) {
      const after = (list) => list.filter((at) => at >= from).map((at) => at - from);
      const spikes = this.spikes.map(after);
      const found = spikes.map((s) => bursts(s, this.dt, this.threshold));
      const crossings = this.crossings.map((list) => {
        const later = after(list);
        return (list.length - later.length) % 2 ? [0, ...later] : later; // it begins above
      });
      return { spikes, bursts: found, crossings };
    }

    // Statistics (19) of what came after the sample `from`, and what is lost ("" for nothing).
    summary(from = 0) {
      const { spikes, bursts: found, crossings } = this.events(from);
      const x = statistics(found, crossings, spikes.map((s) => s.at(-1) ?? 0), this.dt);
      return { x, lost: whatIsLost(x, spikes, found) };
    }
  }

  return { names: Object.keys(TRIPHASIC), units: Object.values(TRIPHASIC), recorded: RECORDED,
    spread: SPREAD, Rhythm };
});
