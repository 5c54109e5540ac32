"""The grammar: which text is right in HTTP/1.1.

This file knows RFC 9112, RFC 3986 for addresses, and what PEP 3333 lets
an app say. It knows nothing of sockets, nor of what is done with a text.
Above each expression stands its rule in ABNF, with a word where we are
stricter (two readers could disagree) or more lenient (clients are).
"""

import re
from ipaddress import IPv6Address
from wsgiref.util import is_hop_by_hop

# token = 1*tchar
# tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^"
#       / "_" / "`" / "|" / "~" / DIGIT / ALPHA
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"

# method = token
# Stricter, as Gunicorn: no small letters, for get is not GET.
METHOD = r"[!#$%&'*+.^_`|~0-9A-Z-]+"

# quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
# qdtext = HTAB / SP / "!" / %x23-5B / %x5D-7E / obs-text
# quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )
# obs-text = %x80-FF
QUOTED_STRING = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'

# chunk-ext = *( BWS ";" BWS chunk-ext-name
#                [ BWS "=" BWS chunk-ext-val ] )
# chunk-ext-name = token; chunk-ext-val = token / quoted-string
# BWS = *( SP / HTAB )
CHUNK_EXT_VAL = rf"[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED_STRING})"
CHUNK_EXT = rf"(?:[ \t]*;[ \t]*{TOKEN}(?:{CHUNK_EXT_VAL})?)*"

# uri-host = IP-literal / IPv4address / reg-name
# IP-literal = "[" ( IPv6address / IPvFuture ) "]", see check_host
# reg-name = *( unreserved / pct-encoded / sub-delims )
# Stricter: not empty, no comma (it may be two hosts), and no IPvFuture.
REG_NAME = r"(?:[0-9A-Za-z._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+"
URI_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|{REG_NAME})"

# Host = uri-host [ ":" port ]
# port = *DIGIT. Stricter: up to 65535, as in TCP, in five digits.
PORT = r"(?:[0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"
HOST = rf"{URI_HOST}(?::{PORT}?)?"

# absolute-path = 1*( "/" segment )
# query = *( pchar / "/" / "?" )
# More lenient: nearly all that is visible in ASCII, as browsers send it.
PATH = r'(?P<path>/[!"$->@-~]*)'
QUERY = r'(?:\?(?P<query>[!"$-~]*))?'

RULES = {
    # request-line = method SP request-target SP HTTP-version
    # HTTP-version = "HTTP" "/" DIGIT "." DIGIT
    "request-line": rf"({METHOD}) ([!-~]+) HTTP/([0-9])\.([0-9])",
    # origin-form = absolute-path [ "?" query ]
    # More lenient: after it a fragment, which is left out.
    "origin-form": rf"{PATH}{QUERY}(?:#[!-~]*)?",
    # absolute-form = absolute-URI
    # http-URI = "http" "://" authority path-abempty [ "?" query ]
    # authority = [ userinfo "@" ] host [ ":" port ]
    # Stricter, as RFC 9110 advises: no userinfo, for it may hide a host.
    "absolute-form": rf"(?i:https?)://(?P<host>{HOST}){PATH}?{QUERY}",
    # authority-form = uri-host ":" port
    "authority-form": rf"(?P<path>(?P<host>{URI_HOST}:{PORT}))",
    # asterisk-form = "*"
    "asterisk-form": r"(?P<path>\*)",
    # field-line = field-name ":" OWS field-value OWS
    # OWS = *( SP / HTAB )
    "field-line": rf"({TOKEN}):([\t -~\x80-\xff]*)",
    # field-name = token
    "field-name": TOKEN,
    # field-value = *field-content, of VCHAR, obs-text, SP and HTAB
    # Stricter, as PEP 3333: no control characters, so no HTAB.
    "field-value": r"[ -~\x80-\xff]*",
    # Host = uri-host [ ":" port ]; the field may be empty
    "Host": rf"(?:{HOST})?",
    # Content-Length = 1*DIGIT. Stricter: 18 digits at most.
    "Content-Length": r"[0-9]{1,18}",
    # chunk-size = 1*HEXDIG, and after it [ chunk-ext ]
    # Stricter: 15 digits at most.
    "chunk-size": rf"([0-9A-Fa-f]{{1,15}}){CHUNK_EXT}",
    # status-code SP [ reason-phrase ]
    # Stricter: no 1xx, for that is the server's; and as PEP 3333, nothing
    # invisible, no blank at the end of a phrase. (Apps send no phrase.)
    "status": r"[2-9][0-9]{2}(?: |(?: +[!-~\x80-\xff]+)+)",
}
RULES = {name: re.compile(RULES[name], re.ASCII) for name in RULES}


class RefusedError(Exception):
    """A rule is broken: the status of our answer, and the reason."""


def refuse_unless(condition, status, reason):
    """Raise RefusedError(status, reason) unless `condition` is true."""
    if not condition:
        raise RefusedError(status, reason)


def match(rule, text):
    """Return the match of all of `text`, a str, with one of the RULES;
    RefusedError if it does not follow that rule."""
    if found := RULES[rule].fullmatch(text):
        return found
    raise RefusedError(400, f"malformed {rule}")


def check_host(host):
    """Refuse what is no Host, or has [1:2] for an IPv6address."""
    match("Host", host)
    if host.startswith("["):
        try:
            IPv6Address(host[1 : host.index("]")])
        except ValueError:
            raise RefusedError(400, "malformed Host") from None


def target_form(method, target):
    """Return which form a request-target must have, one of the RULES."""
    if method == "CONNECT":
        return "authority-form"
    if method == "OPTIONS" and target == "*":
        return "asterisk-form"
    return "origin-form" if target.startswith("/") else "absolute-form"


def split_target(method, target):
    """Take a request-target apart; return its host (or None), path, and
    query, each a str. The path of the last two forms is all of it."""
    parts = match(target_form(method, target), target).groupdict("")
    path = parts["path"] or "/"
    return parts.get("host"), path, parts.get("query", "")


def check_head(status, headers):
    """Refuse what an app may not say at the start of its answer."""
    match("status", status)
    refuse_unless(type(headers) is list, 500, "headers that are no list")
    lengths = []
    for name, value in headers:
        match("field-name", name)
        match("field-value", value)
        ours = is_hop_by_hop(name)
        refuse_unless(not ours, 500, f"{name} is the server's business")
        if name.lower() == "content-length":
            lengths.append(value)
    if lengths:
        match("Content-Length", ",".join(lengths))  # only one fits
