// The focal point: a click in the picture fills in the field, and the field moves the mark. Without this script, the
// numbers can be typed.
"use strict";

(() => {
  const part = (length, whole) => Math.min(Math.max(length / whole, 0), 1);
  const numbers = (text) => /^\s*([01]?\.?\d*)\s*,\s*([01]?\.?\d*)\s*$/.exec(text)?.slice(1).map(Number);

  function mark(form) {
    const place = numbers(form.elements.focus.value);
    const shown = place !== undefined && place.every((each) => each <= 1);
    const marker = form.querySelector("g");
    marker.toggleAttribute("hidden", !shown);
    if (!shown) return;
    for (const circle of marker.children) {
      circle.setAttribute("cx", `${100 * place[0]}%`);
      circle.setAttribute("cy", `${100 * place[1]}%`);
    }
  }

  document.addEventListener("click", (event) => {
    const picture = event.target.closest?.(".focus-picture");
    if (!picture) return;
    const box = picture.getBoundingClientRect();
    const place = [part(event.clientX - box.left, box.width), part(event.clientY - box.top, box.height)];
    const form = picture.closest("form");
    form.elements.focus.value = place.map((each) => Number(each.toFixed(3))).join(",");
    mark(form);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-focus]");
    if (form) mark(form);
  });
})();
