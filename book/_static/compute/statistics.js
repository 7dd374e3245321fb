"use strict";
// Statistics of a voltage (mV) under a current step: the twin of mechfit/summaries, whose modules
// spikes, voltage, moments, timing, shape and autocorrelation define them.
mechfit.define("statistics", [], () => {
  const SEVEN = { spike_count: "", rest_mean: "mV", rest_std: "mV", mean: "mV", variance: "mV²",
    skewness: "", kurtosis: "" };
  const MORE = { latency: "ms", isi_mean: "ms", isi_cv: "", adaptation: "", spike_threshold: "mV",
    spike_height: "mV", spike_width: "ms", ahp_depth: "mV" };
  const MERGE_MS = 0.5, FINE_MS = 0.025, FALL_MV = 0.5, TINY = 1e-100, LARGEST = 1e70;
  const SLOPE = 10, RUN = 3;
  const lagged = (lags) => lags.map((lag) => `autocorrelation_${lag}ms`);

  // Samples at which the last tenth of the rest, the step and the window begin, and its end.
  const marks = (dt, [on, off]) => [
    Math.floor(0.9 * on / dt + 1e-9), Math.ceil(on / dt - 1e-9),
    Math.floor(on / dt + 1e-9) + 1, Math.ceil(off / dt - 1e-9)];

  // Places of the spikes, in samples, inside the window (ms).
  function spikes(v, dt, window = [-Infinity, Infinity], threshold = -10) {
    const coarse = dt > 1.001 * FINE_MS, fall = coarse ? FALL_MV : -1e9, found = [];
    let older = 1e9, old = v[0], top = 1e9, low = v[0], last = -1e9;
    for (let i = 1; i < v.length; i++) {
      const now = v[i];
      low = Math.min(low, old);
      let place = i - 2, height = older;
      if (coarse) {
        const shift = 0.5 * (now - older) / Math.max(2 * old - older - now, 1e-30);
        place = i - 1.25 + shift;
        height = old + 0.25 * shift * (now - older);
      }
      const peak = (old > low || !coarse) && older <= old && old > now && height > threshold &&
        window[0] < dt * place && dt * place < window[1];
      if (peak) {
        if (dt * place - dt * last > MERGE_MS && top - low >= fall) found.push(place);
        top = low = old;
        last = place;
      }
      older = old;
      old = now;
    }
    return found;
  }

  function mean(v, from, to) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += v[i];
    return sum / (to - from);
  }

  // Mean, variance, skewness, kurtosis of samples from up to but without to.
  function moments(v, from, to) {
    const center = mean(v, from, to), n = to - from;
    let m2 = 0, m3 = 0, m4 = 0;
    for (let i = from; i < to; i++) {
      const d = v[i] - center, q = d * d;
      m2 += q; m3 += q * d; m4 += q * q;
    }
    m2 /= n;
    if (m2 < TINY) return [center, 0, NaN, NaN];
    return [center, m2, m3 / n / m2 ** 1.5, m4 / n / m2 ** 2];
  }

  function timing(found, dt, [on, off]) {
    const n = found.length, latency = n ? found[0] * dt - on : off - on;
    if (n < 2) return [latency, off - on, 0, 0];
    const interval = (found[n - 1] - found[0]) * dt / (n - 1);
    if (n < 3) return [latency, interval, 0, 0];
    let squares = 0, trend = 0, before = 0;
    for (let k = 0; k < n - 1; k++) {
      const now = (found[k + 1] - found[k]) * dt;
      squares += (now - interval) ** 2;
      if (k > 0) trend += (now - before) / (now + before);
      before = now;
    }
    return [latency, interval, Math.sqrt(squares / (n - 2)) / interval, trend / (n - 2)];
  }

  // Sample where a spike begins, or 0 where none begins after `low`.
  function beginning(v, dt, low, peak) {
    let run = 0;
    for (let i = peak - 1; i >= low; i--) {
      if (v[i + 1] - v[i - 1] > 2 * dt * SLOPE) run++;
      else if (run >= RUN) return i + 1;
      else run = 0;
    }
    return 0;
  }

  function widthAt(v, level, peak) {
    let i = peak, j = peak;
    while (v[i] >= level) i--;
    while (v[j] >= level) j++;
    return j - (level - v[j]) / (v[j - 1] - v[j]) - i - (level - v[i]) / (v[i + 1] - v[i]);
  }

  function shape(v, dt, first, end, found) {
    const sums = [0, 0, 0, 0];
    let whole = 0, low = first;
    found.forEach((place, k) => {
      let peak = Math.trunc(place);
      while (v[peak + 1] >= v[peak]) peak++;
      const begin = beginning(v, dt, low, peak);
      const stop = k + 1 < found.length ? Math.trunc(found[k + 1]) : end;
      low = peak;
      for (let i = peak; i < stop; i++) if (v[i] < v[low]) low = i;
      const half = (v[begin] + v[peak]) / 2;
      if (!(begin > 0 && Math.max(v[begin], v[low]) < half)) return;
      const each = [v[begin], v[peak] - v[begin], widthAt(v, half, peak) * dt, v[begin] - v[low]];
      each.forEach((value, s) => { sums[s] += value; });
      whole++;
    });
    if (whole) return sums.map((sum) => sum / whole);
    let highest = -Infinity;
    for (let i = first; i < end; i++) highest = Math.max(highest, v[i]);
    return [highest, 0, 0, 0];
  }

  function autocorrelation(v, first, end, lags) {
    const center = mean(v, first, end);
    const covariance = (lag) => {
      let sum = 0;
      for (let i = first; i + lag < end; i++) sum += (v[i] - center) * (v[i + lag] - center);
      return sum / (end - first - lag);
    };
    const variance = covariance(0);
    return lags.map((lag) => (variance >= TINY ? covariance(lag) / variance : NaN));
  }

  function check(v, dt, [on, off]) {
    const length = (v.length - 1) * dt;
    if (!(10 * dt <= on && on <= off - 3 * dt && off <= length + 1e-9)) {
      throw new Error(`the window is ${on} to ${off} ms, expected an onset of at least ` +
        `${10 * dt} ms and an end later than the onset and within the trace, ${length} ms`);
    }
    return v.every((value) => Math.abs(value) < LARGEST);
  }

  // The seven statistics; NaN where undefined, as all are of a voltage that is not finite.
  function seven(v, { dt = 0.01, window = [10, 110], threshold = -10 } = {}) {
    if (!check(v, dt, window)) return new Float64Array(7).fill(NaN);
    const [tenth, before, first, end] = marks(dt, window);
    const spread = Math.sqrt(moments(v, tenth, before)[1]);
    return Float64Array.from([spikes(v, dt, window, threshold).length, mean(v, 0, before), spread,
      ...moments(v, first, end)]);
  }

  // These, and those of timing, shape and autocorrelation at lags (ms).
  function extended(v, { dt = 0.01, window = [10, 110], threshold = -10, lags = [1, 2, 3, 4, 5] } = {}) {
    const begun = seven(v, { dt, window, threshold });
    if (Number.isNaN(begun[0])) return new Float64Array(15 + lags.length).fill(NaN);
    const [, , first, end] = marks(dt, window), found = spikes(v, dt, window, threshold);
    const places = lags.map((lag) => Math.round(lag / dt));
    return Float64Array.from([...begun, ...timing(found, dt, window),
      ...shape(v, dt, first, end, found), ...autocorrelation(v, first, end, places)]);
  }

  const extendedNames = (lags = [1, 2, 3, 4, 5]) =>
    [...Object.keys(SEVEN), ...Object.keys(MORE), ...lagged(lags)];
  const extendedUnits = (lags = [1, 2, 3, 4, 5]) =>
    [...Object.values(SEVEN), ...Object.values(MORE), ...lags.map(() => "")];
  return { names: Object.keys(SEVEN), units: Object.values(SEVEN), seven, extended, extendedNames,
    extendedUnits, spikes };
});
