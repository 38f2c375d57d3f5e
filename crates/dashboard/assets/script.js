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

// The browser's own zone is the default, and another one that is chosen stays: the server reads it from a cookie, which a
// page that is about days is loaded anew for once.
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const keptZone = () => document.cookie.match(/(?:^|; )periscope_zone=([^;]*)/)?.[1];
const keepZone = (zone) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `periscope_zone=${zone}; path=/; max-age=34560000; samesite=lax${secure}`;
};
const chosenZone = (...change) => {
  try {
    if (change[0] === own) localStorage.removeItem("zone");
    else if (change.length > 0) localStorage.setItem("zone", change[0]);
    return localStorage.getItem("zone");
  } catch {
    return null; // The browser keeps nothing.
  }
};
const isZone = (name) => {
  try {
    return Boolean(Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
};
const zone = chosenZone() ?? own;
if (zone && keptZone() !== zone) {
  keepZone(zone);
  const field = document.querySelector("[data-zone]");
  const isDefault = field && !new URLSearchParams(location.search).get("timeZone");
  if (isDefault && field.value !== zone && keptZone() === zone) location.reload();
}
for (const field of document.querySelectorAll("[data-zone]")) {
  field.addEventListener("change", () => {
    const name = field.value.trim() || own;
    if (isZone(name)) keepZone(chosenZone(name) ?? own);
  });
}

// It is offered first.
for (const field of document.querySelectorAll("[data-zone]")) {
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
