"use strict";
// Filters, sorts and folds what stands in the document. It makes no element from text and needs no data of its own.
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const by = (id) => document.getElementById(id);
  const form = by("filter");
  const more = by("more");
  const controls = { text: by("q"), where: by("where"), class: by("class"), owner: by("owner"), trend: by("trend"), differs: by("differs") };
  const boxes = all("input[name=severity]", form);
  const body = document.querySelector(".matrix tbody");
  const heads = all(".matrix [data-sort]");
  const words = (text) => new Set((text || "").split(" ").filter(Boolean));
  const lower = (element) => element.textContent.toLowerCase();

  // What is filtered, read from the document when it is needed for the first time.
  let cards, rows;
  const facts = (element) => {
    const { c = "", o = "", s = "", e = "", p = "", t = "" } = element.dataset;
    return { element, class: c, owner: o, severities: words(s), environments: words(e), places: words(p), trends: words(t) };
  };
  const read = () => {
    if (rows) return;
    rows = all("tr", body).map((element, at) => ({ ...facts(element), at, text: "", differs: "d" in element.dataset, keys: element.dataset.k.split(" ").map(Number) }));
    cards = all(".card").map((element) => {
      const findings = all(".f", element).map((one) => ({ ...facts(one), text: "" }));
      return { ...facts(element), text: "", findings };
    });
  };
  // So many cards are enough to read at once; a button shows the rest.
  const ENOUGH = 300;
  let limit = ENOUGH;
  // The finding that the address names is shown whatever the filter, until the filter changes.
  let revealed = null;
  let hasText = false;
  const readText = () => {
    if (hasText) return;
    hasText = true;
    for (const row of rows) row.text = lower(row.element);
    for (const card of cards) {
      // What the findings of a card have in common, and what each says.
      card.text = lower(card.element.querySelector("h3")) + " " + all(".about, .evidence", card.element).map(lower).join(" ");
      for (const finding of card.findings) finding.text = lower(finding.element);
    }
  };

  const wanted = () => {
    const where = controls.where.selectedOptions[0];
    const owner = controls.owner?.selectedOptions[0];
    return {
      terms: controls.text.value.toLowerCase().split(/\s+/).filter(Boolean),
      severities: boxes.filter((box) => box.checked).map((box) => box.value),
      environment: where.dataset.e, place: where.dataset.p,
      class: controls.class.value, owner: owner?.dataset.o,
      trend: controls.trend?.value ?? "", differs: controls.differs.checked,
    };
  };
  const fits = (want, one, text) =>
    want.terms.every((term) => text.includes(term))
    && (want.severities.length === 0 || want.severities.some((word) => one.severities.has(word)))
    && (want.environment === undefined || one.environments.has(want.environment))
    && (want.place === undefined || one.places.has(want.place))
    && (want.trend === "" || one.trends.has(want.trend));
  const belongs = (want, one) =>
    (want.class === "" || one.class === want.class) && (want.owner === undefined || one.owner === want.owner);
  const show = (element, yes) => { if (element.hidden === yes) element.hidden = !yes; };

  const apply = () => {
    read();
    const want = wanted();
    if (want.terms.length > 0) readText();
    let components = 0, findings = 0, total = 0, fitting = 0, open = 0;
    for (const row of rows) {
      const yes = (!want.differs || row.differs) && belongs(want, row) && fits(want, row, row.text);
      show(row.element, yes);
      components += yes;
    }
    for (const card of cards) {
      total += card.findings.length;
      const mine = belongs(want, card);
      const fit = card.findings.map((one) => one.element === revealed || (mine && fits(want, one, want.terms.length > 0 ? card.text + " " + one.text : "")));
      const here = fit.filter(Boolean).length;
      findings += here;
      fitting += here > 0;
      const yes = here > 0 && (fitting <= limit || card.element.contains(revealed));
      open += yes;
      show(card.element, yes);
      // What stands in a card that is not shown can stay as it is.
      if (yes) card.findings.forEach((one, at) => show(one.element, fit[at]));
    }
    const rest = fitting - open;
    show(more, rest > 0);
    more.textContent = `Show ${rest} more`;
    by("count").textContent = `${findings} of ${total} findings and ${components} of ${rows.length} components shown${rest > 0 ? `; ${open} of ${fitting} cards` : ""}`;
    all("p.none").forEach((note, at) => show(note, at === 0 ? total > 0 && findings === 0 : components === 0));
  };

  // Sorting: what is worst first, names from A; a second time the other way.
  const order = new Intl.Collator("en", { numeric: true });
  let sorted = { column: 1, down: true };
  const sort = (column, down) => {
    read();
    sorted = { column, down };
    const text = (row) => row.element.children[column].firstChild?.textContent.trim() ?? "";
    // Texts are compared once each: many rows have the same version.
    for (const row of rows) row.cell = column === 1 ? "" : text(row);
    const places = new Map(Array.from(new Set(rows.map((row) => row.cell))).sort(order.compare).map((one, at) => [one, at]));
    const sign = down ? -1 : 1;
    const key = (row) => (column === 0 ? 0 : row.keys[column - 1]);
    const compare = (a, b) => key(a) - key(b) || places.get(a.cell) - places.get(b.cell);
    rows.sort((a, b) => sign * compare(a, b) || a.at - b.at);
    body.append(...rows.map((row) => row.element));
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };

  // The state stands behind # in the address, so that a view can be passed on.
  const names = { where: "where", class: "class", owner: "owner", trend: "since" };
  const write = () => {
    const state = new URLSearchParams();
    if (controls.text.value) state.set("q", controls.text.value);
    const severities = boxes.filter((box) => box.checked).map((box) => box.value).join(",");
    if (severities) state.set("severity", severities);
    for (const [control, name] of Object.entries(names)) {
      const select = controls[control];
      if (select && select.selectedIndex > 0) state.set(name, select.selectedOptions[0].text);
    }
    if (!controls.differs.checked) state.set("all", "1");
    if (sorted.column !== 1 || !sorted.down) state.set("sort", `${sorted.down ? "-" : ""}${sorted.column}`);
    const text = state.toString();
    try {
      history.replaceState(null, "", text ? `#?${text}` : "#?");
    } catch { /* a frame may forbid it */ }
  };
  const restore = () => {
    if (!location.hash.startsWith("#?")) return reveal();
    const state = new URLSearchParams(location.hash.slice(2));
    controls.text.value = state.get("q") || "";
    const severities = words((state.get("severity") || "").replaceAll(",", " "));
    for (const box of boxes) box.checked = severities.has(box.value);
    for (const [control, name] of Object.entries(names)) {
      const select = controls[control];
      const text = state.get(name);
      if (select) select.selectedIndex = Math.max(0, text === null ? 0 : Array.from(select.options).findIndex((one) => one.text === text));
    }
    controls.differs.checked = !state.has("all");
    const asked = state.get("sort") || "";
    const column = Math.abs(Number.parseInt(asked, 10));
    if (column < heads.length) sort(column, asked.startsWith("-"));
    else if (sorted.column !== 1 || !sorted.down) sort(1, true);
    revealed = null;
    apply();
  };
  // A link to a finding unfolds its card, and shows it whatever the filter.
  const reveal = () => {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch { /* no id has a lone % */ }
    const target = id && by(id);
    if (!target) return;
    const card = target.closest(".card");
    if (card) {
      revealed = target;
      apply();
      card.open = true;
    }
    target.hidden = false;
    // What is not near the window has no exact height yet: once more when it has.
    target.scrollIntoView({ block: "center" });
    requestAnimationFrame(() => target.scrollIntoView({ block: "center" }));
  };

  const change = () => { revealed = null; apply(); write(); };
  let timer;
  controls.text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(change, 120); });
  form.addEventListener("change", (event) => { if (event.target !== controls.text) change(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(change));
  addEventListener("hashchange", restore);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=search], select")) return;
    event.preventDefault();
    controls.text.focus();
    controls.text.select();
  });

  for (const [column, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(head.firstChild);
    head.prepend(button);
    button.addEventListener("click", () => {
      sort(column, sorted.column === column ? !sorted.down : column > 0);
      write();
    });
  }
  for (const cell of all(".heat td[data-s]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(cell.firstChild);
    button.setAttribute("aria-label", `${cell.textContent}${button.textContent} ${cell.dataset.s}, ${cell.dataset.w}: show`);
    cell.append(button);
    button.addEventListener("click", () => {
      form.reset();
      for (const box of boxes) box.checked = box.value === cell.dataset.s;
      controls.where.selectedIndex = Array.from(controls.where.options).findIndex((one) => "p" in one.dataset && one.text === cell.dataset.w);
      setTimeout(() => { change(); by("findings").scrollIntoView(); });
    });
  }
  more.addEventListener("click", () => {
    limit = Infinity;
    apply();
  });
  const fold = by("fold");
  fold.addEventListener("click", () => {
    const open = all(".card:not([open])").length > 0;
    for (const card of all(".card")) card.open = open;
    fold.textContent = open ? "Fold all" : "Unfold all";
  });
  // Where the style cannot unfold for paper.
  let folded = [];
  addEventListener("beforeprint", () => {
    limit = Infinity;
    apply();
    folded = all("details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    limit = ENOUGH;
    for (const one of folded) one.open = false;
    apply();
  });

  form.hidden = false;
  fold.hidden = document.querySelector(".card") === null;
  apply();
  restore();
})();
