"use strict";
// Drawing on canvas in the colors of the page: traces, densities of one and of two parameters.
mechfit.define("draw", [], () => {
  const NAMES = {
    text: "--pst-color-text-base", muted: "--pst-color-text-muted", frame: "--pst-color-border",
    prior: "--mechfit-prior", posterior: "--mechfit-posterior", sample: "--mechfit-sample",
    works: "--mechfit-works", broken: "--mechfit-broken",
  };
  const EDGE = 8; // px beside a panel's axis: half the width of a slider's thumb
  const views = new Set();
  let palette = null;

  function colors() {
    if (!palette) {
      const style = getComputedStyle(document.documentElement);
      palette = {};
      for (const [name, key] of Object.entries(NAMES)) {
        palette[name] = style.getPropertyValue(key).trim();
      }
      palette.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    }
    return palette;
  }

  // A canvas that follows its place and the scheme; `paint(context, width, height, colors)`.
  function canvas(place, label, paint) {
    const element = document.createElement("canvas");
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    place.append(element);
    const context = element.getContext("2d");
    let [w, h] = [0, 0]; // kept, because asking for them makes the browser lay out the page
    let seen = true;
    const view = {
      // One that is scrolled out of sight may wait until all is drawn.
      draw(all = true) {
        if (!w || !h || !(seen || all)) return;
        context.clearRect(0, 0, w, h);
        context.font = colors().font;
        paint(context, w, h, colors());
      },
    };
    new ResizeObserver(([{ contentRect }]) => {
      const ratio = devicePixelRatio || 1;
      [w, h] = [contentRect.width, contentRect.height];
      element.width = Math.round(w * ratio);
      element.height = Math.round(h * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      view.draw();
    }).observe(element);
    new IntersectionObserver(changes => {
      seen = changes.at(-1).isIntersecting;
    }).observe(element);
    views.add(view);
    return view;
  }

  function repaint() {
    palette = null;
    for (const view of views) view.draw();
  }
  const scheme = { attributeFilter: ["data-theme"] };
  new MutationObserver(repaint).observe(document.documentElement, scheme);

  // Density of column j of rows (n, d), smoothed, in units of the uniform density on low to high.
  function density(rows, d, j, low, high, bins = 48) {
    const raw = new Float64Array(bins), n = rows.length / d, scale = bins / (high - low);
    for (let i = j; i < rows.length; i += d) {
      const bin = Math.floor((rows[i] - low) * scale);
      if (bin >= 0 && bin < bins) raw[bin]++;
    }
    let from = raw.map(v => v * bins / Math.max(n, 1)), to = new Float64Array(bins);
    for (let pass = 0; pass < (n < 500 ? 6 : 2); pass++) {
      for (let b = 0; b < bins; b++) {
        to[b] = (from[Math.max(b - 1, 0)] + 2 * from[b] + from[Math.min(b + 1, bins - 1)]) / 4;
      }
      [from, to] = [to, from];
    }
    return from;
  }

  // Densities over an axis as wide as the slider below it, with a line where the truth is.
  // `flat` is the density of the prior where it is not flat, `before` an earlier one.
  function marginal(g, w, h, c, { curve, flat, before, mark, markColor }) {
    const wide = w - 2 * EDGE, base = h - 1, bins = curve.length;
    const top = 1.05 * Math.max(1, ...curve, ...flat ?? [], ...before ?? []);
    const y = v => base - (base - 3) * v / top;
    const line = values => {
      g.beginPath();
      g.moveTo(EDGE, y(values[0]));
      for (let b = 0; b < bins; b++) g.lineTo(EDGE + (b + 0.5) * wide / bins, y(values[b]));
      g.lineTo(EDGE + wide, y(values[bins - 1]));
    };
    g.lineWidth = 1.5;
    g.strokeStyle = c.prior;
    g.setLineDash([2, 3]);
    line(flat ?? curve.map(() => 1));
    g.stroke();
    if (before) {
      g.setLineDash([5, 3]);
      g.strokeStyle = c.posterior;
      line(before);
      g.stroke();
    }
    g.setLineDash([]);
    line(curve);
    g.strokeStyle = g.fillStyle = c.posterior;
    g.stroke();
    g.lineTo(EDGE + wide, base);
    g.lineTo(EDGE, base);
    g.globalAlpha = 0.25;
    g.fill();
    g.globalAlpha = 1;
    g.strokeStyle = c.frame;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(EDGE, base + 0.5);
    g.lineTo(EDGE + wide, base + 0.5);
    g.stroke();
    if (mark !== null && mark >= -0.02 && mark <= 1.02) {
      g.strokeStyle = markColor;
      g.lineWidth = 2;
      g.beginPath();
      g.moveTo(EDGE + mark * wide, 0);
      g.lineTo(EDGE + mark * wide, h);
      g.stroke();
    }
  }

  // Voltage traces {voltage, dt, color, width, alpha} over time (ms), with a scale bar.
  function traces(g, w, h, c, { lines, from = 0, until, low = -95, high = 60, step }) {
    const left = 2, right = w - 2, top = 2, base = h - 20;
    const x = t => left + (t - from) / (until - from) * (right - left);
    const y = v => base - (Math.min(Math.max(v, low), high) - low) / (high - low) * (base - top);
    for (const { voltage, dt, color, width = 1.2, alpha = 1, start = 0 } of lines) {
      // of the samples that share half a pixel the highest is drawn: spikes are short
      const every = Math.max(1, Math.floor((until - from) / dt / (2 * (right - left))));
      g.strokeStyle = color;
      g.lineWidth = width;
      g.globalAlpha = alpha;
      g.lineJoin = "round";
      g.beginPath();
      for (let i = 0; i < voltage.length; i += every) {
        let v = voltage[i];
        const next = Math.min(i + every, voltage.length);
        for (let k = i + 1; k < next; k++) v = Math.max(v, voltage[k]);
        g.lineTo(x(start + i * dt), y(v));
      }
      g.stroke();
    }
    g.globalAlpha = 1;
    g.strokeStyle = g.fillStyle = c.muted;
    g.lineWidth = 2;
    if (step) {
      g.beginPath();
      g.moveTo(x(step[0]), h - 12);
      g.lineTo(x(step[1]), h - 12);
      g.stroke();
      g.fillText("current step", x(step[0]), h - 1);
    }
  }

  // A bar of `mv` mV and `ms` ms at the top right.
  function scaleBar(g, w, h, c, { mv, ms, span, low = -95, high = 60 }) {
    const tall = mv / (high - low) * (h - 22), wide = ms / span * (w - 4), x = w - 6, y = 8;
    g.strokeStyle = g.fillStyle = c.muted;
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x, y + tall);
    g.lineTo(x - wide, y + tall);
    g.stroke();
    g.textAlign = "right";
    g.fillText(`${mv} mV`, x - 5, y + tall / 2 + 3);
    g.fillText(ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`, x, y + tall + 13);
    g.textAlign = "left";
  }

  return { canvas, colors, density, marginal, traces, scaleBar };
});
