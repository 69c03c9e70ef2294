// The demos on more.html that need a script of the page's own.
(() => {
  "use strict";
  const each = (selector, f) => document.querySelectorAll(selector).forEach((element) => element.addEventListener("click", () => f(element)));

  each("[data-stars]", (button) => footfall.track("rating", { stars: Number(button.dataset.stars) }));

  each("[data-identify]", (button) => {
    const id = button.dataset.identify === "set" ? document.getElementById("user").value : undefined;
    footfall.identify(id);
    footfall.track("identified", { known: Boolean(id) });
  });

  document.getElementById("contact").addEventListener("submit", (event) => {
    event.preventDefault();
    event.target.reset();
    document.getElementById("contact-status").textContent = "Thank you. (A demo: it was not sent.)";
  });

  const optOut = document.getElementById("opt-out");
  const show = () => optOut.setAttribute("aria-checked", String(!footfall.optedOut()));
  optOut.addEventListener("click", () => {
    if (footfall.optedOut()) footfall.optIn();
    else footfall.optOut();
    show();
  });
  // The tracker loads after this script, and only then is the switch's state known.
  addEventListener("DOMContentLoaded", show);
})();
