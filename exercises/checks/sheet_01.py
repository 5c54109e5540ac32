"""The checks of sheet 01."""

import os
from pathlib import Path

from flask import Flask

from exercises.words import say
from wsgi import app


def exercise_1(answer):
    """Predict: four requests."""
    client = app.test_client()
    requests = ["HEAD /", "POST /greet/Ada"]
    requests += ["GET /greet/", "GET /greet/Ada/Lovelace"]
    came = [
        client.open(path, method=method).status_code
        for method, path in map(str.split, requests)
    ]
    hint = say("Does a rule fit the path, and does it take the method?")
    answer.predicts("prediction", came, hint)


def exercise_2(answer):
    """Predict: whose visits?"""
    ada, grace = app.test_client(), app.test_client()
    came = [who.get("/visits").json["visits"] for who in (ada, ada, grace)]
    grace.set_cookie("session", ada.get_cookie("session").value)
    came += [who.get("/visits").json["visits"] for who in (grace, ada)]
    hint = say("Where is the count kept, and who brings it along?")
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: a greeting that obeys its visitors."""
    # May vary: how a letter is written in HTML, `{` or `&#123;`, and how
    # the page is made. Must not: what a browser shows, whatever the name.
    answer.load("beside_01_3")
    hint = say("What is the template, and what goes into its holes?")
    page = "<p>Hello, Ada!</p>"
    answer.expect('greeted("Ada")', (200, "text/html", page), hint)
    for name in [
        "Grace",
        "<i>Ada",
        "www.tea.example",
        "Ada & Grace",
        "&lt;b&gt;",
        'O\'Hara "Ada"',
        " Zoë  茶 ",
        "50%s {name} {0} \\1 $name",
        "%41da+1",
        "two\nlines",
        "Ada " * 15,
        "{{ 6 * 7 }}",
        "{{ name }}",
        "{% if 1 %}tea{% endif %}",
        "{# tea #}",
        "{% endraw %}{{ 6 * 7 }}{% raw %}",
        "}}{{ 6 * 7 }}{{",
        "{{ '{{ 6 * 7 }}' }}",
        "# for tea in 6 * 7",
        "{{",
        "{% tea",
    ]:
        seen = (["p"], f"Hello, {name}!")
        answer.expect(f"shown({name!r})", seen, hint)


def exercise_4(answer):
    """Change: a shelf of teas."""
    # May vary: a Location with or without a host, and what a 400 says;
    # whether JSON counts that is not called JSON; what becomes of a name
    # that is no text, or empty, or that no header can hold. Must not: what comes back is what was
    # sent, whole, and nothing that is sent is an error of the view.
    answer.load("beside_01_4")
    hint = say("What may a view return beside its value?")
    mint = {"name": "mint"}
    answer.expect(f"post({mint}).status_code", 201, hint)
    answer.expect(f"post({mint}).json", mint, hint)
    answer.expect(f"place(post({mint}))", "/teas/mint", hint)
    hint = say("Whose name is in the header?")
    for name in "green", "earl grey", "Mint":
        place = f'place(post({{"name": "{name}"}}))'
        answer.expect(place, f"/teas/{name}", hint)
    hint = say("What was sent beside the name?")
    more = {"cups": 3, "name": "mint", "from": ["Assam", None]}
    answer.expect(f"post({more}).json", more, hint)
    kind = "application/json; charset=utf-8"
    answer.expect(f"post({mint}, {kind!r}).status_code", 201, hint)
    hint = say("What have you got before you ask for its name?")
    for bad in [
        {},
        {"tea": "mint"},
        {"Name": "mint"},
        {"tea": mint},
        ["name"],
        [["name", "mint"]],
        [mint],
        "name",
        "",
        5,
        1.5,
        True,
        False,
        None,
    ]:
        answer.expect(f"post({bad!r}).status_code", 400, hint)
    kinds = "application/json", "text/plain", None
    for raw in b"mint", b"", b'{"name": "mint"', b"{'name': 'mint'}":
        for kind in kinds[: 1 if raw else 3]:
            sent = f"post({raw!r}, {kind!r})"
            answer.expect(f"{sent}.status_code", 400, hint)
    form = 'post(b"name=mint", "application/x-www-form-urlencoded")'
    answer.expect(f"{form}.status_code", 400, hint)
    query = 'post(b"", path="/teas?name=mint")'
    answer.expect(f"{query}.status_code", 400, hint)
    hint = say("Is every name a text, and must your view mind?")
    for name in 5, "", None, ["mint"], "茶":
        odd = f"post({{'name': {name!r}}}).status_code"
        answer.expect(f"{odd} in (201, 400)", True, hint)
    hint = say("Which methods does the route take?")
    for method in "GET", "HEAD", "PUT", "PATCH", "DELETE":
        asked = f'post({mint}, method="{method}").status_code'
        answer.expect(asked, 405, hint)


def exercise_5(answer):
    """Build: an extension."""
    # May vary: by which door the header comes in, and how often it stands
    # there. Must not: all else in an answer, of any kind; what else is
    # plugged in, before and after; which of the apps is asked, and when.
    answer.load("beside_01_5")
    answer.run("one, two, three, plugin, other = plug_in()")
    hint = say(
        "What calls a hook of `after_request`, and what does it return?"
    )
    paths = ["/tea", "/nowhere", "/error", "/json", "/text", "/stream"]
    paths += ["/moved", "/nothing", "/static/no.js", "/bytes", "/cookies"]
    paths += ["/file", "/early", "/forbidden"]
    for site in "one", "two", "three", "other", "one":
        for path in paths:
            for method in "GET", "PUT":
                guard = f'guard({site}, "{path}", "{method}")'
                answer.expect(guard, {"nosniff"}, hint)
    hint = say("Which response do you return, and what has it lost?")
    for site in "one", "two":
        for path in paths:
            for method in "GET", "HEAD", "POST":
                call = f'changed({site}, "{path}", "{method}")'
                answer.expect(call, {}, hint)
    hint = say("Where does an extension leave itself?")
    for site in "one", "two", "three":
        left = f'{site}.extensions.get("no-sniff") is plugin'
        answer.expect(left, True, hint)
    hint = say("Who else has left something there?")
    answer.expect('two.extensions.get("tea")', "mint", hint)


def exercise_6(answer):
    """Predict: what the name decides."""
    apps = [
        Flask("my_flask_app"),
        Flask("small_server.wire"),
        Flask("a_tea_shop"),
        Flask("notebooks.serving", template_folder="pages"),
    ]
    folders = [Path(app.root_path, app.template_folder) for app in apps]
    folders.append(apps[-1].static_folder)
    came = [Path(os.path.relpath(path)).as_posix() for path in folders]
    hint = say("Where does the module lie that has this name?")
    answer.predicts("prediction", came, hint)


def exercise_7(answer):
    """Build: a form that is sent once."""
    # May vary: the page around form and list, how the list is kept, what a
    # 400 says, a Location with or without a host, spaces around a wish,
    # which a browser drops. Must not: what is taken, what a browser shows
    # of it, and that only a wish changes the list.
    answer.load("beside_01_7")
    hint = say("What does the view for `GET /` return?")
    answer.expect("page()", (200, "text/html"), hint)
    answer.expect("listed()", [], hint)
    hint = say("Where does the form of the page go, and by which method?")
    answer.expect('sends("tea")', [("post", "/")], hint)
    hint = say("What does a view return that has changed something?")
    answer.expect('wish("mint")', (303, "/"), hint)
    hint = say("Where are the wishes kept, and who changes them?")
    answer.expect("listed()", ["mint"], hint)
    answer.run('app.test_client().head("/")')
    answer.expect("listed()", ["mint"], hint)
    answer.expect('arrives("earl grey")', (200, "GET", True), hint)
    hint = say("Is a wish kept and shown as it was typed?")
    odd = ["<i>green", "{{ 6 * 7 }}", "Ada & Grace", "&lt;b&gt;", "thé 茶"]
    odd += ["Mint", "mint", "mint", "50% oolong+", "0", "a" * 300]
    odd += ["black, green; 1", "ja 'or' \"nein\""]
    for number, tea in enumerate(odd, 3):
        answer.expect(f"wish({tea!r})", (303, "/"), hint)
        answer.expect("listed()[-1]", tea, hint)
        answer.expect("len(listed())", number, hint)
    answer.expect('wish("  white  tea ")', (303, "/"), hint)
    answer.expect('listed()[-1].count(" ")', 2, hint)
    seen = ["mint", "earl grey", *odd, "white  tea"]
    answer.expect("listed()", seen, hint)
    hint = say("Which requests hold no wish?")
    for body in {}, {"tea": ""}, {"tea": "   "}, {"name": "mint"}:
        answer.expect(f"post({body}).status_code", 400, hint)
    answer.expect("post(b'tea=mint').status_code", 400, hint)
    query = 'post({}, query_string={"tea": "mint"}).status_code'
    answer.expect(query, 400, hint)
    sent_json = 'post(None, json={"tea": "mint"}).status_code'
    answer.expect(sent_json, 400, hint)
    answer.run('get("/?tea=mint")')
    answer.expect("len(listed())", len(seen), hint)
    answer.expect("listed()", seen, hint)
    answer.expect('sends("tea")', [("post", "/")], hint)
    hint = say("Who says which page is asked for next?")
    answer.expect('wish("sencha", "/menu")', (303, "/"), hint)
    hint = say("Which errors does your error page answer?")
    asked = ("/tea", "GET"), ("/a/b", "GET"), ("/tea", "POST")
    asked += ("/tea", "PUT"), ("/static/tea", "GET")
    for path, method in asked:
        call = f'missing("{path}", "{method}")'
        answer.expect(call, (404, "no such page"), hint)
    answer.expect('missing("/", "PUT")[0]', 405, hint)
    for code in 400, 401, 403, 405, 410, 500:
        answer.expect(f"is_flasks({code})", True, hint)
    same = '"no such page" in (post({}).text, missing("/", "PUT")[1])'
    answer.expect(same, False, hint)
