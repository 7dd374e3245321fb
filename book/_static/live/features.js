"use strict";
// Choose the features: one network for every subset of statistics, asked in the page.
mechfit.define("features", [
  "posterior", "hodgkinHuxley", "statistics", "draw", "controls",
], mechfit => {
  const { make, number, quantity, unit, symbol, quantiles, panel, pace } = mechfit.controls;
  const { draw, hodgkinHuxley: neuron, statistics } = mechfit;
  const DRAWS = 2000, WINDOW = [10, 110], DURATION = 120, FIRST = ["spike_count"];

  function start(root) {
    const posterior = mechfit.posterior.decode(mechfit.data["hodgkin-huxley-page"]);
    const { d, low, high, symbols, units, statistics: names } = posterior;
    const words = names.map(name => name.replace("_", " "));
    const noises = mechfit.random.normals(1, 0, DRAWS * posterior.noise);
    const state = { theta: neuron.truth, voltage: null, x: null, rows: null, width: null,
      before: null, curves: null };
    const ask = pace(update, () => { aloud.textContent = spoken(); });

    const trace = make("div", { class: "live-trace live-low" });
    const drawTrace = draw.canvas(trace, "Voltage of the neuron", (g, w, h, c) => {
      if (!state.voltage) return;
      draw.traces(g, w, h, c, { until: DURATION, step: WINDOW,
        lines: [{ voltage: state.voltage, dt: 0.01, color: c.text, width: 1.5 }] });
      draw.scaleBar(g, w, h, c, { mv: 40, ms: 20, span: DURATION });
    });
    const boxes = names.map(name => make("input", { type: "checkbox", onchange: ask,
      checked: FIRST.includes(name) }));
    const values = words.map(() => make("span", { class: "live-value" }));
    const choice = make("fieldset", { class: "live-choice" },
      make("legend", {}, "What was measured"),
      ...boxes.map((box, i) => make("label", {}, box, " ", words[i], " ", values[i])));
    const sets = [["none", 0], ["1 feature", 1], ["4 features", 4], ["all 7", 7]];
    const panels = symbols.map(text => panel(symbol(text)));
    const views = panels.map((p, j) => draw.canvas(p.plot, `Posterior density of ${symbols[j]}`,
      (g, w, h, c) => paint(j, g, w, h, c)));
    const says = make("p", { class: "live-says" });
    const aloud = make("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    root.append(trace, choice,
      make("div", { class: "live-buttons" }, ...sets.map(([name, many]) =>
        make("button", { type: "button", onclick: () => set(many) }, name)),
      make("button", { type: "button", onclick: another }, "Another neuron")),
      says, make("div", { class: "live-grid live-plain", role: "group",
        "aria-label": "Posterior densities of the parameters, and their widths" },
        ...panels.map(p => p.element)), aloud);
    measure(neuron.truth);

    function set(many) {
      boxes.forEach((box, i) => { box.checked = i < many; });
      ask();
    }
    function measure(theta) {
      state.theta = theta;
      state.voltage = neuron.simulate(theta, { seed: 1 }).voltage;
      state.x = statistics.seven(state.voltage);
      values.forEach((v, i) => {
        v.textContent = quantity(state.x[i], statistics.units[i]);
      });
      state.curves = state.width = null;
      drawTrace.draw();
      ask();
    }
    function another() {
      for (let tries = 0; tries < 60; tries++) { // most neurons of the prior do not fire
        measure(symbols.map((_, j) => low[j] + Math.random() * (high[j] - low[j])));
        if (state.x[0] > 0 && state.x[0] < 16) break;
      }
    }
    function update() {
      const known = Float64Array.from(state.x, (v, i) => boxes[i].checked ? v : NaN);
      state.rows = posterior.at(known).push(noises).theta;
      [state.before, state.curves] = [state.curves, symbols.map((_, j) =>
        draw.density(state.rows, d, j, low[j], high[j]))];
      const widths = symbols.map((_, j) => deviation(j) / ((high[j] - low[j]) / Math.sqrt(12)));
      const earlier = state.width;
      state.width = widths;
      panels.forEach((p, j) => {
        const was = earlier ? ` (was ${percent(earlier[j])})` : "";
        p.value.textContent = percent(widths[j]) + was;
      });
      says.replaceChildren(...told());
      for (const view of views) view.draw();
      root.dataset.updates = 1 + +(root.dataset.updates ?? 0);
    }
    function deviation(j) {
      let sum = 0, square = 0;
      for (let i = j; i < state.rows.length; i += d) sum += state.rows[i];
      const mean = sum / DRAWS;
      for (let i = j; i < state.rows.length; i += d) square += (state.rows[i] - mean) ** 2;
      return Math.sqrt(square / DRAWS);
    }
    function percent(share) { return `${Math.round(100 * share)} %`; }
    function told() {
      const ticked = words.filter((_, i) => boxes[i].checked);
      if (!ticked.length) return ["Nothing is known: the posterior should be the prior."];
      const least = state.width.indexOf(Math.min(...state.width));
      return [`Given ${ticked.join(", ")}: `, symbol(symbols[least]), " is known best, to " +
        `${percent(state.width[least])} of the prior's width.`];
    }
    function spoken() {
      const all = symbols.map((text, j) => {
        const [a, b, c] = quantiles(state.rows, d, j, [0.05, 0.5, 0.95]);
        return `${text} ${percent(state.width[j])}, median ${number(b)}, ` +
          `${number(a)} to ${number(c)} ${unit(units[j])}`;
      });
      return `${says.textContent} Widths relative to the prior, medians and 90 % intervals: ` +
        `${all.join("; ")}.`;
    }
    function paint(j, g, w, h, c) {
      if (!state.curves) return;
      draw.marginal(g, w, h, c, { curve: state.curves[j], before: state.before?.[j],
        mark: (state.theta[j] - low[j]) / (high[j] - low[j]), markColor: c.sample });
    }
  }

  return { start };
});
