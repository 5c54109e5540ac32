"""Ask each external link of the documents and notebooks if it leads somewhere.

Usage: python -m tools.links REPORT    (exit status 1 if one does not)

One question at a time, and a second of rest before the next to the same
host. A page that answers 403 or 429 is there, and talks to no program.
"""

import re
import sys
import time
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tools import markdown
from tools.workbook import (
    chapters,
    documents,
    markdown_of,
    name_of,
    sheets,
)

PAGE = 4_000_000  # bytes of a page in which an anchor is looked for
REST = 1  # second
TRY_AGAIN = Retry(
    total=2,
    backoff_factor=2,
    status_forcelist=[429, 500, 502, 503, 504],
    respect_retry_after_header=False,  # it may ask for hours
    raise_on_status=False,
)


def collect():
    """The external links of all pages, a dict {url: [name of a file]};
    those in code are examples."""
    found = {}
    for path in [*documents(), *chapters(), *sheets()]:
        for _, url, _ in markdown.links(markdown_of(path)):
            names = found.setdefault(url, [])
            if name_of(path) not in names:
                names.append(name_of(path))
    return {u: n for u, n in found.items() if u.startswith("https://")}


def fault(session, url):
    """What is wrong with a link, a str, or None."""
    page, anchor = urldefrag(url)
    try:
        with session.get(page, timeout=20, stream=True) as reply:
            if reply.status_code in (403, 429):
                return None
            if not reply.ok:
                return f"answers {reply.status_code}"
            body = anchor and reply.raw.read(PAGE, decode_content=True)
    except (requests.RequestException, HTTPError) as error:
        return f"does not answer: {type(error).__name__}"
    if anchor and not re.search(
        rf"""\b(?:id|name)=["']?{re.escape(anchor)}["'\s>]""".encode(),
        body,
    ):
        return f"has no anchor {anchor}"
    return None


def faults(urls, rest=REST):
    """Ask all `urls`; yield pairs of one and what is wrong with it.

    `rest`: the seconds between two questions to one host."""
    last = None
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=TRY_AGAIN))
        session.mount("http://", HTTPAdapter(max_retries=TRY_AGAIN))
        session.headers["User-Agent"] = "link check of the WSGI workbook"
        for url in sorted(urls):
            if urlsplit(url).netloc == last:
                time.sleep(rest)
            last = urlsplit(url).netloc
            if wrong := fault(session, url):
                yield url, wrong


def main(arguments):
    """Collect, ask and report; return the exit status."""
    (target,) = arguments
    found = collect()
    lines = [
        f"- <{url}> {wrong}: {', '.join(found[url])}" for url, wrong in faults(found)
    ]
    head = f"# External links\n\n{len(lines)} of {len(found)} lead nowhere."
    text = "\n".join([head, "", *lines]) + "\n"
    Path(target).write_text(text, "utf-8")
    print(text)
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
