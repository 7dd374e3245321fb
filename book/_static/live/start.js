"use strict";
// Starts every live picture of the page; one that cannot start says so in its place.
addEventListener("DOMContentLoaded", () => {
  for (const root of document.querySelectorAll(".mechfit-live")) {
    try {
      mechfit[root.dataset.live].start(root, JSON.parse(root.dataset.options));
    } catch (error) {
      root.append(`This picture could not start: ${error.message}`);
      throw error;
    }
  }
});
