// Uploads dropped or chosen photos, three at a time, each with its progress. Without this script the form has a button.
"use strict";

(() => {
  const PARALLEL = 3;
  const DONE_SHOWN_MS = 4000;
  const waiting = [];
  let running = 0;

  function enqueue(form, files) {
    for (const file of files) waiting.push({ form, file, row: row(form, file) });
    next();
  }

  function next() {
    while (running < PARALLEL && waiting.length) {
      running += 1;
      send(waiting.shift());
    }
  }

  function send({ form, file, row }) {
    const body = new FormData(form);
    body.delete("file");
    body.append("name", file.name); // unchanged: in the file field itself, browsers escape quotes
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && row.progress(event.loaded / event.total);
    request.onload = () => (request.status === 200 ? row.done() : row.failed(reason(request)));
    request.onerror = () => row.failed("the console does not answer");
    request.onloadend = () => {
      running -= 1;
      next();
      dispatchEvent(new Event("console:refresh"));
    };
    request.send(body);
  }

  function reason(request) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    return page.querySelector("main p")?.textContent || page.body.textContent.trim() || `refused (${request.status})`;
  }

  function row(form, file) {
    const item = document.createElement("li");
    const name = document.createElement("bdi");
    const bar = document.createElement("progress");
    const state = document.createElement("span");
    name.textContent = file.name;
    name.className = "name";
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    state.textContent = "waiting";
    item.append(name, bar, state);
    form.querySelector("[data-uploads]").append(item);
    return {
      progress(part) {
        bar.value = part;
        state.textContent = part < 1 ? `${Math.round(part * 100)} %` : "storing";
      },
      done() {
        bar.value = 1;
        state.textContent = "uploaded";
        setTimeout(() => item.remove(), DONE_SHOWN_MS);
      },
      failed(why) {
        item.className = "failed";
        state.textContent = why;
        bar.remove();
        document.getElementById("announcer").textContent = `${file.name}: ${why}`;
      },
    };
  }

  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("[data-upload]");
    if (!form || event.target.type !== "file") return;
    enqueue(form, [...event.target.files]);
    event.target.value = "";
  });

  let over = 0;
  const zone = () => document.querySelector(".drop[data-upload]");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (carriesFiles(event) && zone()) over += 1, zone().classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (carriesFiles(event) && zone() && --over <= 0) over = 0, zone().classList.remove("over");
  });
  addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // a file dropped beside the zone must not replace the page
    over = 0;
    zone()?.classList.remove("over");
    if (zone()) enqueue(zone(), [...event.dataTransfer.files]);
  });
})();
