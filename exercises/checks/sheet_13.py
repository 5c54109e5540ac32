"""The checks of sheet 13."""

import re
import signal
import socket
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from exercises.checks.files import files_of
from exercises.commands import (
    error_in,
    only,
    running,
    start_threads,
    text_of,
    why_gunicorn_ended,
)
from exercises.words import say
from notebooks.serving import serve, wait_until

TWO = "gunicorn -w 2 -b 127.0.0.1:0 shop:app"


def samples_of(text):
    """What a page for Prometheus says: [(name, labels, value), ...]."""
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if re.search(rf"(?m)^{sample.name}\b", text)  # it adds `_total`
    ]


def two_numbers(server, worker):
    """The teas and the pages of a scrape, two int."""
    with only(server, worker):
        samples = samples_of(server.get("/metrics").text)
    values = {name: value for name, _, value in samples}
    return int(values["teas_total"]), int(values["pages"])


def order(server, worker, times):
    """Order so many teas of a worker; the status of the last answer."""
    with only(server, worker):
        replies = [server.post("/order") for _ in range(times)]
    return replies[-1].status_code


def up(server, worker):
    """Return a worker when it has answered. If one is stopped while it
    starts (`only`), it may leave a file half written, which no other reads."""
    with only(server, worker):
        server.get("/")
    return worker


def two_up(server):
    """The two workers, when each has answered."""
    return [up(server, worker) for worker in server.wait_for_workers(2)]


def end(server, worker):
    """Kill a worker, and wait for the one in its place; return that, or
    None if the arbiter gives up."""
    old, new = server.workers, set()
    worker.kill()

    def has_come():
        new.update({*server.workers} - {*old})
        return new or "Unhandled exception in main loop" in server.log

    wait_until(has_come)
    return up(server, new.pop()) if new else None


def scrapes(command):
    """What the four scrapes of exercise 1 say: of teas, of pages."""
    with serve(command, files_of("13_1")) as server:
        one, two = two_up(server)
        order(server, one, 3)
        order(server, two, 1)
        came = [two_numbers(server, one), two_numbers(server, two)]
        order(server, two, 2)
        came.append(two_numbers(server, one))
        new = end(server, one)
        came.append(two_numbers(server, new))
    return [list(numbers) for numbers in zip(*came, strict=True)]


@cache  # no answer changes it
def scraped():
    """What comes in exercise 1, without the mode and with it."""
    return scrapes(TWO), scrapes(f"PROMETHEUS_MULTIPROC_DIR=. {TWO}")


def exercise_1(answer):
    """Predict: what four scrapes say."""
    hints = {
        "alone": say("Whose memory is it, and what is in a new one?"),
        "shared": say("Whose files are added up, and who deletes them?"),
        "pages": say("What does `live` mean, and who is not alive?"),
    }
    for name, hint in hints.items():
        answer(name, hint)  # before a server is started
    alone, (shared, pages) = scraped()
    came = {"alone": alone[0], "shared": shared, "pages": pages}
    for name, hint in hints.items():
        answer.predicts(name, came[name], hint)


THREADS = "gunicorn -w 2 --threads 4 -b 127.0.0.1:0 shop:app"
AGAIN = f"sh -c 'python yesterday.py && exec {THREADS}'"


def exercise_2(answer):
    """Change: a counter for all workers."""
    # May vary: which hook empties the folder, who sets the variable, what
    # else is measured. Must not: what is said of all workers, whoever says
    # it, after a KILL and a HUP, with a folder and without one.
    shop, conf = text_of(answer, "shop"), text_of(answer, "conf")
    if re.search(r"(?m)^\s*daemon\b", conf):
        hint = say("Who is to see it end?")
        answer.refuse(say("`conf` makes a daemon of it."), hint)
    files = {"shop.py": shop, "gunicorn.conf.py": conf}
    with running(answer, THREADS, files) as server, ExitStack() as ends:
        counts_all(answer, server, ends)
    files |= files_of("13_2")
    with running(answer, AGAIN, files) as server:
        order(server, two_up(server)[0], 1)
        hint = say("Which files are there before, who takes them away?")
        when = say("with a folder of yesterday")
        says_so(answer, server, when, [1, 0], [hint, hint])


