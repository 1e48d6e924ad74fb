// Keeps a page current: fetches it again and changes in place only what differs, so that focus, scroll position,
// open details and loaded images stay. Without this script every page works, but doesn't update.
"use strict";

(() => {
  const SLOWEST = 15;
  const live = ["nav", "main"];
  let timer = 0;
  let failures = 0;
  let refreshed = Promise.resolve();

  const main = () => document.getElementById("main");

  function schedule() {
    clearTimeout(timer);
    const seconds = Number(main().dataset.refresh);
    if (!seconds || document.hidden) return;
    timer = setTimeout(refresh, Math.min(seconds * 2 ** failures, SLOWEST) * 1000);
  }

  // One after the other: what was opened meanwhile is shown last.
  function refresh() {
    refreshed = refreshed.then(update);
    return refreshed;
  }

  async function update() {
    clearTimeout(timer);
    const html = await load();
    failures = html === null ? Math.min(failures + 1, 4) : 0;
    document.getElementById("trouble").hidden = failures === 0;
    if (html !== null) show(new DOMParser().parseFromString(html, "text/html"));
    schedule();
  }

  // The current page; null if the stack or the console does not answer.
  async function load() {
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      // "Not found" is a page like any other: the image may appear later.
      return answer.ok || answer.status === 404 ? await answer.text() : null;
    } catch {
      return null;
    }
  }

  function show(page) {
    const known = announcements(document);
    document.title = page.title;
    for (const id of live) {
      const from = document.getElementById(id);
      const to = page.getElementById(id);
      if (!from || !to) continue;
      if (to.dataset.refresh) from.dataset.refresh = to.dataset.refresh;
      // What is being typed stays; but what merely has the focus, such as an opened state, changes like the rest.
      const ignoreActiveValue = document.activeElement?.matches("input, textarea, select") ?? false;
      Idiomorph.morph(from, [...to.childNodes], { morphStyle: "innerHTML", ignoreActiveValue, callbacks: { beforeNodeMorphed, beforeAttributeUpdated } });
    }
    const changes = [...announcements(document)].filter((each) => !known.has(each));
    if (changes.length) document.getElementById("announcer").textContent = changes.slice(0, 5).join(". ");
  }

  function beforeNodeMorphed(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE || !("keep" in from.dataset)) return true;
    const token = from.querySelector("[name=token]");
    const fresh = to.querySelector?.("[name=token]");
    if (token && fresh) token.value = fresh.value;
    return false;
  }

  function beforeAttributeUpdated(name, element) {
    return !(name === "open" && element.localName === "details") && !(name === "checked" && "chosen" in element.dataset);
  }

  function announcements(page) {
    return new Set([...page.querySelectorAll("[data-announce]")].map((each) => each.dataset.announce));
  }

  // Opens what a link leads to in place, without losing the place on the page; without this script, the link loads the page.
  async function open(link) {
    const goal = new URL(link.getAttribute("href"), location); // the href of a link in a drawing is no text
    history.pushState(null, "", goal);
    await refresh();
    const section = goal.hash && document.getElementById(goal.hash.slice(1));
    if (!section) return;
    section.focus({ preventScroll: true });
    const box = section.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) section.scrollIntoView({ block: "start" });
  }

  async function copy(button) {
    const text = button.closest(".code").querySelector("pre").textContent;
    const label = button.firstChild;
    try {
      await navigator.clipboard.writeText(text);
      label.data = "Copied";
    } catch {
      getSelection().selectAllChildren(button.closest(".code").querySelector("pre"));
      label.data = "Selected";
    }
    document.getElementById("announcer").textContent = label.data;
    setTimeout(() => (label.data = "Copy"), 1500);
  }

  // On a narrow screen the drawing is wider than its frame: start with the main line in the middle.
  function center(graph) {
    const start = graph.querySelector(".state a .box");
    if (!start || graph.scrollWidth <= graph.clientWidth) return;
    const box = start.getBoundingClientRect();
    graph.scrollLeft += box.left + box.width / 2 - graph.getBoundingClientRect().left - graph.clientWidth / 2;
  }

  document.documentElement.classList.add("with-script");
  document.querySelectorAll(".graph").forEach(center);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
    const link = event.target.closest?.("a[data-panel]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link);
  });
  addEventListener("popstate", () => refresh());
  // A second press while the next page loads would repeat the action.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    const button = event.target.querySelector("button");
    setTimeout(() => (button.disabled = true));
  });
  addEventListener("pageshow", (event) => event.persisted && refresh());
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
  addEventListener("console:refresh", refresh);
  schedule();
})();
