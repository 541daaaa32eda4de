// Everything here only makes work lighter; each page does the same without it.
"use strict";

// Titles that begin with what is typed, below the search box.
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = input.id + "-suggestions";
  input.after(list);
  input.setAttribute("list", list.id);
  let waiting = 0;
  let asked = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    const typed = input.value.trim();
    if (typed.length < 1) return;
    waiting = setTimeout(async () => {
      const mine = ++asked;
      try {
        const answer = await fetch("/api/suggest?q=" + encodeURIComponent(typed), { headers: { accept: "application/json" } });
        if (!answer.ok || mine !== asked) return;
        const records = await answer.json();
        list.replaceChildren(...records.map((record) => Object.assign(document.createElement("option"), { value: record.title })));
      } catch {
        // Without suggestions the box is still a search box.
      }
    }, 150);
  });
}

// A slash anywhere leads to the search box.
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.querySelector("input[type=search]");
  if (box) {
    event.preventDefault();
    box.focus();
  }
});

// Where the style cannot keep the facets open beside the results, they are opened here.
if (matchMedia("(min-width: 60rem)").matches && !CSS.supports("selector(::details-content)")) {
  for (const fold of document.querySelectorAll("details[data-fold]")) fold.open = true;
}

// What was unfolded stays so when one comes back to the page in this tab.
const key = "unfolded:" + location.pathname;
const folds = [...document.querySelectorAll("main details:not([data-fold], .act)")];
try {
  const unfolded = new Set(JSON.parse(sessionStorage.getItem(key) || "[]"));
  folds.forEach((fold, place) => {
    if (unfolded.has(place)) fold.open = true;
    fold.addEventListener("toggle", () => {
      fold.open ? unfolded.add(place) : unfolded.delete(place);
      sessionStorage.setItem(key, JSON.stringify([...unfolded]));
    });
  });
} catch {
  // Where the browser keeps nothing, nothing is remembered.
}

// A button that writes is pressed once; going back makes it usable again.
for (const button of document.querySelectorAll("button[data-once]:enabled")) {
  button.form?.addEventListener("submit", (event) => {
    if (event.submitter === button) setTimeout(() => (button.disabled = true));
  });
  addEventListener("pageshow", () => (button.disabled = false));
}

// What somebody writes is kept in this browser until it is sent.
for (const form of document.querySelectorAll("form[data-draft]")) {
  const draft = "draft:" + form.dataset.draft;
  const kept = [...form.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), textarea")];
  try {
    const typed = JSON.parse(localStorage.getItem(draft) || "{}");
    if (kept.every((field) => !field.value)) for (const field of kept) field.value = typed[field.name] || "";
  } catch {
    // A draft that cannot be read is no draft.
  }
  form.addEventListener("input", () => {
    try {
      localStorage.setItem(draft, JSON.stringify(Object.fromEntries(kept.map((field) => [field.name, field.value]))));
    } catch {
      // Where the browser keeps nothing, nothing is kept.
    }
  });
  form.addEventListener("submit", () => {
    try {
      localStorage.removeItem(draft);
    } catch {
      // Nothing was kept.
    }
  });
}

// While somebody writes a need, its text is judged.
for (const form of document.querySelectorAll("form[data-judged]")) {
  const place = document.querySelector("#judgement");
  let waiting = 0;
  let asked = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const mine = ++asked;
      try {
        const answer = await fetch("/case/judge", { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (!answer.ok || mine !== asked) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const judged = page.querySelector("#judgement");
        if (judged) place.replaceChildren(...judged.childNodes);
      } catch {
        // Without it the button still checks the text.
      }
    }, 700);
  });
}

// A card that is dragged to the next column does what its button does.
let dragged = null;
for (const card of document.querySelectorAll(".card[draggable=true]")) {
  card.addEventListener("dragstart", () => (dragged = card));
  card.addEventListener("dragend", () => (dragged = null));
}
for (const column of document.querySelectorAll(".column-state")) {
  const takes = () => dragged && dragged.closest(".column-state")?.nextElementSibling === column;
  column.addEventListener("dragover", (event) => {
    if (!takes()) return;
    event.preventDefault();
    column.classList.add("over");
  });
  column.addEventListener("dragleave", () => column.classList.remove("over"));
  column.addEventListener("drop", (event) => {
    column.classList.remove("over");
    if (!takes()) return;
    event.preventDefault();
    dragged.querySelector("form")?.requestSubmit();
  });
}
