// A formula that is wider than its column scrolls; such a one, and no other, is a tab stop.
function markScrolling() {
  for (const box of document.querySelectorAll('mjx-container[display="true"]')) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", () => {
  window.MathJax?.startup?.promise.then(() => {
    markScrolling();
    addEventListener("resize", markScrolling);
  });
});