def counts_all(answer, server, ends):
    """Refuse what does not add up; `ends` closes what is opened."""
    one, two = two_up(server)
    for worker in one, two:
        start_threads(server, worker, 4)
    order(server, one, 3)
    order(server, two, 2)
    adds = say("Which collector reads the files, and whose registry?")
    labels = say("Which mode of a gauge adds up those who are alive?")
    when = say("3 ordered at a worker, 2 at the other")
    says_so(answer, server, when, [5, 0], [adds, labels])
    many = len([*Path(server.folder, "metrics").glob("*.db")])
    hint = say("Which folder does the variable name?")
    called = say("files in the folder `metrics`, any")
    answer.compare(called, many > 0, True, hint)
    for worker in one, one, two:
        visit(server, worker, ends)
    when = say("2 visitors at a worker, 1 at the other")
    says_so(answer, server, when, [5, 3], [adds, labels], 8)
    new = end(server, one)
    if new is None:
        hint = say("What does the arbiter need to know?")
        answer.refuse(why_gunicorn_ended(server), hint)
    when = say("one worker killed")
    kept = say("Who deletes files when a worker goes, or comes?")
    dead = say("Which hook runs when a worker has ended, and where?")
    says_so(answer, server, when, [5, 1], [kept, dead])
    order(server, new, 1)
    when = say("one worker killed, an order at the new one")
    first = say("Who imports the package first, and is the variable set?")
    says_so(answer, server, when, [6, 1], [first, first])
    Path(server.folder, "bell").touch()
    when = say("all visitors have left")
    left = say("Who tells of a visitor who leaves?")
    says_so(answer, server, when, [6, 0], [kept, left], 8)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not {two, new} & {*server.workers})
    order(server, two_up(server)[0], 1)
    when = say("a HUP and one more order")
    again = say("What of your file runs again at a HUP?")
    says_so(answer, server, when, [7, 0], [again, again])


def visit(server, worker, ends):
    """Let a visitor sit down at a worker, and stay."""
    with only(server, worker):
        visitor = socket.create_connection(server.address, 10)
        ends.enter_context(visitor)
        visitor.sendall(b"GET /drink HTTP/1.0\r\n\r\n")
        server.get("/metrics")  # who comes later is accepted later


def says_so(answer, server, when, right, hints, seconds=0):
    """Refuse the answer if a worker says other numbers than `right`: of
    teas, of visitors. So many `seconds` are theirs to sit, or to leave."""
    names, said = ("teas_total", "visitors_inside"), []

    def all_say():
        said.clear()
        for worker in server.workers:
            samples = scrape(answer, server, worker)
            said.append([number(samples, name) for name in names])
        return all(numbers == right for numbers in said)

    with suppress(TimeoutError):
        wait_until(all_say, seconds)
    for numbers in said:
        for name, came, it, hint in zip(
            names, numbers, right, hints, strict=True
        ):
            called = say("{name}: {state}", name=name, state=when)
            answer.compare(called, came, it, hint)


def scrape(answer, server, worker):
    """What a worker says at /metrics, as `samples_of`; refuses what
    Prometheus would not read."""
    with only(server, worker):
        page = server.get("/metrics")
    if page.status_code == 500:
        answer.logged = error_in(server)
    hint = say("Which folder is read here, and what is in it?")
    answer.compare("GET /metrics", page.status_code, 200, hint)
    try:
        return samples_of(page.text)
    except ValueError:
        why = say("GET /metrics gave what Prometheus cannot read.")
        answer.refuse(why, say("Who writes this page for you?"))


def number(samples, wanted):
    """The number of the one sample under a name that has no labels, an
    int; else the samples that there are, a list of str."""
    mine = [
        (more, value) for name, more, value in samples if name == wanted
    ]
    if [more for more, _ in mine] == [{}]:
        return int(mine[0][1])
    return [f"{wanted}{{{', '.join(more)}}}" for more, _ in mine]


