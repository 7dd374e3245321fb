"use strict";
// Puts every live picture of the page in the place of its still one; one that cannot start says
// so.
addEventListener("DOMContentLoaded", () => {
  for (const root of document.querySelectorAll(".mechfit-live")) {
    const still = [...root.childNodes];
    root.replaceChildren();
    try {
      mechfit[root.dataset.live].start(root, JSON.parse(root.dataset.options));
    } catch (error) {
      root.replaceChildren(...still, `This picture could not start: ${error.message}`);
      throw error;
    }
  }
});
