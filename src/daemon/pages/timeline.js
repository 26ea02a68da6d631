"use strict";
// Hides what the filter does not want. It makes no element from text and asks nobody.
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const by = (id) => document.getElementById(id);
  const form = by("filter");
  const boxes = all("input[name=environment]", form);
  const rows = all(".row").map((element) => ({ element, text: element.textContent.toLowerCase(), places: all("[data-e]", element) }));
  const lanes = all("#events [data-e]");
  const apply = () => {
    const terms = by("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = by("class").value;
    const changed = by("changed").checked;
    const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    for (const lane of lanes) lane.hidden = !shown.has(lane.dataset.e);
    for (const { element, text, places } of rows) {
      for (const place of places) place.hidden = !shown.has(place.dataset.e);
      const fits = terms.every((term) => text.includes(term))
        && (wanted === "" || element.dataset.c === wanted)
        && (!changed || "d" in element.dataset)
        && places.some((place) => !place.hidden);
      element.hidden = !fits;
      if (fits) count += 1;
    }
    by("count").textContent = `${count} of ${rows.length} components`;
    document.querySelector(".none").hidden = count > 0 || rows.length === 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(input|select|textarea)$/i.test(event.target.tagName)) return;
    event.preventDefault();
    by("q").focus();
  });
  form.hidden = false;
  apply();
})();
