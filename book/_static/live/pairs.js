"use strict";
// All pairs of parameters: densities below the diagonal, correlations above it.
mechfit.define("pairs", [], () => {
  const BINS = 24, GAP = 2;
  const sheet = document.createElement("canvas");

  // Rows (n, d) on axes from low to high; the truth, where it is known, is a ring.
  function paint(g, w, h, c, { rows, low, high, labels, truth }) {
    const bins = BINS, gap = GAP, d = low.length, n = rows.length / d, side = w / d;
    const all = bins * d;
    sheet.width = sheet.height = all;
    const paper = sheet.getContext("2d"), image = paper.createImageData(all, all);
    const [red, green, blue] = rgb(c.posterior), at = new Int16Array(n * d);
    for (let i = 0; i < n * d; i++) {
      const bin = Math.floor((rows[i] - low[i % d]) / (high[i % d] - low[i % d]) * bins);
      at[i] = bin < 0 || bin >= bins ? -1 : bin;
    }
    const field = new Float64Array(bins * bins);
    for (let a = 1; a < d; a++) {
      for (let b = 0; b < a; b++) {
        field.fill(0);
        let peak = 0;
        for (let i = 0; i < n * d; i += d) {
          const u = at[i + b], v = at[i + a];
          if (u >= 0 && v >= 0) peak = Math.max(peak, ++field[v * bins + u]);
        }
        for (let v = 0; v < bins; v++) {
          for (let u = 0; u < bins; u++) {
            const place = 4 * ((a * bins + bins - 1 - v) * all + b * bins + u);
            image.data[place] = red;
            image.data[place + 1] = green;
            image.data[place + 2] = blue;
            image.data[place + 3] = peak ? 255 * Math.sqrt(field[v * bins + u] / peak) : 0;
          }
        }
      }
    }
    paper.putImageData(image, 0, 0);
    g.imageSmoothingEnabled = true;
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < d; b++) {
        const x = b * side + gap, y = a * side + gap, s = side - 2 * gap;
        if (b < a) g.drawImage(sheet, b * bins, a * bins, bins, bins, x, y, s, s);
        g.strokeStyle = c.frame;
        g.lineWidth = 1;
        if (b <= a) g.strokeRect(x, y, s, s);
        g.fillStyle = c.text;
        g.textAlign = "center";
        if (a === b) label(g, labels[a], x + s / 2, y + s / 2 + 4);
        if (b > a) {
          const r = correlation(rows, d, a, b);
          g.globalAlpha = 0.35 + 0.65 * Math.min(1, 2 * Math.abs(r));
          g.fillText(r.toFixed(2).replace("-", "−"), x + s / 2, y + s / 2 + 4);
          g.globalAlpha = 1;
        }
        if (b < a && truth) {
          g.strokeStyle = c.sample;
          g.lineWidth = 2;
          g.beginPath();
          g.arc(x + s * (truth[b] - low[b]) / (high[b] - low[b]),
            y + s - s * (truth[a] - low[a]) / (high[a] - low[a]), 3.5, 0, 7);
          g.stroke();
        }
      }
    }
    g.textAlign = "left";
  }

  // "g_Na" with its subscript, centered at x.
  function label(g, text, x, y) {
    const [name, sub = ""] = text.split("_"), font = g.font;
    const small = font.replace(/\d+px/, "9px");
    const wide = g.measureText(name).width;
    g.font = small;
    const more = g.measureText(sub).width;
    g.textAlign = "left";
    g.fillText(sub, x - (wide + more) / 2 + wide, y + 3);
    g.font = font;
    g.fillText(name, x - (wide + more) / 2, y);
    g.textAlign = "center";
  }

  function correlation(rows, d, a, b) {
    let n = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (let i = 0; i < rows.length; i += d) { n++; ma += rows[i + a]; mb += rows[i + b]; }
    ma /= n; mb /= n;
    for (let i = 0; i < rows.length; i += d) {
      const u = rows[i + a] - ma, v = rows[i + b] - mb;
      aa += u * u; bb += v * v; ab += u * v;
    }
    return aa && bb ? ab / Math.sqrt(aa * bb) : 0;
  }

  function rgb(color) {
    const hex = color.replace("#", "");
    return [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16));
  }

  return { paint };
});
