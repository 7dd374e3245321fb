"use strict";
// Break the circuit: 31 sliders on a running pyloric circuit, and a posterior that mends it.
mechfit.define("circuit", ["posterior", "rhythm", "oscilloscope", "controls"], mechfit => {
  const { make, number, slider, pace } = mechfit.controls;
  const { rhythm } = mechfit, CELLS = ["AB/PD", "LP", "PY"], EIGHT = 8, SWEEPS = 2;
  const CURRENTS = { Na: "sodium", CaT: "transient calcium", CaS: "slow calcium",
    A: "transient potassium", KCa: "calcium-dependent potassium", Kd: "delayed potassium",
    H: "hyperpolarization-activated", leak: "leak" };

  function start(root, { theta: first, x }) {
    const posterior = mechfit.posterior.decode(mechfit.data["pyloric-page"]);
    const answer = posterior.at(Float64Array.from(x, v => v ?? NaN));
    const { d, low, high, names } = posterior;
    let theta = Float64Array.from(first), held = -1, seed = 1, running = false;

    const screen = make("div", { class: "live-trace live-screen" });
    const says = make("span", { role: "status" }, "Wait a few seconds for a verdict.");
    const speedNow = make("span", { class: "live-rate" });
    const follow = make("input", { type: "checkbox" });
    const pause = make("button", { type: "button", onclick: () => run(!running) }, "Run");
    const speed = make("select", { "aria-label": "Speed",
      onchange: () => scope.speed(+speed.value) },
      ...[[0.25, "a quarter of real time"], [1, "real time"], [4, "4 × real time"]].map(
        ([value, text]) => make("option", { value, selected: value === 1 }, text)));
    const sliders = names.map((name, j) => {
      const [what, cell] = name.split("_"), synapse = cell === undefined;
      return slider({
        head: synapse ? name.replace("-", " → ") : what, low: low[j], high: high[j],
        of: "mS/cm²", oninput: value => move(j, value),
        name: synapse ? `synapse from ${name.replace("-", " to ")} (nS)`
          : `${cell}, ${CURRENTS[what]} conductance (mS/cm²)`,
        words: synapse ? v => `${number(1e6 * Math.exp(v), 2)} nS` : undefined,
      });
    });
    const groups = [...CELLS, "synapses"].map((title, k) => make("details", { open: true },
      make("summary", {}, title), make("div", { class: "live-rows", role: "group",
        "aria-label": title }, ...sliders.slice(EIGHT * k, EIGHT * (k + 1)).map(s => s.element))));
    root.append(screen, make("p", { class: "live-says" }, says, " ", speedNow),
      make("div", { class: "live-buttons" }, pause, speed,
        make("button", { type: "button", onclick: another }, "Another circuit, same rhythm"),
        make("button", { type: "button", onclick: () => show(first) }, "Back to the start"),
        make("label", {}, follow, " keep the rhythm while I move one: the others follow")),
      make("div", { class: "live-groups" }, ...groups));
    const scope = mechfit.oscilloscope.start(screen, CELLS, judged);
    const change = pace(() => scope.set(theta), settle);
    show(first);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      new IntersectionObserver(seen => run(seen.at(-1).isIntersecting)).observe(screen);
    }
    if (innerWidth < 640) groups.slice(1).forEach(group => { group.open = false; });

    function run(on) {
      running = on;
      scope.run(on);
      pause.textContent = on ? "Pause" : "Run";
    }
    function show(circuit) {
      theta = Float64Array.from(circuit);
      sliders.forEach((s, j) => s.show(theta[j]));
      change();
    }
    function another() {
      held = -1;
      for (let tries = 0; tries < 50; tries++) {
        const { theta: drawn, inside } = answer.sample(1, ++seed);
        if (inside[0]) return show(drawn);
      }
    }
    function move(j, value) {
      theta[j] = value;
      held = j;
      change();
    }
    function settle() { // the others are drawn from the posterior given the one that was moved
      if (!follow.checked || held < 0) return;
      const free = names.map((_, j) => j).filter(j => j !== held);
      show(answer.conditional(theta, free, { sweeps: SWEEPS, seed: ++seed }));
      held = -1;
    }
    function judged({ lost, x, rate }) {
      const period = x[rhythm.names.indexOf("cycle_period")];
      const told = lost ? `The rhythm is lost: ${lost}.` : "The circuit has the rhythm: AB/PD, " +
        `LP, PY in turn, every ${number(period / 1000, 2)} s.`;
      if (says.textContent !== told) says.textContent = told; // said once to those who listen
      says.className = lost ? "live-lost" : "live-kept";
      speedNow.textContent = `Computed ${number(rate, 2)} times as fast as time.`;
      root.dataset.verdicts = 1 + +(root.dataset.verdicts ?? 0);
    }
  }

  return { start };
});
