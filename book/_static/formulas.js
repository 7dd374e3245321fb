// A formula that is larger than its place scrolls; such a one, and no other, is a tab stop.
function markScrolling(boxes) {
  for (const box of boxes) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (scrolls) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", () => {
  window.MathJax?.startup?.promise.then(() => {
    const boxes = document.querySelectorAll('mjx-container[display="true"]');
    const watch = new ResizeObserver(() => markScrolling(boxes));
    for (const box of boxes) for (const part of [box, ...box.children]) watch.observe(part);
    markScrolling(boxes);
    document.fonts.ready.then(() => markScrolling(boxes));
  });
});
