// What pages do better with a script. All of them work without.
"use strict";

// A change of what a page is about is applied at once.
for (const form of document.querySelectorAll("[data-submit-on-change]")) {
  form.classList.add("is-live");
  form.addEventListener("change", () => form.requestSubmit());
  // What is empty or says nothing new need not be in the address.
  form.addEventListener("submit", () => {
    for (const field of form.elements) field.disabled = field.name !== "" && field.value === "";
  });
}

// The browser's own zone is offered first.
for (const field of document.querySelectorAll("[data-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = document.getElementById(field.getAttribute("list"));
  if (own && zones && ![...zones.options].some((option) => option.value === own)) {
    zones.prepend(new Option(own, own));
  }
}

// Snippets can be copied.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // An unencrypted line: browsers allow it on https and on this machine alone.
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.textContent);
    const name = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = name; }, 1500);
  });
}

// A page that waits for something is loaded anew when that has come.
for (const waiting of document.querySelectorAll("[data-waiting]")) {
  const ask = async () => {
    const answer = await fetch(waiting.dataset.waiting).catch(() => null);
    if (answer && answer.status === 200) return location.reload();
    setTimeout(ask, 3000);
  };
  setTimeout(ask, 3000);
}

// A page on a wall stays up to date: its part that changes is fetched anew, unless somebody is busy in it.
const refreshed = document.querySelector("[data-refresh]");
const opened = "popover" in HTMLElement.prototype ? "details[open], :popover-open" : "details[open]";
const refresh = async () => {
  const isBusy = document.hidden || refreshed.querySelector(opened) || refreshed.contains(document.activeElement);
  if (isBusy) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  if (answer.redirected) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh]");
  if (!fresh) return location.reload();
  refreshed.replaceChildren(...fresh.childNodes);
};
if (refreshed) setInterval(refresh, 1000 * Number(refreshed.dataset.refresh || 60));
