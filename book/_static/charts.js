/* A chart that is wider than its column shrinks to three quarters at most, so that its text stays
   readable, and from there on scrolls in a box of its own that the keyboard can reach. */
(function () {
  "use strict";
  var SMALLEST = 0.75;

  function boxOf(drawing) {
    var chart = drawing.closest("[role='graphics-document']") || drawing.parentElement;
    var box = chart.parentElement;
    if (!box.classList.contains("chart-box")) {
      box = document.createElement("div");
      box.className = "chart-box";
      chart.parentElement.insertBefore(box, chart);
      box.appendChild(chart);
    }
    return box;
  }

  function fit(drawing) {
    var box = boxOf(drawing);
    var chart = box.firstElementChild;
    drawing.style.minWidth = Math.round(SMALLEST * drawing.getAttribute("width")) + "px";
    if (box.scrollWidth > box.clientWidth + 1) {
      var label = chart.getAttribute("aria-label") || "";
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "Wide chart, scrolls sideways: " + label.split(". ")[0]);
    } else {
      ["tabindex", "role", "aria-label"].forEach(function (name) { box.removeAttribute(name); });
    }
  }

  function fitAll() {
    document.querySelectorAll(".vega-embed svg.marks").forEach(fit);
  }

  // Charts are drawn after the page has loaded, and some change their width when touched.
  var waiting = false;
  new MutationObserver(function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () { waiting = false; fitAll(); });
  }).observe(document.querySelector("article") || document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["width"]
  });
  window.addEventListener("resize", fitAll);
  fitAll();
})();
