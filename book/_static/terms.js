// The definition of a term beside its link: on hover and on focus, until Escape or until pointer and
// focus have left link and definition; on a touch screen at the first tap, the second one follows.
(() => {
  const LINKS = 'article a.internal[href*="#term-"]';
  const box = document.createElement("div");
  box.id = "definition";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  const FORMULAS = "mathjax/startup.js", here = document.currentScript.src.replace(/terms\.js.*/, "");
  let shown = null, touched = false, timer = 0, loading = null;

  const later = (act, ms) => { clearTimeout(timer); timer = setTimeout(act, ms); };
  const termAt = target => target.closest?.(LINKS);

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidden = true;
  }

  function place() {
    const lines = shown.getClientRects(), view = document.documentElement;
    const first = lines[0], last = lines[lines.length - 1];
    const below = last.bottom + 4, above = first.top - box.offsetHeight - 4;
    const fits = below + box.offsetHeight <= view.clientHeight || above < 0;
    const left = Math.min(last.left, view.clientWidth - box.offsetWidth - 8);
    box.style.left = `${Math.max(8, left) + scrollX}px`;
    box.style.top = `${(fits ? below : above) + scrollY}px`;
  }

  // MathJax, which is loaded for the first formula where the page has none of its own
  function mathjax() {
    if (window.MathJax?.startup?.promise) return MathJax.startup.promise;
    return loading ??= new Promise(done => {
      let script = document.querySelector(`script[src*="${FORMULAS}"]`);
      if (!script) {
        script = document.createElement("script");
        script.src = here + FORMULAS;
        document.head.append(script);
      }
      script.addEventListener("load", () => done(MathJax.startup.promise));
    });
  }

  function show(link) {
    const text = window.mechfitGlossary?.[link.hash.slice(1)];
    clearTimeout(timer);
    if (!text || link === shown) return;
    hide();
    shown = link;
    box.innerHTML = text + (touched ? "<small>Tap again to go to the glossary.</small>" : "");
    box.hidden = false;
    link.setAttribute("aria-describedby", box.id);
    place();
    if (box.querySelector(".math")) {
      mathjax().then(() => MathJax.typesetPromise([box])).then(() => shown && place());
    }
  }

  addEventListener("pointerdown", event => {
    touched = event.pointerType === "touch";
    if (shown && !box.contains(event.target) && termAt(event.target) !== shown) hide();
  });
  addEventListener("pointerover", event => {
    if (event.pointerType === "touch") return;
    const link = termAt(event.target);
    if (link) later(() => show(link), 150);
    else if (box.contains(event.target)) clearTimeout(timer);
    else if (shown && shown !== document.activeElement) later(hide, 300);
    else if (!shown) clearTimeout(timer);
  });
  addEventListener("focusin", event => {
    const link = termAt(event.target);
    if (link?.matches(":focus-visible") && !touched) show(link);
  });
  addEventListener("focusout", event => { if (termAt(event.target) === shown) hide(); });
  addEventListener("keydown", event => {
    touched = false;
    if (event.key === "Escape") hide();
  });
  addEventListener("click", event => {
    const link = termAt(event.target);
    if (!link || !touched || link === shown) return;
    event.preventDefault();
    show(link);
  });
  addEventListener("DOMContentLoaded", () => document.body.append(box));
})();
