// Finds the messages of a pasted log, as notebooks/find_error.py does:
// ERRORS, which errors.js brings, is a list of [patterns, message, cause, cure, links].
function findErrors(log) {
  const quotes = /[`"\u2018\u2019\u201c\u201d]/g;
  const text = log.replace(/\x1b\[[0-9;]*m/g, "").replace(quotes, "'");
  const found = [];
  for (const error of ERRORS)
    for (const pattern of error[0]) {
      const match = new RegExp(pattern, "i").exec(text);
      if (match) {
        found.push([match.index, error]);
        break;
      }
    }
  return found.sort((a, b) => a[0] - b[0]).map((one) => one[1]);
}

function code(text) {
  return Object.assign(document.createElement("code"), { textContent: text });
}

function show(log, place) {
  place.replaceChildren();
  for (const [, message, cause, cure, links] of log ? findErrors(log) : []) {
    const entry = place.appendChild(document.createElement("section"));
    const parts = ["", message, ...` ${cause} ${cure} `.split("`")];
    entry.append(...parts.map((part, n) => (n % 2 ? code(part) : part)));
    for (const [name, link] of links) {
      const href = document.documentElement.dataset.content_root + link;
      const url = link.startsWith("https:") ? link : href;
      entry.append(Object.assign(document.createElement("a"), { href: url, textContent: name }), " ");
    }
  }
}

function load(then) {
  const script = document.createElement("script");
  script.src = document.documentElement.dataset.content_root + "_static/errors.js";
  script.onload = then;
  document.head.append(script);
}

const place = document.createElement("div");
place.className = "found-errors";
place.setAttribute("aria-live", "polite");
const results = document.getElementById("search-results");
if (results) {
  results.before(place);
  load(() => show(new URLSearchParams(location.search).get("q"), place));
} else {
  const box = document.querySelector("textarea");
  box.addEventListener("focus", () => load(() => show(box.value, place)), { once: true });
  box.addEventListener("input", () => window.ERRORS && show(box.value, place));
  box.after(place);
}
