/* Keys move from slide to slide, unless a control has the focus; a figure grows or shrinks to its slide. */
(function () {
  "use strict";
  var slides = Array.from(document.querySelectorAll("main > section"));
  var STEPS = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1};
  var ENDS = {Home: 0, End: slides.length - 1}, SMALLEST = 0.5, LARGEST = 1.5;

  function current() {
    var middle = window.innerHeight / 2;
    return Math.max(0, slides.findIndex(function (slide) { return slide.getBoundingClientRect().bottom > middle; }));
  }

  function go(number) {
    var slide = slides[Math.min(Math.max(number, 0), slides.length - 1)];
    slide.scrollIntoView();
    slide.focus({preventScroll: true});
    history.replaceState(null, "", "#" + slide.id);
  }

  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, select, textarea, button, summary, a")) return;
    if (!(event.key in STEPS) && !(event.key in ENDS)) return;
    event.preventDefault();
    go(event.key in ENDS ? ENDS[event.key] : current() + (event.shiftKey ? -1 : 1) * STEPS[event.key]);
  });

  document.querySelectorAll("div.math").forEach(function (formula) {
    new ResizeObserver(function () {
      formula.tabIndex = formula.scrollWidth > formula.clientWidth ? 0 : -1;
    }).observe(formula);
  });

  document.querySelectorAll(".figure").forEach(function (figure) {
    var inner = figure.firstElementChild;
    function fit() {
      var room = window.innerHeight - (figure.getBoundingClientRect().top - figure.closest("section").getBoundingClientRect().top) - 70;
      var most = Math.min(LARGEST, figure.clientWidth / inner.offsetWidth);
      var factor = Math.min(most, Math.max(SMALLEST, room / inner.offsetHeight));
      inner.style.transform = "scale(" + factor + ")";
      figure.style.height = Math.ceil(factor * inner.offsetHeight) + "px";
    }
    new ResizeObserver(fit).observe(inner);
    window.addEventListener("resize", fit);
  });
})();