def exercise_3(answer):
    """Build: a histogram that stays small."""
    # May vary: hooks of Flask's or a middleware, the words of the help, the
    # buckets. Must not: what is counted, under which labels, when, and with
    # which time; that nobody else notices.
    answer.load("beside_13_3")
    expect = answer.expect
    hint = say("Whose registry is it, and what is in it?")
    expect("kinds()", {"request_seconds": "histogram"}, hint)
    hint = say("Which names have the labels?")
    expect("labels()", ["method", "route", "status"], hint)
    hint = say("How often is it counted, and under which labels?")
    expect('counts("GET /")', {("GET", "/", "200"): 1}, hint)
    hint = say("What is `request.url_rule.rule`?")
    teas = ", ".join(f'"GET /tea/{name}"' for name in ("mint", "green"))
    key = ("GET", "/tea/<name>", "200")
    expect(f"counts({teas})", {key: 2}, hint)
    cups = {("GET", "/tea/<int:n>/cups", "200"): 1}
    expect('counts("GET /tea/7/cups?a=1")', cups, hint)
    club = {("GET", "/club/<path:page>", "200"): 1}
    expect('counts("GET /club/a/b")', club, hint)
    hint = say("Who made this answer, and has a route been found?")
    none = {("GET", "none", "404"): 2}
    expect('counts("GET /wp-admin", "GET /.env")', none, hint)
    expect('counts("GET /order")', {("GET", "none", "405"): 1}, hint)
    expect('counts("GET /gone")', {("GET", "/gone", "404"): 1}, hint)
    hint = say("Who answers when a view fails?")
    expect('counts("GET /fail")', {("GET", "/fail", "500"): 1}, hint)
    hint = say("Which methods are there, and who may make one up?")
    key = ("POST", "/order", "201")
    expect('counts("POST /order")', {key: 1}, hint)
    expect('counts("HEAD /")', {("HEAD", "/", "200"): 1}, hint)
    expect('counts("OPTIONS /")', {("OPTIONS", "/", "200"): 1}, hint)
    for method in "PUT", "PATCH", "DELETE":
        made = {(method, "none", "405"): 1}
        expect(f'counts("{method} /")', made, hint)
    made = {("other", "none", "405"): 2}
    expect('counts("BREW /", "X-1 /tea/mint")', made, hint)
    expect('counts("WHEN /no")', {("other", "none", "404"): 1}, hint)
    hint = say("Who waits for whom, and who hears of the end?")
    events = ["made one", "sent made one", "made two", "sent made two"]
    expect('Shop().read("/stream")', ([*events, "closed"], None), hint)
    left = [*events[:2], "closed"]
    expect('Shop().read("/stream", 1)', (left, None), hint)
    expect('Shop().read("/breaks")', (left, "KeyError"), hint)
    hint = say("When does it begin, and which call is the last of all?")
    right = {"times": 1, "too short": False, "too long": False}
    for asked in '"/slow"', '"/stream"', '"/breaks"', '"/stream", most=1':
        expect(f"took({asked})", right, hint)
    expect("early()", (0, 1), hint)
    hint = say("Where does each request keep the moment of its beginning?")
    both = {("GET", "/", "200"): 1, ("GET", "/stream", "200"): 1}
    expect("two_at_once()", (both, False), hint)
    expect("two_threads()", {("GET", "/meet", "200"): 2}, hint)
    hint = say("Whose registry is it?")
    expect("two_shops()", (1, 0), hint)
    hint = say("What does a visitor see of it?")
    for asked in (
        '"/"',
        '"/order", "POST"',
        '"/no"',
        '"/fail"',
        '"/stream"',
    ):
        came, right = answer(f"answers({asked})", hint)
        answer.compare(f"answers({asked})[0]", came, right, hint)


GIVEN = "abcd-1234", "A" * 64, "12345678", "--------"
ODD = "", "abcd-12", "A" * 65, "abcd_1234", "abcd 1234", "cafés-1234"
ODD += "abcd-1234, efgh-5678", "abcd-1234é", "../../etc/passwd", "²³²³²³²³"
ODD += 'abcd-1234"', "%0a%0aabcd", "{request}", "abcd-1234\n"


