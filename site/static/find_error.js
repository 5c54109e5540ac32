// Finds the messages of a pasted log, as notebooks/find_error.py does:
// ERRORS, which errors.js brings, is a list of
// [[[pattern, flags, exactness, word, words], ...], message, cause, cure, links, frame].
// A log without the word has no match: most patterns are never compiled.
function plain(log) {
  const quotes = /[`"\u2018\u2019\u201c\u201d]/g;
  return log.replace(/\x1b\[[0-9;]*m/g, "").replace(quotes, "'");
}

function findErrors(log) {
  const text = plain(log);
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

// As near() there, with the same numbers, which errors.js brings as NEAR.
function nearErrors(log) {
  const small = plain(log).toLowerCase().replace(/['-]/g, "");
  const words = small.match(/\.{3}|[a-z0-9_]+/g) ?? [];
  const pad = (words) => ` ${words.join(" ")} `, asked = pad(words);
  if (log.trim().includes("\n") || asked.length > NEAR.short) return [];
  const entries = (way) => ERRORS.filter(([forms]) => forms.some((form) => way(form[4])));
  const has = (word) => (form) => form.includes(pad([word]));
  const rare = new Set(words.filter((word) => entries(has(word)).length <= NEAR.common));
  const enough = (words) => {
    const letters = words.join("").replace(/[^a-z_]/g, "").length;
    if (words.length == 1) return letters >= NEAR.long;
    return letters >= NEAR.letters && words.some((word) => rare.has(word));
  };
  if (!enough(words)) return [];
  const varied = words.map((_, n) => n)
    .filter((n) => enough(words.filter((_, m) => m != n)))
    .map((n) => pad(words.map((word, m) => (m == n ? "..." : word))));
  const ways = [
    (form) => form.includes(asked),
    (form) => varied.some((other) => form.includes(other)),
    (form) => words.every((word) => has(word)(form)),
  ];
  const found = ways.map(entries).find((rows) => rows.length) ?? [];
  const elsewhere = (error) => error[4].some(([name]) => name == "others");
  return found.sort((a, b) => elsewhere(a) - elsewhere(b)).slice(0, 3);
}

function code(text) {
  return Object.assign(document.createElement("code"), { textContent: text });
}

function show(log, place, unknown) {
  place.replaceChildren();
  if (!log?.trim()) return;
  let found = findErrors(log);
  if (!found.length) {
    found = nearErrors(log);
    place.append(found.length ? NEAR.said : unknown);
  }
  for (const [, message, cause, cure, links] of found) {
    const entry = place.appendChild(document.createElement("section"));
    const space = cause.endsWith("\u3002") ? "" : " "; // a Chinese full stop has its own
    const parts = ["", message, ...` ${cause}${space}${cure} `.split("`")];
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
  load(() => show(new URLSearchParams(location.search).get("q"), place, ""));
} else {
  const box = document.querySelector("textarea");
  box.addEventListener("focus", () => load(() => show(box.value, place, NEAR.none)), { once: true });
  box.addEventListener("input", () => window.ERRORS && show(box.value, place, NEAR.none));
  box.after(place);
}
