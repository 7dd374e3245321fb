"use strict";
// What the observed neuron did, and what a posterior says of it, in words and numbers.
mechfit.define("report", ["controls"], mechfit => {
  const { make, number, quantity, symbol, quantiles } = mechfit.controls;
  const UNLIKELY = 0.01;

  function event({ source, x, dt, file }) {
    const count = Math.round(x[0]), spikes = `${count} spike${count === 1 ? "" : "s"}`;
    if (source === "neuron") return `This neuron fires ${spikes}.`;
    if (source === "statistics") return `A neuron with ${spikes}, made up by hand.`;
    return `${file.name}: ${count ? spikes : "no spikes"}, a sample every ${number(dt)} ms.`;
  }

  // "" where the network has seen neurons like this one.
  function warning({ pValue, worst }) {
    return pValue < UNLIKELY ? `Beware: the network has seen no neuron like this ` +
      `(p = ${number(pValue, 2)}; worst is the ${worst.replace("_", " ")}). ` +
      `Its answer means little.` : "";
  }

  // Of each parameter [median with its unit, without, 90 % interval] of draws (n, d).
  function intervals(draws, { d, units }) {
    return units.map((unit, j) => {
      const [a, b, c] = quantiles(draws, d, j, [0.05, 0.5, 0.95]);
      return [quantity(b, unit), number(b), `${number(a)} to ${quantity(c, unit)}`];
    });
  }

  // Rows of a table of parameters; `truth` is null where nobody knows it.
  function rows(draws, posterior, truth) {
    const { symbols, units } = posterior;
    return intervals(draws, posterior).map(([median, , interval], j) => (
      make("tr", {}, make("th", { scope: "row" }, symbol(symbols[j])),
        ...[median, interval, truth ? quantity(truth[j], units[j]) : "unknown"].map(
          cell => make("td", {}, cell)))));
  }

  function spoken(draws, posterior) {
    const all = intervals(draws, posterior).map(([, median, interval], j) => (
      `${posterior.symbols[j]} ${median}, ${interval}`));
    return `Posterior, median and 90 % interval: ${all.join("; ")}.`;
  }

  return { event, warning, rows, spoken };
});
