"""Which cookies a browser keeps, and with which requests it sends them.

The rules are those of RFC 6265bis (draft 20), for cookies whose SameSite
is given. Whatever a browser does beyond them, such as blocking the cookies
of other sites, is left out.
"""

from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlsplit

SAFE = "GET", "HEAD", "OPTIONS", "TRACE"


class Request(NamedTuple):
    """A request as a browser sends it.

    `page`, an address, is where it comes from, None if somebody typed the
    address; `top` says whether its answer replaces the page.
    """

    url: str
    page: str = None
    method: str = "GET"
    top: bool = True


def site_of(url):
    """The site of an address: its scheme, and the last two labels of its
    host (as long as the last one alone is a public suffix)."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname.split(".")[-2:]


def within(host, domain):
    """Whether a host is a domain, or below it."""
    return f".{host}".endswith(f".{domain}")


def is_kept(name, cookie, url):
    """Whether a browser keeps a Morsel that came from an address."""
    secure = bool(cookie["secure"])
    if secure and urlsplit(url).scheme != "https":
        return False
    if cookie["samesite"].lower() == "none" and not secure:
        return False
    if name.startswith(("__Secure-", "__Host-")) and not secure:
        return False
    if name.startswith("__Host-"):
        return cookie["path"] == "/" and not cookie["domain"]
    domain = cookie["domain"]
    return not domain or within(urlsplit(url).hostname, domain)


def is_sent(cookie, url, request):
    """Whether a browser sends a Morsel that came from the address `url`,
    and was kept, with a Request."""
    parts, path = urlsplit(request.url), cookie["path"].rstrip("/")
    if domain := cookie["domain"]:
        fits = within(parts.hostname, domain)
    else:
        fits = parts.hostname == urlsplit(url).hostname
    fits = fits and f"{parts.path}/".startswith(f"{path}/")
    if cookie["secure"] and parts.scheme != "https":
        return False
    page, same_site = request.page, cookie["samesite"].lower()
    if same_site == "none" or not page:
        return fits
    if site_of(page) == site_of(request.url):
        return fits
    follows = request.top and request.method in SAFE
    return fits and same_site == "lax" and follows


def sent(lines, url, request):
    """The names of the cookies that go with a Request, in the order of
    `lines`, the values of Set-Cookie in an answer from `url`."""
    cookies = [next(iter(SimpleCookie(line).items())) for line in lines]
    return [
        name
        for name, cookie in cookies
        if is_kept(name, cookie, url) and is_sent(cookie, url, request)
    ]
