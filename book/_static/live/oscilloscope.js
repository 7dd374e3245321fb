"use strict";
// A circuit that runs in a worker, and its last seconds on a screen of three rows.
mechfit.define("oscilloscope", ["pyloric", "rhythm", "draw"], mechfit => {
  const { draw } = mechfit;
  const SPAN = 4000, EVERY = 20, DT = 0.025, STEP = EVERY * DT, LENGTH = SPAN / STEP;

  // Runs in the worker: steps the circuit as far as time went on, and judges its rhythm.
  const runner = mechfit => {
    const { Circuit } = mechfit.pyloric, EVERY = 20, DT = 0.025, CHUNK = 800;
    const SETTLE = 1000, JUDGED = 4000;
    const rhythm = new mechfit.rhythm.Rhythm({ dt: DT }), samples = new Float64Array(3 * CHUNK);
    let circuit = null, begun = 0, speed = 1, running = false, last = 0, owed = 0, busy = 0;
    let judgedAt = 0;
    function step() {
      const start = performance.now();
      circuit.step(CHUNK, samples);
      const peaks = new Float32Array(3 * CHUNK / EVERY).fill(-1e9);
      for (let i = 0; i < samples.length; i++) {
        const place = 3 * Math.floor(i / 3 / EVERY) + i % 3;
        peaks[place] = Math.max(peaks[place], samples[i]);
      }
      postMessage({ peaks });
      if (circuit.time >= begun + SETTLE) rhythm.add(samples);
      busy += performance.now() - start;
      if (circuit.time < begun + SETTLE + JUDGED) return;
      const { lost, x } = rhythm.summary();
      postMessage({ lost, x, rate: (circuit.time - judgedAt) / busy });
      restart(circuit.time - SETTLE);
    }
    function restart(at) { // what follows is judged, but for its first second
      begun = at;
      judgedAt = circuit.time;
      busy = 0;
      rhythm.clear();
    }
    function tick() {
      if (!running) return;
      const now = performance.now();
      owed = Math.min(owed + speed * (now - last), 400);
      last = now;
      while (owed >= CHUNK * DT && performance.now() - now < 60) {
        step();
        owed -= CHUNK * DT;
      }
      setTimeout(tick, 8);
    }
    onmessage = ({ data }) => {
      if (data.theta) {
        if (circuit) circuit.set(data.theta);
        else circuit = new Circuit(data.theta);
        restart(circuit.time);
      }
      speed = data.speed ?? speed;
      const was = running;
      running = data.running ?? running;
      if (running && !was) {
        last = performance.now();
        tick();
      }
    };
  };

  // `judged({lost, x, rate})` is called after every few seconds of an unchanged circuit.
  function start(place, names, judged) {
    const worker = mechfit.worker(["pyloric", "rhythm"], runner);
    const screen = names.map(() => new Float32Array(LENGTH).fill(NaN));
    let at = 0, waiting = false;
    const view = draw.canvas(place, `Voltages of ${names.join(", ")} over the last 4 s`, paint);
    worker.onmessage = ({ data }) => {
      if (data.lost !== undefined) return judged(data);
      for (let i = 0; i < data.peaks.length; i += 3) {
        for (let k = 0; k < 3; k++) screen[k][at] = data.peaks[i + k];
        at = (at + 1) % LENGTH;
      }
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          view.draw();
        });
      }
    };
    function paint(g, w, h, c) {
      const tall = (h - 14) / 3;
      screen.forEach((voltage, k) => {
        const y = v => 2 + k * tall + (tall - 6) * (60 - Math.min(Math.max(v, -80), 60)) / 140;
        g.strokeStyle = c.text;
        g.lineWidth = 1.1;
        g.beginPath();
        let joined = false;
        for (let i = 0; i < LENGTH; i++) {
          const blank = (i - at + LENGTH) % LENGTH < LENGTH / 60 || Number.isNaN(voltage[i]);
          if (!blank) g[joined ? "lineTo" : "moveTo"](38 + i / LENGTH * (w - 40), y(voltage[i]));
          joined = !blank;
        }
        g.stroke();
        g.fillStyle = c.muted;
        g.fillText(names[k], 0, y(-45));
      });
      draw.scaleBar(g, w, h, c, { mv: 50, ms: 500, span: SPAN * w / (w - 40), low: 0,
        high: 140 * h / tall });
    }
    return {
      set: theta => worker.postMessage({ theta }),
      run: running => worker.postMessage({ running }),
      speed: speed => worker.postMessage({ speed }),
    };
  }

  return { start };
});
