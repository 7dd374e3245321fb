/* Draw a Vega-Lite chart that follows the width of its page.

   mechfitDraw(id, spec, options) compiles the chart as it stands. Vega keeps the width of each view
   in a signal "..._width" or "..._childWidth"; here each becomes a share of what is left of the
   signal `page` (the container's width in px) beside axes and words. That room is measured after
   drawing. On a page below NARROW px the views of a row (`a | b`) stand below one another; a grid
   (`alt.concat(..., columns=n)`) stays a grid. A view drawn as high as it is wide stays square.
   Titles wrap. Charts that are used elsewhere keep the sizes that they were given. A chart that
   cannot be drawn says so in its place. */
(function () {
  "use strict";
  var NARROW = 500, WIDEST = 800, PADDING = 4;

  function isView(mark) {
    return mark.type === "group" && !mark.layout && /_group$/.test(mark.name || "");
  }

  function children(group) {
    return group.marks.filter(function (mark) { return isView(mark) || (mark.type === "group" && mark.layout); });
  }

  function columnsOf(group) {
    var columns = group.layout.columns;
    return columns === undefined ? children(group).length : columns;
  }

  function sizes(vega) {
    var found = {};
    (vega.signals || []).forEach(function (signal) { found[signal.name] = signal.value; });
    return {width: vega.width, height: vega.height, ...found};
  }

  /* Give every view below a node its shares of a wide and of a narrow page. */
  function share(node, wide, narrow, known, use) {
    if (isView(node)) {
      var update = node.encode.update;
      return use(update.width.signal, update.height.signal, wide, narrow);
    }
    var kids = children(node), columns = columnsOf(node), row = node.layout.columns === undefined;
    var nominal = kids.map(function (kid) { return width(kid, known); });
    var all = row ? sum(nominal) : columns * Math.max.apply(null, nominal);
    kids.forEach(function (kid, i) {
      var part = nominal[i] / all;
      if (columns === 1) part = 1;
      share(kid, wide * part, row ? narrow : narrow * part, known, use);
    });
    if (row) node.layout.columns = {signal: "page < " + NARROW + " ? 1 : " + kids.length};
  }

  function width(node, known) {
    if (isView(node)) return known[node.encode.update.width.signal];
    var all = children(node).map(function (kid) { return width(kid, known); });
    return node.layout.columns === undefined ? sum(all) : columnsOf(node) * Math.max.apply(null, all);
  }

  /* On a narrow page the entries of a key above a view stand below one another. */
  function stackKeys(group) {
    (group.legends || []).forEach(function (legend) {
      if ((legend.orient || "top") === "top") legend.columns = {signal: "page < " + NARROW + " ? 1 : 0"};
    });
    (group.marks || []).forEach(stackKeys);
  }

  /* Charts have one description; the rectangle that a reader draws is none of it. */
  function silenceBrushes(group) {
    (group.marks || []).forEach(function (mark) {
      if (/brush(_bg)?$/.test(mark.name || "")) mark.aria = false;
      silenceBrushes(mark);
    });
  }

  function sum(numbers) { return numbers.reduce(function (a, b) { return a + b; }, 0); }

  /* Rewrite a compiled chart; return the names of the parts that stand below one another, and the
     words of its title. A facet, whose number of columns its data decide, keeps its size. */
  function follow(vega) {
    var known = sizes(vega), shares = {}, parts = [null], title = {};
    if (known.child_width !== undefined) return {parts: [], title: title};
    function use(part) {
      return function (name, height, wide, narrow) {
        var given = shares[name] || (shares[name] = {wide: wide, narrow: narrow, parts: []});
        if (given.parts.indexOf(part) < 0) given.parts.push(part);
        if (height && known[height] === known[name]) shares[height] = {same: name};
      };
    }
    if (!vega.layout) {
      use(0)("width", "height", 1, 1);
    } else if (vega.layout.columns === 1) {
      parts = children(vega).map(function (kid, i) { share(kid, 1, 1, known, use(i)); return kid.name; });
    } else {
      share(vega, 1, 1, known, use(0));
    }
    stackKeys(vega);
    silenceBrushes(vega);
    var signals = [{name: "page", value: 640}];
    parts.forEach(function (_, i) { signals.push({name: "space_" + i, value: 60}); });
    Object.keys(shares).forEach(function (name) {
      var it = shares[name], room, update = it.same;
      if (!update) {
        room = it.parts.map(function (i) { return "space_" + i; }).join(", ");
        update = "max(20, (page - max(" + room + ")) * (page < " + NARROW + " ? " + it.narrow + " : " + it.wide + "))";
      }
      signals.push({name: name, update: update});
      if (name === "width" || name === "height") delete vega[name];
    });
    if (vega.title && typeof vega.title === "object") {
      ["text", "subtitle"].forEach(function (key) {
        var words = vega.title[key];
        if (typeof words !== "string" && !Array.isArray(words)) return;
        title[key] = Array.isArray(words) ? words.join(" ") : words;
        signals.push({name: "title_" + key, value: words});
        vega.title[key] = {signal: "title_" + key};
      });
    }
    var ours = signals.map(function (signal) { return signal.name; });
    vega.signals = signals.concat((vega.signals || []).filter(function (signal) { return ours.indexOf(signal.name) < 0; }));
    vega.autosize = {type: "pad", resize: true};
    return {parts: parts, title: title};
  }

  var pen = document.createElement("canvas").getContext("2d");

  /* Break words into lines that fit a width in px, written in a CSS font. */
  function wrapped(words, width, font) {
    var lines = [""];
    pen.font = font;
    words.split(/\s+/).forEach(function (word) {
      var last = lines[lines.length - 1], longer = last ? last + " " + word : word;
      if (last && pen.measureText(longer).width > width) lines.push(word);
      else lines[lines.length - 1] = longer;
    });
    return lines;
  }

  /* Measure the room that each part needs beside its views: what it spans, minus what they were
     given. Where narrower views did not make a part narrower, its words decide, and it goes back. */
  function measure(view, parts, page, tried) {
    var main = view.scenegraph().root.items[0], left = 0, changed = false;
    var bounds = parts.map(function (name) {
      if (name === null) return main.bounds;
      var mark = main.items.filter(function (it) { return it.name === name; })[0];
      return mark && mark.items.length ? mark.items[0].bounds : null;
    });
    bounds.forEach(function (b) { if (b) left = Math.min(left, b.x1); });
    bounds.forEach(function (b, i) {
      var last = tried[i] || {};
      if (!b || last.settled) return;
      var space = view.signal("space_" + i), span = Math.ceil(b.x2 - left);
      var next = Math.max(0, space + span - page);
      tried[i] = {space: space, span: span};
      if (last.space < space && last.span - span < (space - last.space) / 2) {
        next = last.space;
        tried[i].settled = true;
      }
      if (Math.abs(next - space) > 0.5) { view.signal("space_" + i, next); changed = true; }
    });
    return changed;
  }

  /* Vega's class of a drawing, which the bundle of scripts does not name. */
  var quiet = {mode: "vega", actions: false, defaultStyle: false};
  var drawing = window.vegaEmbed(document.createElement("div"), {}, quiet)
    .then(function (result) { return result.view.constructor; });

  /* Say in place of a chart that it could not be drawn, to its reader and to the console. */
  function say(box, error) {
    if (box.getAttribute("role") === "alert") return;
    box.textContent = "This chart could not be drawn: " + (error && error.message || error);
    box.setAttribute("role", "alert");
    console.error(error);
  }

  /* Draw a chart into its box; the promise is kept when it stands there. */
  function draw(box, spec, options) {
    var parts, title;
    function lost(error) { say(box, error); }
    if (options.look) spec = {...spec, config: {...mechfitLook.config, ...spec.config}};
    options = {defaultStyle: mechfitLook.style, ...options, tooltip: {sanitize: mechfitSubscripts.html}};
    options.patch = function (vega) { ({parts, title} = follow(vega)); return vega; };
    mechfitSubscripts.watch(box);
    return drawing.then(function (Drawing) {
      /* Vega tells what fails while it draws to its log alone. */
      class View extends Drawing { error(error) { setTimeout(lost, 0, error); return this; } }
      return window.vegaEmbed(box, spec, {...options, viewClass: View});
    }).then(function (result) {
      var view = result.view, drawn = 0, busy = Promise.resolve();
      box.querySelectorAll(".vega-bind-name").forEach(function (name) {
        name.innerHTML = mechfitSubscripts.html(name.textContent);
      });
      if (!parts.length) return;
      var config = spec.config || {}, look = config.title || {}, family = config.font || "sans-serif";
      var fonts = {
        text: (look.fontWeight || "bold") + " " + (look.fontSize || 13) + "px " + family,
        subtitle: (look.subtitleFontSize || 12) + "px " + family
      };
      async function fit() {
        var page = Math.min(WIDEST, box.clientWidth) - PADDING;
        if (page < 60 || Math.abs(page - drawn) < 1) return;
        drawn = page;
        view.signal("page", page);
        Object.keys(title).forEach(function (key) {
          view.signal("title_" + key, wrapped(title[key], page, fonts[key]));
        });
        await view.runAsync();
        var tried = [];
        for (var round = 0; round < 5 && measure(view, parts, page, tried); round++) await view.runAsync();
      }
      function later() { busy = busy.then(fit).catch(lost); }
      new ResizeObserver(later).observe(box);
      later();
      return busy;
    }).catch(lost);
  }

  /* Charts are drawn one after the other, first what is on sight, then what is nearest to it. */
  var waiting = [], going = false;

  function away(chart) {
    var box = chart.box.getBoundingClientRect();
    if (!chart.box.offsetParent) return Infinity;
    return Math.max(box.top - window.innerHeight, -box.bottom, 0);
  }

  function next() {
    var far = waiting.map(away), nearest = far.indexOf(Math.min.apply(null, far));
    var chart = waiting.splice(nearest, 1)[0];
    going = !!chart;
    if (going) draw(chart.box, chart.spec, chart.options).then(function () { setTimeout(next); });
  }

  window.mechfitDraw = function (id, spec, options) {
    var box = document.getElementById(id);
    if (!box) return;
    waiting.push({box: box, spec: spec, options: options});
    if (!going) setTimeout(next);
    going = true;
  };

  /* Charts that came before this script. */
  (window.mechfitWaiting || []).splice(0).forEach(function (chart) { window.mechfitDraw.apply(null, chart); });
})();
