"use strict";
// Infer: a neuron, statistics moved by hand or the reader's own recording, and the posterior that
// a trained network gives for it, all computed in the page.
mechfit.define("infer", [
  "posterior", "misspecification", "statistics", "draw", "pairs", "controls", "predictions",
  "recording", "report",
], mechfit => {
  const { make, unit, symbol, slider, pace } = mechfit.controls;
  const { draw, hodgkinHuxley: neuron, recording, report, statistics } = mechfit;
  const SPOKEN = [
    "maximal sodium conductance", "maximal potassium conductance", "leak conductance",
    "maximal conductance of the slow potassium current",
    "time constant of the slow potassium current", "spike threshold with opposite sign", "noise",
    "leak reversal potential with opposite sign",
  ];
  const WINDOW = [10, 110], DURATION = 120, DT = 0.01;
  const BUDGET = 18, FEWEST = 100, MOST = 2000, TRACES = 5, PREDICTED = 40;

  function start(root, { compact = false, statistics: ranges = [] }) {
    const posterior = mechfit.posterior.decode(mechfit.data["hodgkin-huxley-seven-page"]);
    const test = mechfit.misspecification.decode(mechfit.data["hodgkin-huxley-simulated"]);
    const { d, low, high, symbols, units } = posterior;
    const words = posterior.statistics.map(name => name.replace("_", " "));
    const noises = mechfit.random.normals(1, 0, MOST * posterior.noise);
    const state = { source: "neuron", theta: Float64Array.from(neuron.truth), x: null, rows: null,
      voltage: null, dt: DT, noise: null, seed: 1, count: 500, file: null };
    const current = neuron.stepCurrent(neuron.STEP, DURATION, DT, WINDOW);
    const change = pace(update, settle);
    let updates = 0;
    const predicted = mechfit.predictions.start(compact ? TRACES : PREDICTED, found => {
      if (found.x.length === 1 || found.x.length === TRACES) views.trace.draw();
      if (found.x.length % 8 === 0) views.statistics.forEach(view => view.draw(false));
    });

    // what is on the page
    const views = { statistics: [] }, says = make("p", { class: "live-says" });
    const aloud = make("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    const traceBox = make("div", { class: "live-trace" });
    views.trace = draw.canvas(traceBox, "Voltage of the observed neuron, and of neurons drawn " +
      "from the posterior", paintTrace);
    const sliders = symbols.map((text, j) => slider({
      head: symbol(text), of: units[j], low: low[j], high: high[j],
      name: `${text}, ${SPOKEN[j]} (${unit(units[j])})`, oninput: value => choose(j, value),
    }));
    views.parameters = sliders.map((s, j) => draw.canvas(s.plot,
      `Posterior density of ${symbols[j]}`, (...to) => paintParameter(j, ...to)));
    root.append(traceBox, legend(), says,
      make("div", { class: "live-grid", role: "group",
        "aria-label": "Parameters of the neuron and their posterior densities" },
        ...sliders.map(s => s.element)),
      make("div", { class: "live-buttons" },
        make("button", { type: "button", onclick: another }, "Another neuron"),
        make("button", { type: "button", onclick: rerun }, "Same neuron, other noise"),
        make("button", { type: "button", onclick: () => show(neuron.truth) },
          "Back to the start")));
    const observed = compact ? [] : words.map((word, i) => slider({
      head: make("span", {}, word), of: statistics.units[i], low: ranges[i].low,
      high: ranges[i].high, log: ranges[i].log, whole: i === 0, oninput: value => byHand(i, value),
      name: statistics.units[i] ? `${word} (${statistics.units[i]})` : word,
    }));
    const table = make("tbody"), refusal = make("p", { class: "live-refusal", role: "alert" });
    const onset = make("input", { type: "number", value: "10", step: "any", onchange: use });
    if (!compact) root.append(...rest());
    root.append(aloud);
    show(neuron.truth);

    function legend() {
      return make("p", { class: "live-key" }, ...["observed", "posterior", "truth", "prior"].map(
        (role, i) => make("span", { class: `live-key-${role}` },
          ["observed", "neurons the network found", "truth", "prior"][i])));
    }
    function rest() {
      const file = make("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv,text/plain",
        onchange: () => file.files[0] && take(file.files[0]) });
      const pairs = make("div", { class: "live-pairs" });
      views.statistics = observed.map((s, i) => draw.canvas(s.plot,
        `How ${words[i]} varies over the prior and over the posterior`,
        (...to) => paintStatistic(i, ...to)));
      views.pairs = draw.canvas(pairs, "Densities of all pairs of parameters below the " +
        "diagonal, their correlations above it", (g, w, h, c) => mechfit.pairs.paint(g, w, h, c, {
        rows: state.rows, low, high, labels: symbols,
        truth: state.source === "neuron" ? state.theta : null }));
      root.addEventListener("dragover", event => event.preventDefault());
      root.addEventListener("drop", event => {
        event.preventDefault();
        if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
      });
      return [
        make("p", { class: "live-title" }, "The seven statistics that the network is told"),
        make("div", { class: "live-grid live-observed", role: "group",
          "aria-label": "Observed statistics" },
          ...observed.map(s => s.element)),
        make("p", { class: "live-title" }, "Your own recording"),
        make("div", { class: "live-file" },
          make("label", {}, "CSV of time (ms) and voltage (mV): ", file),
          make("label", {}, "the current step begins at ", onset, " ms"),
          make("button", { type: "button", onclick: save }, "Save the black trace as CSV")),
        refusal,
        make("p", { class: "live-title" }, "Every pair of parameters"), pairs,
        make("details", {}, make("summary", {}, "The numbers"),
          make("table", { class: "live-numbers" }, make("thead", {}, make("tr", {},
            ...["parameter", "median", "90 % of the posterior", "truth"].map(
              head => make("th", { scope: "col" }, head)))), table)),
      ];
    }

    // what the reader does
    function choose(j, value) {
      if (state.source !== "neuron") sliders.forEach((s, i) => { state.theta[i] = s.number; });
      state.source = "neuron";
      state.theta[j] = value;
      change();
    }
    function show(theta) {
      Object.assign(state, { source: "neuron", theta: Float64Array.from(theta) });
      sliders.forEach((s, j) => s.show(theta[j]));
      change();
    }
    function another() {
      let theta, x;
      for (let tries = 0; tries < 60; tries++) { // most neurons of the prior do not fire
        theta = symbols.map((_, j) => low[j] + Math.random() * (high[j] - low[j]));
        x = statistics.seven(neuron.simulate(theta, { noise: noise(), current }).voltage);
        if (x[0] > 0 && x[0] < 16) break;
      }
      show(theta);
    }
    function rerun() {
      Object.assign(state, { seed: state.seed + 1, noise: null });
      show(state.theta);
    }
    function byHand(i, value) {
      state.x = Float64Array.from(state.x);
      state.x[i] = value;
      Object.assign(state, { source: "statistics", voltage: null });
      change();
    }
    async function take(file) {
      state.file = { name: file.name, text: null };
      try {
        state.file.trace = recording.read(await file.text());
        use();
      } catch (error) { refuse(error); }
    }
    function use() {
      if (!state.file?.trace) return;
      try {
        const part = recording.cut(state.file.trace, onset.valueAsNumber);
        const x = statistics.seven(part.voltage, { dt: part.dt, window: part.window });
        if (!x.every(Number.isFinite)) {
          throw new recording.Unfit("Its statistics are undefined. Expected a membrane voltage.");
        }
        refusal.textContent = "";
        Object.assign(state, { source: "recording", x, voltage: part.voltage, dt: part.dt });
        observed.forEach((s, i) => s.show(x[i]));
        change();
      } catch (error) { refuse(error); }
    }
    function refuse(error) {
      if (!(error instanceof recording.Unfit)) throw error;
      refusal.textContent = `${state.file.name} cannot be used. ${error.message}`;
    }
    function save() {
      const lines = ["time_ms,voltage_mV"];
      state.voltage?.forEach((v, i) => {
        if (i % 5 === 0) lines.push(`${(i * state.dt).toFixed(3)},${v.toFixed(3)}`);
      });
      const link = make("a", { download: "neuron.csv",
        href: URL.createObjectURL(new Blob([lines.join("\n")], { type: "text/csv" })) });
      link.click();
      URL.revokeObjectURL(link.href);
    }

    // one update
    function noise() {
      state.noise ??= mechfit.random.normals(state.seed, 0, current.length);
      return state.noise;
    }
    function infer(count) {
      const many = noises.subarray(0, count * posterior.noise);
      state.rows = posterior.at(state.x).push(many).theta;
    }
    function paint(all) {
      for (const view of [views.trace, views.parameters, views.statistics, views.pairs].flat()) {
        view?.draw(all);
      }
    }
    function update() {
      const begin = performance.now();
      if (state.source === "neuron") {
        state.voltage = neuron.simulate(state.theta, { noise: noise(), current }).voltage;
        state.dt = DT;
        state.x = statistics.seven(state.voltage);
        observed.forEach((s, i) => s.show(state.x[i]));
      }
      infer(state.count);
      predicted.of(state.rows, d);
      if (updates++ % 4 === 0) tell(); // it takes long
      paint(false);
      const share = Math.sqrt(BUDGET / (performance.now() - begin));
      state.count = Math.round(Math.min(MOST, Math.max(FEWEST, state.count * share)));
      root.dataset.updates = updates;
    }
    function settle() {
      infer(MOST);
      tell();
      paint(true);
      const truth = state.source === "neuron" ? state.theta : null;
      table.replaceChildren(...report.rows(state.rows, posterior, truth));
      aloud.textContent = `${says.textContent} ${report.spoken(state.rows, posterior)}`;
    }

    function tell() {
      const said = report.warning(test.test(state.x));
      says.replaceChildren(report.event(state), " ", make("strong", {}, said));
      says.classList.toggle("live-beware", said !== "");
    }

    // drawings
    function paintTrace(g, w, h, c) {
      const lines = predicted.found.traces.slice(0, TRACES).map(voltage => (
        { voltage, dt: predicted.found.dt, color: c.posterior, alpha: 0.55 }));
      if (state.voltage) {
        lines.push({ voltage: state.voltage, dt: state.dt, color: c.text, width: 1.5 });
      }
      draw.traces(g, w, h, c, { lines, until: DURATION, step: WINDOW });
      draw.scaleBar(g, w, h, c, { mv: 40, ms: 20, span: DURATION });
    }
    function paintParameter(j, g, w, h, c) {
      if (!state.rows) return;
      draw.marginal(g, w, h, c, {
        curve: draw.density(state.rows, d, j, low[j], high[j]), markColor: c.sample,
        mark: state.source === "neuron" ? (state.theta[j] - low[j]) / (high[j] - low[j]) : null,
      });
    }
    function paintStatistic(i, g, w, h, c) {
      if (!state.x) return;
      const to = ranges[i].log ? Math.log : v => v, { prior } = ranges[i];
      const [a, b] = [to(ranges[i].low), to(ranges[i].high)];
      const values = Float64Array.from(predicted.found.x, x => to(x[i]));
      draw.marginal(g, w, h, c, { curve: draw.density(values, 1, 0, a, b, prior.length),
        flat: prior, mark: (to(state.x[i]) - a) / (b - a), markColor: c.text });
    }
  }

  return { start };
});
