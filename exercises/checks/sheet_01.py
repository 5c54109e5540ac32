"""The checks of sheet 01."""

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
    page = 'app.test_client().get("/greet/%s").text'
    hint = say("What is the template, and what goes into its holes?")
    answer.expect(page % "Ada", "<p>Hello, Ada!</p>", hint)
    safe = "<p>Hello, &lt;i&gt;Ada!</p>"
    answer.expect(page % "<i>Ada", safe, hint)
    safe = "<p>Hello, {{ 6 * 7 }}!</p>"
    answer.expect(page % "{{ 6 * 7 }}", safe, hint)
    safe = "<p>Hello, Ada &amp; Grace!</p>"
    answer.expect(page % "Ada & Grace", safe, hint)


def exercise_4(answer):
    """Change: a shelf of teas."""
    post = 'app.test_client().post("/teas", %s)'
    mint = post % 'json={"name": "mint"}'
    hint = say("What may a view return beside its value?")
    answer.expect(f"{mint}.status_code", 201, hint)
    answer.expect(f"{mint}.json", {"name": "mint"}, hint)
    path = f'str({mint}.location).removeprefix("http://localhost")'
    answer.expect(path, "/teas/mint", hint)
    green = post % 'json={"name": "green"}'
    path = f'str({green}.location).removeprefix("http://localhost")'
    answer.expect(path, "/teas/green", say("Whose name is in the header?"))
    hint = say("What have you got before you ask for its name?")
    for bad in "json={}", 'json=["name"]', 'data=b"mint"', 'json="name"':
        answer.expect(f"{post % bad}.status_code", 400, hint)
    hint = say("Which methods does the route take?")
    answer.expect('app.test_client().get("/teas").status_code', 405, hint)


def exercise_5(answer):
    """Build: an extension."""
    answer.load("beside_01_5")
    answer.run("one, two, plugin = plug_in()")
    hint = say(
        "What calls a hook of `after_request`, and what does it return?"
    )
    for site in "one", "two":
        for path in "/tea", "/nowhere", "/error":
            reply = f'{site}.test_client().get("{path}")'
            header = f'{reply}.headers.get("X-Content-Type-Options")'
            answer.expect(header, "nosniff", hint)
    hint = say("Which response do you return?")
    reply = 'two.test_client().get("/tea")'
    answer.expect(
        f"{reply}.status_code, {reply}.text", (418, "mint"), hint
    )
    answer.expect(f'{reply}.headers.get("X-Tea")', "mint", hint)
    hint = say("Where does an extension leave itself?")
    answer.expect('one.extensions.get("no-sniff") is plugin', True, hint)
