"use strict";
// A reader's own recording: two columns of text become a voltage trace, or one plain sentence.
mechfit.define("recording", [], () => {
  const EXPECTED = "Expected two columns of numbers: time in ms, voltage in mV.";
  const BEFORE = 10, DURING = 100, LARGEST = 2e8;
  const NUMBER = /^[+-]?(\d+(\.\d*|,\d+)?|[.,]\d+)(e[+-]?\d+)?$/i;

  class Unfit extends Error {}

  const say = (value, digits = 3) => String(+value.toPrecision(digits)).replace("-", "−");
  const shown = text => "“" + (text.length > 24 ? text.slice(0, 24) + "…" : text) + "”";
  const refuse = (found, expected = EXPECTED) => { throw new Unfit(found + " " + expected); };

  // What splits a line; beside any mark but a comma, decimals may have commas.
  function markOf(line) {
    const parts = line.trim().split(/\s+/);
    if (parts.length === 2 && parts.every(part => NUMBER.test(part))) return /\s+/;
    return [";", "\t", ","].find(mark => line.includes(mark)) ?? /\s+/;
  }

  // Two columns of a text, in the order in which they stand in it.
  function columns(text) {
    if (!text.trim()) refuse("The file is empty.");
    if (text.includes("\0")) refuse("This is no text file.");
    const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
    const first = lines.findIndex(line => /^[\s"+-]*[.,]?\d/.test(line));
    if (first < 0) refuse("No line of the file begins with a number.");
    if (lines.slice(0, first).filter(l => l.trim() && !/^\s*[#%]/.test(l)).length > 1) {
      refuse(`The first line with a number is line ${first + 1}.`,
        "Expected at most one line of names above two columns: time in ms, voltage in mV.");
    }
    const mark = markOf(lines[first]);
    const time = new Float64Array(lines.length - first), voltage = new Float64Array(time.length);
    let n = 0;
    for (let i = first; i < lines.length; i++) {
      if (!lines[i].trim()) continue;
      const cells = lines[i].trim().split(mark);
      if (cells.length !== 2) {
        refuse(cells.length < 2 ? `Line ${i + 1} has one column.`
          : `Line ${i + 1} has ${cells.length} columns.`);
      }
      for (let k = 0; k < 2; k++) {
        let cell = cells[k].trim().replace(/^"(.*)"$/, "$1");
        if (mark !== ",") cell = cell.replace(",", ".");
        const value = cell === "" ? NaN : Number(cell);
        if (!Number.isFinite(value)) {
          refuse(`Line ${i + 1}: the ${k ? "voltage" : "time"} is ` +
            (cell ? `${shown(cell)}, not a number.` : "missing."));
        }
        (k ? voltage : time)[n] = value;
      }
      n++;
    }
    return [time.slice(0, n), voltage.slice(0, n)];
  }

  // The first time that does not follow the one before it by the usual step, or -1; times that
  // were rounded when they were written may be off by half a step.
  function uneven(time) {
    const few = Math.min(200, time.length - 1), dt = (time[few] - time[0]) / few;
    if (!(dt > 0)) return 1;
    for (let i = 1; i < time.length; i++) {
      const step = time[i] - time[i - 1];
      if (step <= 0 || step > 1.6 * dt || step < 0.4 * dt) return i;
    }
    return -1;
  }

  // A text to {time: the first one (ms), dt (ms), voltage (mV)}; an Unfit says what is wrong.
  function read(text) {
    if (text.length > LARGEST) {
      refuse(`The file has ${Math.round(text.length / 1e6)} MB.`,
        "Expected at most 200 MB: cut out the current step and 10 ms before it.");
    }
    const [time, voltage] = columns(text), n = time.length;
    if (n < 100) refuse(`The file has ${n} line${n > 1 ? "s" : ""} of numbers.`,
      "Expected hundreds or more: a voltage (mV) every 0.2 ms or less, for 110 ms.");
    const odd = uneven(time);
    if (odd >= 0) {
      if (uneven(voltage) < 0) {
        refuse("The second column rises as a time does: the columns seem to be swapped.",
          "Expected time in ms first, then voltage in mV.");
      }
      refuse(`The times are not equally spaced: ${say(time[odd], 6)} ms follows ` +
        `${say(time[odd - 1], 6)} ms.`,
        "Expected a time that rises by the same step in every line.");
    }
    const dt = (time[n - 1] - time[0]) / (n - 1);
    let low = Infinity, high = -Infinity;
    for (const v of voltage) { low = Math.min(low, v); high = Math.max(high, v); }
    if (dt < 1e-3) refuse(`There is a sample every ${say(dt)} ms: is the time in seconds?`,
      "Expected time in ms.");
    if (dt > 0.2) refuse(`There is a sample every ${say(dt)} ms` +
      (dt > 4 ? ": is the time in µs?" : ", too few to see spikes."),
      "Expected one every 0.2 ms or less.");
    if (Math.max(-low, high) < 1) {
      refuse(`The voltages lie between ${say(low)} and ${say(high)}: are they in volts?`,
        "Expected mV.");
    }
    if (low < -250 || high > 200) {
      refuse(`The voltages lie between ${say(low)} and ${say(high)}.`,
        "Expected mV, between −250 and 200.");
    }
    return { time: time[0], dt, voltage };
  }

  // The part of a recording that the model knows: 10 ms of rest and 100 ms of a step.
  function cut(recording, onset) {
    const { time, dt, voltage } = recording, end = time + (voltage.length - 1) * dt;
    const slack = 0.5 * dt, from = onset - BEFORE, to = onset + DURING;
    if (!Number.isFinite(onset) || from < time - slack || to > end + slack) {
      const [a, b] = [time + BEFORE, end - DURING];
      refuse(`The recording runs from ${say(time, 6)} to ${say(end, 6)} ms.`,
        a <= b + slack ? `Expected 10 ms before the step and 100 ms of it: a step that begins ` +
          `between ${say(a, 6)} and ${say(b, 6)} ms.`
          : "Expected at least 110 ms: 10 ms before the current step and 100 ms of it.");
    }
    const first = Math.max(0, Math.round((from - time) / dt));
    const length = Math.round((BEFORE + DURING) / dt) + 1;
    const part = voltage.slice(first, Math.min(first + length + 1, voltage.length));
    if (part.every(v => v === part[0])) {
      refuse(`The voltage is exactly ${say(part[0])} mV throughout.`,
        "Expected a membrane voltage, with its noise.");
    }
    return { dt, voltage: part, window: [BEFORE, BEFORE + DURING] };
  }

  return { read, cut, Unfit };
});
