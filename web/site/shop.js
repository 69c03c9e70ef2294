// A minimal single-page application: the URL says which view is shown.
(() => {
  "use strict";
  const views = [...document.querySelectorAll("[data-view]")];
  const heading = document.getElementById("intro-title");
  const words = document.getElementById("basket-words");
  let total = 0;
  let items = 0;

  const show = () => {
    const known = views.find((view) => view.dataset.view === location.pathname) || views[0];
    for (const view of views) view.hidden = view !== known;
    heading.textContent = `${known.dataset.title}.`;
    document.title = `Footfall: ${known.dataset.title.toLowerCase()}`;
  };
  const go = (path) => {
    history.pushState(null, "", path);
    show();
    heading.focus();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest('main a[href^="/shop/"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  for (const button of document.querySelectorAll("[data-price]"))
    button.addEventListener("click", () => {
      items += 1;
      total += Number(button.dataset.price);
      words.textContent = `${items} ${items > 1 ? "things" : "thing"}, ${total.toFixed(2)} in all.`;
    });
  document.getElementById("order").addEventListener("click", () => {
    footfall.track("order", { items, total });
    items = 0;
    total = 0;
    words.textContent = "It is empty.";
    go("/shop/done");
  });
  addEventListener("popstate", show);
  show();
})();
