// Keeps a page as the server would give it now: the page is fetched again and only what differs is changed in place,
// so that focus, scrolling, open details and loaded pictures stay. Without this script a page stands still, and works.
"use strict";

(() => {
  const SLOWEST = 15;
  const live = ["nav", "main"];
  let timer = 0;
  let troubles = 0;
  let looking = false;

  const main = () => document.getElementById("main");

  function schedule() {
    clearTimeout(timer);
    const every = Number(main().dataset.every);
    if (!every || document.hidden) return;
    timer = setTimeout(look, Math.min(every * 2 ** troubles, SLOWEST) * 1000);
  }

  async function look() {
    if (looking) return;
    looking = true;
    clearTimeout(timer);
    const html = await ask();
    looking = false;
    troubles = html === null ? Math.min(troubles + 1, 4) : 0;
    document.getElementById("trouble").hidden = troubles === 0;
    if (html !== null) show(new DOMParser().parseFromString(html, "text/html"));
    schedule();
  }

  // The page as it is now; null where the stack fails, or the console is gone.
  async function ask() {
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      // An image that is not there (yet) is a page like others.
      return answer.ok || answer.status === 404 ? await answer.text() : null;
    } catch {
      return null;
    }
  }

  function show(page) {
    const before = announcements(document);
    document.title = page.title;
    for (const id of live) {
      const from = document.getElementById(id);
      const to = page.getElementById(id);
      if (!from || !to) continue;
      if (to.dataset.every) from.dataset.every = to.dataset.every;
      Idiomorph.morph(from, [...to.childNodes], { morphStyle: "innerHTML", ignoreActiveValue: true, callbacks: { beforeNodeMorphed, beforeAttributeUpdated } });
    }
    const news = [...announcements(document)].filter((each) => !before.has(each));
    if (news.length) document.getElementById("announcer").textContent = news.slice(0, 5).join(". ");
  }

  function beforeNodeMorphed(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE || !("keep" in from.dataset)) return true;
    const token = from.querySelector("[name=token]");
    const fresh = to.querySelector?.("[name=token]");
    if (token && fresh) token.value = fresh.value;
    return false;
  }

  function beforeAttributeUpdated(name, element) {
    return !(name === "open" && element.localName === "details");
  }

  function announcements(page) {
    return new Set([...page.querySelectorAll("[data-announce]")].map((each) => each.dataset.announce));
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

  // On a narrow screen the drawing is wider than its frame: begin with its main line in the middle.
  function centre(graph) {
    const start = graph.querySelector(".state a .box");
    if (!start || graph.scrollWidth <= graph.clientWidth) return;
    const box = start.getBoundingClientRect();
    graph.scrollLeft += box.left + box.width / 2 - graph.getBoundingClientRect().left - graph.clientWidth / 2;
  }

  document.documentElement.classList.add("with-script");
  document.querySelectorAll(".graph").forEach(centre);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
  // A button that was pressed is not to be pressed again while its page is on the way.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    const button = event.target.querySelector("button");
    setTimeout(() => (button.disabled = true));
  });
  addEventListener("pageshow", (event) => event.persisted && look());
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  addEventListener("console:look", look);
  schedule();
})();
