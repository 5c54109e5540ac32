"""What a browser does with a page that has a Content Security Policy, as
far as its scripts and its frame go (CSP level 3)."""

from base64 import b64encode
from hashlib import sha256, sha384, sha512
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin

STRICT = "'nonce-", "'sha", "'strict-dynamic'"  # no unsafe-inline then
HASHES = {"sha256": sha256, "sha384": sha384, "sha512": sha512}


class Script(NamedTuple):
    """A script of a page: its text, its nonce, the address that it is
    loaded from, None for one that is written into the page, and the hash
    that the loaded one must have."""

    text: str = ""
    nonce: str = None
    src: str = None
    integrity: str = None


class Page(HTMLParser):
    """The `text` of a page, its `scripts`, and the `tags` in it."""

    def __init__(self, html):
        super().__init__()
        self.text, self.scripts, self.tags = "", [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "script":
            attrs = dict(attrs)
            words = map(attrs.get, ("nonce", "src", "integrity"))
            self.scripts.append(Script("", *words))

    def handle_data(self, data):
        if self.cdata_elem == "script":
            last = self.scripts.pop()
            self.scripts.append(last._replace(text=last.text + data))
        else:
            self.text += data


def directives(policy):
    """The directives of a policy, {name: list of its words}; of two with
    one name the first counts."""
    found = {}
    for part in policy.split(";"):
        name, *words = part.split() or [""]
        found.setdefault(name.lower(), words)
    return found


def runs(policies, script):
    """Whether a browser runs a Script in a page with these policies, the
    value of the header (a comma is between two), or None."""
    return all(
        lets_run(directives(policy), script)
        for policy in (policies or "").split(",")
    )


def lets_run(policy, script):
    """Whether one policy, as directives, lets a Script run."""
    names = "script-src-elem", "script-src", "default-src"
    words = next((policy[n] for n in names if n in policy), None)
    if words is None:
        return True
    if script.nonce and f"'nonce-{script.nonce}'" in words:
        return True
    if script.src is not None:
        fits = sources_of(script.src) & {*words}
        return bool(fits) and "'strict-dynamic'" not in words
    data = script.text.encode()
    for name, function in HASHES.items():
        value = b64encode(function(data).digest()).decode()
        if f"'{name}-{value}'" in words:
            return True
    strict = any(word.startswith(STRICT) for word in words)
    return "'unsafe-inline'" in words and not strict


def sources_of(address):
    """The words of a policy that let a page load a script from an address,
    as a script has it: https, data, or without a host, the page's own."""
    if address.startswith("data:"):
        return {"data:"}
    own = not address.startswith(("http", "//"))
    return {"*", "'self'"} if own else {"*", "https:"}


def misled_by(policies, script, base):
    """Whether a browser runs a file of another site in place of a Script,
    if a `<base>` stands before it that leads to that site, an address."""
    if script.src is None or script.integrity:
        return False
    address = urljoin(base, script.src)
    if not address.startswith(base):
        return False
    for policy in (policies or "").split(","):
        allowed = directives(policy).get("base-uri", ["*"])
        if not {"*", "https:", base} & {*allowed}:
            return False
    return runs(policies, script._replace(src=address))


def framed_by(policies, options):
    """Who may show a page in a frame, a list: of the policies' words, of
    the older header X-Frame-Options, or ["*"], everybody."""
    for policy in (policies or "").split(","):
        found = directives(policy)
        if "frame-ancestors" in found:
            return found["frame-ancestors"]
    old = {"DENY": ["'none'"], "SAMEORIGIN": ["'self'"]}
    return old.get((options or "").upper(), ["*"])