def exercise_4(answer):
    """Build: an id for each request."""
    # May vary: how an id is made, function or class, how the two parts know
    # of each other. Must not: which id is whose, in the answer, the environ
    # and each record, in threads and in turns; the rules for a body.
    answer.load("beside_13_4")
    expect = answer.expect
    hint = say(
        "Which header is it in the environ, and who reads it there?"
    )
    for given in GIVEN:
        expect(f"ids(Page(), {given!r})", (given, given), hint)
        hint = say("Which letters may it have, how many, to its very end?")
    for given in ODD:
        odd = given.encode().decode("latin-1")
        expect(f"is_new({odd!r})", True, hint)
    hint = say("What if there is no header?")
    expect("is_new(None)", True, hint)
    expect("many()", 200, hint)
    hint = say("Which answers are each answer?")
    for app in "already", "missing", "nothing", "reports", "writes":
        right = "abcd-1234", "abcd-1234"
        expect(f'ids({app}, "abcd-1234")', right, hint)
    head = 'ids(nothing, "abcd-1234", "HEAD")'
    expect(head, ("abcd-1234", "abcd-1234"), hint)
    hint = say("What does the app have, and the client not?")
    kept = [("content-type", "text/plain"), ("Set-Cookie", "a=1")]
    kept += [("Set-Cookie", "b=2"), ("X-Request", "tea")]
    expect("rest(already)", ("200 OK", kept, b"one two"), hint)
    hint = say("How many arguments may `start` get, what does it return?")
    expect("errors(with_id(reports))", [None, "KeyError"], hint)
    expect("error_of(with_id(late))", "KeyError", hint)
    expect("rest(writes)[2]", b"old tea", hint)
    hint = say("What does the app see of the request?")
    posted = ["POST", "/a", "b=1", "oolong", b"tea"]
    expect("requests(with_id)", [posted], hint)
    expect("added()", ["request_id"], hint)
    hint = say("Who reads the app's body, and who closes it?")
    read = ["made one ", "sent one ", "made two ", "sent two ", "closed"]
    for lazy in "", "lazy=True":
        expect(f"serve(Diary({lazy}))", read, hint)
    expect("serve(Diary(), most=1)", [*read[:2], "closed"], hint)
    expect("serve(Diary(fails=True))", [*read[:2], "closed"], hint)
    for lazy in False, True:
        expect(f"left(lazy={lazy})", True, hint)
    hint = say("When does which code of the app run, and who calls it?")
    expect("one_by_one()", records("mine: /a called", "-: begun"), hint)
    lazy = records("-: begun", "mine: /a called")
    expect("one_by_one(lazy=True)", lazy, hint)
    hint = say("What is left behind when the app has failed?")
    for what in "called", "two", "closed":
        right = ["-: failed", "-: after"]
        expect(f"fails({what!r})[1]", right[1], hint)
        if what == "closed":
            expect(f"fails({what!r})", right, hint)
    hint = say("Whose id is it when two answers are read in turns?")
    right = {"/a": ["aaaaaaaa"], "/b": ["bbbbbbbb"]}
    for lazy in False, True:
        expect(f"two_in_turns(lazy={lazy})", right, hint)
    hint = say("What do two threads share?")
    expect("two_threads()", right, hint)


def records(first, second):
    """What is logged of one request that is read whole."""
    return [
        *("-: before", first, second, "mine: /a one", "-: got one"),
        *("mine: /a two", "-: got two", "mine: /a closed", "-: after"),
    ]


def exercise_5(answer):
    """Build: which line leaks?"""
    # May vary: how often `work` is called, up to 300 times, how deep the
    # tracebacks are. Must not: the line, whatever else comes and goes.
    answer.load("beside_13_5")
    finds = {
        "pages": (
            "page = text[:1000]",
            say("What is kept, what is gone?"),
        ),
        "a cache": (
            "seen.append(bytearray(600))",
            say("What if a cache is filled once? When do you look first?"),
        ),
        "a library": (
            "order = json.loads(TEXT)",
            say(
                "Which of the lines that called one another is in `path`?"
            ),
        ),
        "cycles": (
            None,
            say("What does the garbage collector take, and when?"),
        ),
        "a stock": (
            'log.append("x" * 700 + str(state["calls"]))',
            say("What has grown here, and what has shrunk?"),
        ),
        "small ones": (
            "return bytearray(size)",
            say("Which line asks for the most, in all its calls?"),
        ),
        "a word": (
            'seen.append("x" * 100 + str(len(seen)))',
            say("How much more is it with each call?"),
        ),
        "a pointer": (None, say("How much more is it with each call?")),
    }
    for name, (line, hint) in finds.items():
        answer.expect(f"found({name!r})", line, hint)
    hint = say("In whose file is the line to be?")
    right = "seen[number] = bytes(500)", "kept.append(bytes(4000))"
    answer.expect('found_beside("a view", "another")', right, hint)
    hint = say("What does tracing cost, and when is it needed?")
    answer.expect('tracing("pages")', (False, [True], False), hint)
    answer.expect('raises("pages")', ("KeyError", False), hint)
    hint = say("Who needs the garbage collector afterwards?")
    answer.expect('still_collects("pages")', (True, True), hint)
