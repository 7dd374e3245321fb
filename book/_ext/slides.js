/* Keys move from slide to slide, unless a control has the focus; figures and words shrink to their slide. */
(function () {
  "use strict";
  var slides = Array.from(document.querySelectorAll("main > section"));
  var STEPS = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1};
  var ENDS = {Home: 0, End: slides.length - 1}, LARGEST = 1.5, PHONE = 480, BELOW = 70;
  var SIZES = [[1, 0.5], [0.9, 0.5], [0.8, 0.5], [0.7, 0.5], [0.6, 0.5], [0.6, 0.3]]; // of words, and of figures at least

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

  function fit(figure, room, smallest) {
    var inner = figure.firstElementChild;
    var most = Math.min(LARGEST, figure.clientWidth / inner.offsetWidth);
    var factor = Math.min(most, Math.max(smallest, room / inner.offsetHeight));
    inner.style.transform = "scale(" + factor + ")";
    figure.style.height = Math.ceil(factor * inner.offsetHeight) + "px";
  }

  /* Figures share what the words leave of the window; where that is too little, words get smaller.
     On a phone a slide scrolls. */
  function set(slide) {
    var figures = slide.querySelectorAll(".figure");
    for (var i = 0; i < SIZES.length; i++) {
      slide.style.fontSize = SIZES[i][0] + "em";
      figures.forEach(function (figure) { figure.style.height = "0"; });
      var last = slide.lastElementChild, margin = parseFloat(getComputedStyle(last).marginBottom);
      var words = last.getBoundingClientRect().bottom + margin - slide.getBoundingClientRect().top;
      var room = (window.innerHeight - words - BELOW) / figures.length;
      figures.forEach(function (figure) { fit(figure, room, SIZES[i][1]); });
      if (window.innerWidth <= PHONE || slide.offsetHeight <= window.innerHeight + 1) return;
    }
  }

  slides.forEach(function (slide) {
    var watch = new ResizeObserver(function () { set(slide); });
    slide.querySelectorAll(".figure > div, div.math, img").forEach(function (part) { watch.observe(part); });
    window.addEventListener("resize", function () { set(slide); });
    set(slide);
  });
})();
