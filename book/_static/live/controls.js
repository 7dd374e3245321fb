"use strict";
// Words, sliders and buttons of the live pictures; labels have subscripts and units.
mechfit.define("controls", [], () => {
  // An element with attributes (on… are listeners) and children.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  // A number as a reader needs it, with a true minus sign.
  function number(value, digits = 3) {
    if (!Number.isFinite(value)) return "undefined";
    const size = Math.abs(value);
    const text = size && (size < 1e-4 || size >= 1e6) ? value.toExponential(digits - 1)
      : size >= 10 ** (digits - 1) ? value.toFixed(0) : String(+value.toPrecision(digits));
    return text.replace("-", "−");
  }

  const unit = text => text.replace(/(\w+)\^½/, "√$1").replace(/ *√/, "√");
  const quantity = (value, of) => `${number(value)} ${unit(of)}`.trim();

  // "g_Na" as an element with a subscript.
  function symbol(text) {
    const [name, below] = text.split("_");
    const element = make("span", { class: "live-symbol" }, name);
    if (below) element.append(make("sub", {}, below));
    return element;
  }

  // Quantiles of column j of rows (n, d).
  function quantiles(rows, d, j, shares) {
    const column = new Float64Array(rows.length / d);
    for (let i = 0; i < column.length; i++) column[i] = rows[i * d + j];
    column.sort();
    return shares.map(share => {
      const at = share * (column.length - 1), i = Math.floor(at), rest = at - i;
      return rest ? column[i] * (1 - rest) + column[i + 1] * rest : column[i];
    });
  }

  // A place for a drawing below its name and a value.
  function panel(head) {
    const value = make("span", { class: "live-value" });
    const plot = make("div", { class: "live-plot" });
    const element = make("div", { class: "live-panel" },
      make("div", { class: "live-head" }, head, value), plot);
    return { element, plot, value };
  }

  // A slider below a panel. `name` is spoken; on a `log` axis equal ways are equal factors;
  // `words` tells a value otherwise than as a number of the unit `of`.
  function slider({ head, name, low, high, of = "", whole, log, words, oninput }) {
    const [to, from] = log ? [Math.log, Math.exp] : [v => v, v => v];
    const input = make("input", { type: "range", "aria-label": name, min: to(low), max: to(high),
      step: whole ? 1 : (to(high) - to(low)) / 400 });
    const shown = { ...panel(head), input,
      get number() { return from(+input.value); },
      show(v) {
        input.value = to(v);
        tell(v);
      },
    };
    function tell(v) {
      shown.value.textContent = words ? words(v) : quantity(v, of);
      input.setAttribute("aria-valuetext", shown.value.textContent);
    }
    input.addEventListener("input", () => {
      tell(shown.number);
      oninput(shown.number);
    });
    shown.element.append(input);
    return shown;
  }

  // Runs `update` once a frame at most, and `settle` when nothing has changed for a while.
  function pace(update, settle, wait = 350) {
    let waiting = false, timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(settle, wait);
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        update();
      });
    };
  }

  return { make, number, unit, quantity, symbol, quantiles, panel, slider, pace };
});
