// Finds the messages of a pasted log, as notebooks/find_error.py does:
// ERRORS, which errors.js brings, is a list of
// [[[pattern, flags, exactness, word], ...], message, cause, cure, links, frame].
// A log without the word has no match: most patterns are never compiled.
function findErrors(log) {
  const quotes = /[`"\u2018\u2019\u201c\u201d]/g;
  const text = log.replace(/\x1b\[[0-9;]*m/g, "").replace(quotes, "'");
  const small = text.toLowerCase(), words = new Map(), found = [];
  const has = (word) => words.get(word) ?? words.set(word, small.includes(word)).get(word);
  for (const error of ERRORS)
    for (const form of error[0]) {
      const [pattern, flags, exact, word] = form;
      if (!has(word)) continue;
      form.compiled ??= new RegExp(pattern, flags);
      for (const { index, 0: words } of text.matchAll(form.compiled))
        found.push({ error, exact, begin: index, end: index + words.length });
    }
  const taken = [], first = new Map();
  for (const one of found.sort((a, b) => b.exact - a.exact || a.begin - b.begin))
    if (taken.every((other) => one.end <= other.begin || other.end <= one.begin)) {
      taken.push(one);
      first.set(one.error, Math.min(one.begin, first.get(one.error) ?? one.begin));
    }
  const order = ([a, m], [b, n]) => a[5] - b[5] || m - n;
  return [...first].sort(order).map(([error]) => error);
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
