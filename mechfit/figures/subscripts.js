/* Set the subscripts of symbols in the words of charts, as in "ḡ_Na (mS/cm²)", lower and smaller.

   A symbol is one letter: names of several, as in "rest_mean", stay as they are. The low line
   stays in the text of a drawing, too small to be seen, so that words are read aloud, copied and
   found as they were written. The rule is that of labels.py. */
window.mechfitSubscripts = (function () {
  "use strict";
  var SYMBOL = /(^|[^\p{L}\p{M}\p{N}_])(\p{L}\p{M}*)_([\p{L}\p{N}]+(?:,[\p{L}\p{N}]+)*)(?![\p{L}\p{N}_])/gu;
  var DROP = 0.22, SMALL = 0.75;

  /* Every second piece is a subscript. */
  function split(words) {
    return words.replace(SYMBOL, "$1$2\u0000$3\u0000").split("\u0000");
  }

  /* Words as HTML. */
  function html(words) {
    return split(String(words)).map(function (piece, i) {
      piece = piece.replace(/&/g, "&amp;").replace(/</g, "&lt;");
      return i % 2 ? "<sub>" + piece + "</sub>" : piece;
    }).join("");
  }

  function add(line, words, look) {
    var span = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
    Object.keys(look).forEach(function (key) { span.setAttribute(key, look[key]); });
    span.textContent = words;
    span.__data__ = line.__data__; // by which Vega knows what the pointer is on
    line.appendChild(span);
  }

  /* Set the subscripts of an SVG text, which has one line or, as elements, several. */
  function lower(text) {
    if (text.querySelector(".sub")) return;
    var lines = text.firstElementChild ? text.children : [text];
    var size = parseFloat(text.getAttribute("font-size")), below = 0;
    [].forEach.call(lines, function (line) {
      if (below) line.setAttribute("dy", line.getAttribute("dy") - below);
      below = 0;
      var pieces = split(line.textContent);
      if (pieces.length < 2) return;
      line.textContent = pieces[0];
      for (var i = 1; i < pieces.length; i += 2) {
        add(line, "_", {"font-size": 1, fill: "none"});
        add(line, pieces[i], {class: "sub", "font-size": SMALL + "em", dy: DROP / SMALL + "em"});
        if (pieces[i + 1]) add(line, pieces[i + 1], {dy: -DROP + "em"});
        else below = DROP * size;
      }
    });
  }

  /* Do so in all drawings of a box, now and whenever their words change. */
  function watch(box) {
    var observer = new MutationObserver(function (changes) {
      var texts = new Set();
      changes.forEach(function (change) {
        var drawn = change.target.closest("text");
        if (drawn) texts.add(drawn);
        else change.addedNodes.forEach(function (node) {
          if (node.nodeType !== 1) return;
          if (node.matches("text")) texts.add(node);
          node.querySelectorAll("text").forEach(function (text) { texts.add(text); });
        });
      });
      texts.forEach(lower);
      observer.takeRecords(); // of what was just set
    });
    observer.observe(box, {childList: true, subtree: true});
  }

  return {html: html, watch: watch};
})();
