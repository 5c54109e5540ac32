"""The checks of sheet 15."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from exercises.checks.cookies import Request, sent
from exercises.words import say

LOGIN = "https://shop.example/account/login"
COOKIES = (
    "a=1; Path=/; SameSite=Lax",
    "b=1; Path=/; SameSite=Strict; Secure; HttpOnly",
    "c=1; Path=/; SameSite=None; Secure",
    "d=1; Path=/account; SameSite=Lax; Secure",
    "e=1; Path=/; SameSite=Lax; Secure; Domain=shop.example",
    "__Host-f=1; Path=/; SameSite=Lax; Secure; Domain=shop.example",
)
SHOP, EVIL = "https://shop.example", "https://evil.example/"
WWW = "https://www.shop.example/"
REQUESTS = (
    Request(f"{SHOP}/accounts"),
    Request("http://shop.example/account"),
    Request(f"{SHOP}/account/pay", EVIL, "POST"),
    Request(f"{SHOP}/account/orders", EVIL),
    Request(WWW),
    Request(f"{SHOP}/account/tea.png", WWW, top=False),
)


def exercise_1(answer):
    """Predict: which cookies go along?"""
    came = []
    for request in REQUESTS:
        names = sent(COOKIES, LOGIN, request)
        came.append("".join(name[-1] for name in names))  # __Host-f: f
    hint = say("Which attribute could stop each of the cookies here?")
    answer.predicts("prediction", came, hint)


FILES = {  # what a folder holds, and the types
    "mint.txt": "text/plain",
    "green/sencha.txt": "text/plain",
    "style.css": "text/css",
    "a..b.txt": "text/plain",
    "..c.txt": "text/plain",
    "d e.txt": "text/plain",
    "grün.txt": "text/plain",
    "%2e%2e.txt": "text/plain",
    "leaf.png": "image/png",
}
BEGINS_ALIKE = (
    "../shelf-of-others/theirs.txt",
    "green/../../shelf-of-others/theirs.txt",
    "../shelf.txt",
)
NO_FILES = "green", "green/", ".", "..", "no.txt", "mint.txt/a", "*.txt"
SECRETS = "secret.txt", "shelf-of-others/theirs.txt", "shelf.txt"


def content(name, folder="shelf"):
    """The bytes of a file; no text at all, if it is a picture."""
    end = b"\xff\r\n" if name.endswith(".png") else b""
    return f"{name}, {folder}".encode() + end


def lay_out(place):
    """Write two folders of files, and secrets beside them; return whether
    this system has let us make symbolic links, too."""
    files = dict.fromkeys(SECRETS, b"a secret")
    for folder in "shelf", "release-7":
        for name in FILES:
            files[f"{folder}/{name}"] = content(name, folder)
    for path, data in files.items():
        file = Path(place, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    links = {
        "shelf/out.txt": "../secret.txt",
        "shelf/green/far": "../../shelf-of-others",
        "shelf/same.txt": "green/sencha.txt",
        "shelf/verde": "green",
        "shelf/lost.txt": "nowhere.txt",
        "current": "release-7",
    }
    try:
        for path, to in links.items():
            Path(place, path).symlink_to(to)
    except OSError:  # Windows does not let everybody
        return False
    return True


# May vary: by which functions, and the words of a 404. May not: which file
# is shown, whatever its name; that nothing outside is, by whatever way.
def exercise_2(answer):
    """Change: the files of one folder."""
    answer.load("beside_15_2")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = os.path.realpath(folder)
        links = lay_out(place)
        answer.run(f"lies_in({place!r})")
        shows_its_files(answer)
        shows_nothing_else(answer)
        if links:
            follows_links(answer)


def shows_its_files(answer):
    """Refuse an app that does not show what it is to show."""
    hint = say("Which names are harmless, whatever they look like?")
    for name, kind in FILES.items():
        right = 200, kind, content(name)
        answer.expect(f"get({name!r})", right, hint)
    hint = say("Whose folder is it?")
    right = [content("mint.txt", f) for f in ("shelf", "release-7")]
    answer.expect('two("mint.txt")', right, hint)
    hint = say("When is the folder looked at?")
    answer.expect('later("new.txt")', [404, 200, 404], hint)


def shows_nothing_else(answer):
    """Refuse an app that shows more, or fails, for a strange name."""
    hint = say("What does a path do with two dots?")
    for name in (
        "../secret.txt",
        "green/../../secret.txt",
        "./../secret.txt",
        "..//secret.txt",
    ):
        answer.expect(f"get({name!r})", 404, hint)
    hint = say("Where does a path begin that begins with a slash?")
    answer.expect('absolute("secret.txt")', 404, hint)
    answer.expect('get("/etc/passwd")', 404, hint)
    hint = say("Is a name that begins alike the name of the same folder?")
    for name in BEGINS_ALIKE:
        answer.expect(f"get({name!r})", 404, hint)
    answer.expect('absolute("shelf-of-others/theirs.txt")', 404, hint)
    hint = say("Who has decoded the name, and how often?")
    for name in "%2e%2e/secret.txt", "..%2fsecret.txt", r"..\secret.txt":
        answer.expect(f"get({name!r})", 404, hint)
    hint = say("Is it a file of the folder?")
    for name in (*NO_FILES, ""):
        answer.expect(f"get({name!r})", 404, hint)
    answer.expect("get()", 404, hint)
    hint = say("Which names can no file have, and who complains of them?")
    for name in r"mint.txt\0", r"\0../secret.txt":
        answer.expect(f'get("{name}")', 404, hint)
    answer.expect('get("a" * 300)', 404, hint)


def follows_links(answer):
    """Refuse an app that goes by the names of links, not by where they
    lead."""
    hint = say("Where does a symbolic link lead?")
    for name in "out.txt", "green/far/theirs.txt", "lost.txt", "green/far":
        answer.expect(f"get({name!r})", 404, hint)
    right = 200, "text/plain", content("green/sencha.txt")
    for name in "same.txt", "verde/sencha.txt":
        answer.expect(f"get({name!r})", right, hint)
    hint = say("And if the folder itself is a link?")
    right = 200, "text/plain", content("mint.txt", "release-7")
    answer.expect('get("mint.txt", "current")', right, hint)
    for name in "../secret.txt", "../shelf/mint.txt":
        answer.expect(f'get({name!r}, "current")', 404, hint)


HOSTS = "shop.example", "tea.example:8443"
NO_HOSTS = (  # which visitors may ask for, and the shop does not have
    "evil.example",
    "shop.example.evil.example",
    "evil-shop.example",
    "www.shop.example",
    "shop.example@evil.example",
    "evil.example/shop.example",
    "shop.example, evil.example",
    "shop",
    "example",
    "",
)
FORGED = "Host", "Port", "Prefix", "Server"


# May vary: where the host is looked at, and who makes the link. May not:
# whose links go out, whatever a visitor writes into whichever header.
def exercise_3(answer):
    """Change: a link that nobody can poison."""
    answer.load("beside_15_3")
    expect = answer.expect

    def right(host):
        return 200, [f"https://{host}/reset"]

    hint = say("What does a visitor get who does nothing strange?")
    for host in HOSTS:
        expect(f"forgot({host!r}, {HOSTS})", right(host), hint)
    expect(f"forgot('a.b.c', {(*HOSTS, 'a.b.c')})", right("a.b.c"), hint)
    mailed = ["ada@shop.example"] * 2, True, ["200", "200"]
    expect(f"addressees({HOSTS})", mailed, hint)
    hint = say("Who writes the header Host, and who has looked at it?")
    for host in *NO_HOSTS, "127.0.0.1", None:
        expect(f"forgot({host!r}, {HOSTS})", (400, []), hint)
    expect('forgot("shop.example", ("tea.example",))', (400, []), hint)
    hint = say("Which parts has an address, and which of them are yours?")
    for host in "shop.example:1234", "tea.example", "tea.example:8444":
        expect(f"forgot({host!r}, {HOSTS})", (400, []), hint)
    hint = say("Which of these headers does nginx write over?")
    for name in FORGED:
        evil = {"Host": "evil.example", "Port": "6666", "Prefix": "/evil"}
        value = evil.get(name, "evil.example")
        header = f"X_Forwarded_{name}={value!r}"
        asked = f"forgot('shop.example', {HOSTS}, {header})"
        expect(asked, right("shop.example"), hint)
    for header in "X_Host", "X_Original_Host", "X_HTTP_Host_Override":
        asked = f"forgot('shop.example', {HOSTS}, {header}='evil.example')"
        expect(asked, right("shop.example"), hint)
    forwarded = "Forwarded='host=evil.example;proto=http'"
    asked = f"forgot('shop.example', {HOSTS}, {forwarded})"
    expect(asked, right("shop.example"), hint)
    ours = "X_Forwarded_Host='shop.example'"
    expect(f"forgot('evil.example', {HOSTS}, {ours})", (400, []), hint)
    hint = say("Which pages make links, today and next year?")
    for path, status in {"/": 200, "/nowhere": 404}.items():
        expect(f"status('shop.example', {HOSTS}, {path!r})", status, hint)
        for host in "evil.example", "shop.example:1234":
            expect(f"status({host!r}, {HOSTS}, {path!r})", 400, hint)


NEW, OLD, BOTH = ["new"], ["old"], ["new", "old"]
ALL = ["new", "old", "older"]


# May vary: whether a cookie that is new already comes anew. May not: who
# signs, whose cookies count, and that a visit is enough for a new one.
def exercise_4(answer):
    """Change: a new key, and nobody has to log in again."""
    answer.load("beside_15_4")
    expect, welcome = answer.expect, ("Hello, Ada!", "signed by new")
    hint = say("Which key signs?")
    for keys in NEW, BOTH, ALL:
        expect(f"signed_by(*{keys})", "new", hint)
    expect('signed_by("old", "new")', "old", hint)
    expect("two_apps()", "new", hint)
    hint = say("Whose sessions are accepted?")
    for before, after in (NEW, NEW), (NEW, BOTH), (NEW, ALL):
        expect(f"seen(login={before}, now={after})", welcome, hint)
    for before in OLD, ["older"]:
        said = f"seen(login={before}, now={ALL})[0]"
        expect(said, "Hello, Ada!", hint)
    hint = say("And whose are not?")
    nobody = "Hello, stranger!"
    for before, after in (OLD, NEW), (["alien"], ALL), (["older"], BOTH):
        expect(f"seen(login={before}, now={after})[0]", nobody, hint)
    for eve in "forged", "guessed":
        expect(f"{eve}(*{ALL})", nobody, hint)
    hint = say("When does Flask send a session's cookie?")
    for before in OLD, ["older"]:
        for path in "/", "/about", "/nowhere":
            asked = f"seen(login={before}, now={ALL}, page={path!r})"
            expect(asked, welcome, hint)
    cart = {"cart": ["mint", "mint"]}
    expect(f'carried("old", *{BOTH}, **{cart})', (cart, "new"), hint)
    hint = say("Who has a session, and for how long?")
    expect(f'stranger("/", *{ALL})', (nobody, False), hint)
    expect(f'stranger("/about", *{ALL})', ("Tea since 1823.", False), hint)
    expect(f"leaves(*{BOTH})", (nobody, False), hint)
    expect(f"lasts(*{BOTH})", False, hint)
    hint = say("Whose list is it?")
    expect("twice()", 2, hint)
    hint = say("Which key can be guessed?")
    for keys in ["tea"], ["new", "tea"], ["tea", "new"], ["x" * 31], [""]:
        expect(f"refusal(*{keys})", "ValueError", hint)
    expect("refusal()", "ValueError", hint)
    expect(f"refusal({'x' * 32!r})", None, hint)


OWN, SISTER = "https://shop.example", "https://blog.shop.example"
STRANGERS = (
    "https://evil.example",
    SISTER,
    "null",
    "https://shop.example.evil.example",
    "https://evil.example:443",
    "https://evilshop.example",
    "https://shop.example:8443",
    "http://shop.example",
    "http://shop.example:443",
    "shop.example",
    "https://",
)
NO_ORIGINS = f"{OWN}:tea", f"{OWN}:99999", "https://["


# May vary: the words of a refusal. May not: which requests pass, which do
# not, and that those that pass are the app's, as if nobody had looked.
def exercise_5(answer):
    """Build: nobody writes from elsewhere."""
    answer.load("beside_15_5")
    expect, passes, refused = answer.expect, (200, 1), (403, 0)
    hint = say("Which methods change nothing?")
    for method in "GET", "HEAD", "OPTIONS":
        asked = f'write(method="{method}", Origin="{STRANGERS[0]}"'
        expect(f"{asked})", passes, hint)
        expect(f'{asked}, site="cross-site")', passes, hint)
    for method in "POST", "PUT", "PATCH", "DELETE", "BREW":
        asked = f'write(method="{method}", Origin="{STRANGERS[0]}"'
        expect(f"{asked})", refused, hint)
        expect(f'{asked}, site="cross-site")', refused, hint)
    hint = say("Which words does the browser write itself?")
    for site in "same-origin", "none":
        expect(f'write(site="{site}")', passes, hint)
        expect(f'write(site="{site}", Origin="{OWN}")', passes, hint)
    asked = f'write("gunicorn", site="same-origin", Origin="{OWN}")'
    expect(asked, passes, hint)
    wrong = "cross-site", "same-site", "same-origin, cross-site", "tea"
    for site in wrong:
        expect(f'write(site="{site}")', refused, hint)
        expect(f'write(site="{site}", Origin="{SISTER}")', refused, hint)
    expect(f'write(site="cross-site", Origin="{OWN}")', refused, hint)
    hint = say("Which three parts has an origin?")
    for origin in STRANGERS:
        expect(f'write(Origin="{origin}")', refused, hint)
    own = f'write(Origin="{OWN}")'
    expect(own, passes, hint)
    expect(f'write("127.0.0.1:8000", Origin="{OWN}")', refused, hint)
    local = "http://127.0.0.1:5000"
    asked = 'write("127.0.0.1:5000", scheme="http", Origin="%s")'
    expect(asked % local, passes, hint)
    expect(asked % "http://127.0.0.1", refused, hint)
    expect(asked % "https://127.0.0.1:5000", refused, hint)
    hint = say("Which port is meant if none is written?")
    expect(f'write("shop.example:443", Origin="{OWN}")', passes, hint)
    expect(f'write(Origin="{OWN}:443")', passes, hint)
    plain = 'write(%r, scheme="http", Origin="http://shop.example")'
    expect(plain % "shop.example:80", passes, hint)
    expect(plain % "shop.example:443", refused, hint)
    expect(plain % "shop.example:8080", refused, hint)
    hint = say("What if it is no address at all?")
    for origin in NO_ORIGINS:
        expect(f'write(Origin="{origin}")', refused, hint)
    hint = say("Who sends neither of the two headers?")
    expect("write()", passes, hint)
    expect('write(Referer="https://evil.example/")', passes, hint)
    hint = say("Whom does the app trust?")
    for origin in "https://admin.example", "http://127.0.0.1:8000":
        for more in "", ', site="cross-site"', ', site="same-site"':
            expect(f'write(Origin="{origin}"{more})', passes, hint)
    for origin in (
        "http://admin.example",
        "https://admin.example:8443",
        "https://admin.example.evil.example",
        "https://admin",
        "http://127.0.0.1",
    ):
        expect(f'write(Origin="{origin}")', refused, hint)
        cross = f'write(Origin="{origin}", site="cross-site")'
        expect(cross, refused, hint)
    written = 'write(trusted=["https://admin.example:443"], Origin=%r)'
    expect(written % "https://admin.example", passes, hint)
    expect(written % "http://admin.example", refused, hint)
    expect("without_trusted()", 403, hint)
    expect("two()", [200, 403, 200], hint)
    hint = say("What does the refused one read?")
    expect("refused()", ("text/plain", True), hint)
    is_not_noticed(answer)


def is_not_noticed(answer):
    """Refuse a guard that changes what it lets pass."""
    expect = answer.expect
    hint = say("What does the app see of a request that passes?")
    posted = ["POST", "/a", "b=1", "oolong", b"tea"]
    expect("requests(guarded)", [posted], hint)
    expect("added()", [], hint)
    hint = say("Who waits for whom, and who hears of the end?")
    events = ["made one ", "sent one ", "made two ", "sent two ", "closed"]
    diary = 'Diary(b"one ", b"two ")'
    expect(f"reads({diary})", events, hint)
    expect(f"reads({diary}, 1)", [*events[:2], "closed"], hint)
    for lazy in False, True:
        expect(f"left(lazy={lazy})", True, hint)
    hint = say("Whose `start_response` does the app get?")
    expect("errors(guarded(reports))", [None, "KeyError"], hint)
    expect("error_of(guarded(late))", "KeyError", hint)
    expect("ask(guarded(writes)).body", b"old tea", hint)


NAMES = (
    "Bob",
    "Tom & Jerry",
    "<b>Bob</b>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p></script><script>alert(1)",
    "'\"><svg onload=alert(1)>",
    "grün <3",
    "&lt;b&gt; &amp;",
    "{{ 7 * 7 }}",
    "{script} %s $name",
)
OWN_SCRIPT = 'if (1 < 2 && "tea") { document.write("Welcome.") }'
PAGES = ("/", 200), ("/late", 200), ("/old", 302), ("/nowhere", 404)


# May vary: by nonce, hash or file; how the name is escaped; which other
# directives there are. May not: which scripts run, that the nonce is new
# and cannot be guessed, on which answers the headers are.
def exercise_6(answer):
    """Change: no script but our own."""
    answer.load("beside_15_6")
    expect = answer.expect
    hint = say("Does your own script still run, as it is?")
    right = "Hello, Ada!", True, [OWN_SCRIPT]
    expect('shows("Ada")', right, hint)
    right = "Hello, Ada!", True, ["a = 'b'"]
    expect("""shows("Ada", "a = 'b'")""", right, hint)
    hint = say("What does a browser read, and what does a visitor see?")
    for name in NAMES:
        right = f"Hello, {name}!", True, [OWN_SCRIPT]
        expect(f"shows({name!r})", right, hint)
    hint = say("Which sources does the policy name, and for which pages?")
    for path, _ in PAGES:
        expect(f"lets_in({path!r})", [], hint)
    expect('lets_in("/", "POST")', [], hint)
    hint = say("Where do addresses begin that have no host?")
    expect("misled()", [], hint)
    hint = say("When is a nonce made, and by which module?")
    expect("guessable()", None, hint)
    hint = say("Which answers are each answer?")
    for path, status in PAGES:
        right = status, "nosniff", ["'none'"]
        expect(f"rest({path!r})", right, hint)
    expect('rest("/", "POST")', (405, "nosniff", ["'none'"]), hint)
    expect('rest("/", "HEAD")', (200, "nosniff", ["'none'"]), hint)
    hint = say("Who knows better what this page needs?")
    partner = "frame-ancestors https://partner.example"
    expect("widget()", [partner], hint)
    right = 200, "nosniff", ["https://partner.example"]
    expect('rest("/widget")', right, hint)
