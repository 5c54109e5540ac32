"""The checks of sheet 14."""

from functools import cache

from sqlalchemy import create_engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from exercises.words import say


class Workers:
    """Pools as several workers have them, and how many connections are
    open. No view runs yet."""

    def __init__(self, workers, max_overflow=2):
        self.engines = [
            create_engine(
                "sqlite://",
                poolclass=QueuePool,
                pool_size=4,
                max_overflow=max_overflow,
                pool_timeout=0,
            )
            for _ in range(workers)
        ]
        self.open = self.wait = 0
        for engine in self.engines:
            event.listen(engine, "connect", self.opens)
            event.listen(engine, "close", self.closes)

    def opens(self, *connection):
        self.open += 1

    def closes(self, *connection):
        self.open -= 1

    def serve(self, threads):
        """Let as many views as a worker has threads run in each, at the
        same moment; return how many connections are open then."""
        held = []
        for engine in self.engines:
            for _ in range(threads):
                try:
                    held.append(engine.connect())
                except PoolTimeoutError:
                    self.wait += 1
        most = self.open
        for connection in held:
            connection.close()
        return most

    def end(self):
        for engine in self.engines:
            engine.dispose()


@cache  # no answer changes it
def connections():
    """What came of the seven: real pools, of connections to SQLite."""
    eight, twelve = Workers(8), Workers(12)
    few, endless = Workers(8), Workers(8, max_overflow=-1)
    came = [eight.open, eight.serve(8), eight.wait, eight.open]
    came += [twelve.serve(8), few.serve(3), endless.serve(8)]
    for workers in eight, twelve, few, endless:
        workers.end()
    return came


def exercise_1(answer):
    """Predict: how many connections?"""
    hint = say(
        "How many pools are there, and when does one open, or close?"
    )
    answer.predicts("prediction", connections(), hint)


# May vary: what gives the connection back, and when, up to the end of the
# request. May not: the connections after each request, of the check's own
# views, too; that no view's half of the work is kept; the size of the pool.
def exercise_2(answer):
    """Change: a pool that runs dry."""
    answer.load("beside_14_2")

    def visit(request, status, hint, more=""):
        came = answer(f"visit({request!r}{more})", hint)
        answer.compare(request, came, status, hint)
        hint = say(
            "What runs at the end of each request, whatever happens?"
        )
        called = say(
            "connections that are out after {request}", request=request
        )
        answer.compare(called, answer("left_out()"), 0, hint)

    hint = say("What did it answer before?")
    visit("GET /stock/green", 200, hint)
    visit("GET /stock/oolong", 404, hint)
    visit("POST /sell/green", 200, hint)
    visit("POST /sell/green", 200, hint)
    visit("POST /sell/green", 409, hint)
    visit("POST /sell/oolong", 404, hint)
    hint = say("The check's own views use `Session`: does it still work?")
    visit("GET /keeps", 200, hint)
    visit("GET /raises", 500, hint)
    hint = say("When does the request of an answer in parts end?")
    visit("GET /streams", 200, hint)
    visit("GET /streams", 200, hint, ", reads=False")
    hint = say(
        "What happens to what a view has written, if it has failed?"
    )
    visit("GET /forgets", 200, hint)
    visit("GET /fails", 500, hint)
    visit("GET /again", 500, hint)
    visit("POST /sell/black", 200, hint)
    left = {"green": 0, "black": 8, "kept": 1}
    answer.expect("teas()", left, hint)
    hint = say("In which thread is a connection, when the next one asks?")
    for thread in range(8):
        visit("GET /stock/green", 200, hint, f", thread={thread}")
    hint = say("How many may be open, and do the others wait?")
    answer.expect('at_once("GET /slow", 4)', [200] * 4, hint)
    called = say("connections that were open at once")
    came = answer("most_open()")
    answer.compare(called, max(came, 2), 2, hint)
    hint = say("Who else uses the session, or the connection, meanwhile?")
    answer.expect('at_once("GET /own", 2)', [200] * 2, hint)


def after(cents):
    """The accounts, when ada has given eve so many."""
    return {"ada": 100 - cents, "eve": 50 + cents}


NONE, VALUE, DATABASE = "no error", "ValueError", "OperationalError"


# May vary: how a transaction is begun, and how long a try waits for the
# next one. May not: what comes of a transfer while others write, or read;
# five tries, and no sixth; what is told, and when; the connection.
def exercise_3(answer):
    """Change: a transfer that loses money."""
    answer.load("beside_14_3")

    def comes(call, what, hint, came=NONE, cents=30, told=1):
        """What is to come of a transfer; `cents` are those that moved."""
        result = answer(call, hint)

        def compare(called, came, expected, hint=hint):
            answer.compare(called, came, expected, hint)

        compare(say("{what}: the error", what=what), result["came"], came)
        accounts = result["accounts"]
        called = say("{what}: the accounts", what=what)
        compare(called, accounts, after(cents))
        called = say("{what}: how often it told of it", what=what)
        compare(called, len(result["told"]), told)
        called = say("{what}: the connection", what=what)
        why = say("Who has the connection when `transfer` has ended?")
        compare(called, result["connection"], "is back", why)
        return result

    def gives(giver, taker, cents):
        what = say(
            "{giver} gives {taker} {cents}",
            giver=giver,
            taker=taker,
            cents=cents,
        )
        return f"plain{giver, taker, cents}", what

    hint = say("What does it do on a good day?")
    result = comes(*gives("ada", "eve", 30), hint)
    called = say("what it told")
    answer.compare(called, result["told"], [("ada", "eve", 30)], hint)
    hint = say("What do others see at the moment when it tells?")
    called = say("the accounts, at the moment when it tells")
    answer.compare(called, result["seen"], [after(30)], hint)
    hint = say("May one give all that one has?")
    comes(*gives("eve", "ada", 50), hint, cents=-50)
    hint = say("How much may one give, and who may give and take?")
    for asked in [
        ("ada", "eve", 101),
        ("ada", "eve", 0),
        ("ada", "eve", -20),
        ("bob", "eve", 30),
        ("ada", "bob", 30),
    ]:
        comes(*gives(*asked), hint, VALUE, 0, told=0)
    hint = say("What if giver and taker are one?")
    call, what = gives("ada", "ada", 30)
    called = say("{what}: the accounts", what=what)
    answer.compare(called, answer(call)["accounts"], after(0), hint)

    hint = say("What is left of the first write if the second one fails?")
    for name in "ada", "eve":
        what = say("the account of {name} is closed", name=name)
        call = f"with_closed({name!r})"
        result = comes(call, what, hint, "IntegrityError", 0, told=0)
        tries = say("{what}: statements that failed", what=what)
        why = say("Which errors pass by themselves?")
        answer.compare(tries, result["failed"], 1, why)
    hint = say(
        "What do others see between the first write and the second?"
    )
    called = say("the sums of all accounts that others see meanwhile")
    for name in "nobody", "eve":
        came = answer(f"watched({name!r})", hint)
        answer.compare(called, came, [150], hint)
    result = answer("without_table()", hint)
    what = say("there is no table")
    called = say("{what}: the error", what=what)
    answer.compare(called, result["came"], DATABASE, why)
    called = say("{what}: statements that failed", what=what)
    answer.compare(called, result["failed"], 1, why)

    hint = say("What may come between two statements of a transaction?")
    for number in range(1, 6):
        what = say(
            "somebody gives both 500 before statement {number}",
            number=number,
        )
        call = f"meanwhile(GIFT, {number})"
        result = answer(call, hint)
        called = say("{what}: the error", what=what)
        answer.compare(called, result["came"], NONE, hint)
        called = say("{what}: the accounts", what=what)
        expected = {"ada": 570, "eve": 580}
        answer.compare(called, result["accounts"], expected, hint)
        what = say(
            "somebody takes all from ada before statement {number}",
            number=number,
        )
        result = answer(f"meanwhile(DRAIN, {number})", hint)
        gave = 30 if result["came"] == NONE else 0
        called = say("{what}: the accounts", what=what)
        expected = {"ada": 0, "eve": 50 + gave}
        answer.compare(called, result["accounts"], expected, hint)
        called = say("{what}: the error", what=what)
        expected = NONE if gave else VALUE
        answer.compare(called, result["came"], expected, hint)

    hint = say("What is to be done again, and how often?")
    for times in 1, 4:
        what = say("locked for tries 1 to {times}", times=times)
        comes(f"locked({times})", what, hint)
        what = say("locked at the commits 1 to {times}", times=times)
        comes(f"read_meanwhile({times})", what, hint)
    what = say("locked for good")
    result = comes("locked(99)", what, hint, DATABASE, 0, told=0)
    called = say("{what}: statements that failed", what=what)
    answer.compare(called, result["failed"], 5, hint)
    hint = say("What must not be done again when the money has moved?")
    for kind in "ConnectionError", DATABASE:
        what = say("tell raises {kind}", kind=kind)
        comes(f"told_in_vain({kind!r})", what, hint, kind)


OLD = (
    "INSERT INTO tea (name, euros) VALUES (:name, :cents / 100)",
    "SELECT name, euros * 100 FROM tea",
)
NEW = (
    "INSERT INTO tea (name, cents) VALUES (:name, :cents)",
    "SELECT name, cents FROM tea",
)


def all_find_all(answer, when):
    """Refuse the plan if a version that runs now fails, or does not find
    what is written."""
    hint = say("Who runs at this step, and what does each one need?")
    wrong = answer("shops.use_all()", hint)
    if wrong is None:
        return
    version, how, value = wrong
    if version == "between":
        version = say("the version in between")
    holes = {"when": when, "version": version, "value": value}
    if how == "reads":
        told = say(
            "{when}: {version} reads {value}: who wrote that?", **holes
        )
    elif how == "misses":
        told = say("{when}: {version} does not read {value}.", **holes)
    else:
        told = say("{when}: {version} fails: {value}.", **holes)
    answer.refuse(told, hint)


# May vary: how many versions and statements there are, and what they do.
# May not: that each version that runs finds what each other one has
# written, whenever that was; how it begins and ends.
def exercise_4(answer):
    """Build: a migration that nobody notices."""
    answer.load("beside_14_4")
    hint = say("Which of the three names may you change?")
    answer.expect("OLD", OLD, hint)
    answer.expect("NEW", NEW, hint)
    hint = say("What is a step, and in what do all of them stand?")
    plan = answer("plan", hint)
    is_list = isinstance(plan, list | tuple)
    answer.compare("type(plan) is list", is_list, True, hint)
    answer.run("shops = Shops()")
    for number, step in enumerate(plan):
        called = say("step {number}", number=number + 1)
        if isinstance(step, str):
            one = say("Which one statement, for a table that has rows?")
            answer.run(f"shops.change({number})", one)
        else:
            parts = step if isinstance(step, list | tuple) else [step]
            kinds = [type(part).__name__ for part in parts]
            answer.compare(called, kinds, ["str", "str"], hint)
            answer.run(f"shops.roll_out({number})")
            both = say("{called}, side by side", called=called)
            all_find_all(answer, both)
            answer.run("shops.end_old()")
        all_find_all(answer, called)
    hint = say(
        "Which version runs in the end, and which columns are left?"
    )
    answer.expect("shops.running", [NEW], hint)
    answer.expect("shops.columns()", ["name", "cents"], hint)


# May vary: how a run knows what was done, and how huey runs it again. May
# not: what the bank has charged, however often the job runs and wherever
# it is cut off; what the table says; that it ends.
def exercise_5(answer):
    """Build: a job that may run twice."""
    answer.load("beside_14_5")

    def comes(call, what, hint, states, charged=1):
        """What is to come of orders; the bank is to charge so many."""
        result = answer(call, hint)
        called = say("{what}: cents that were charged", what=what)
        cents = result["charged"]
        answer.compare(called, cents, 250 * charged, hint)
        called = say("{what}: the states", what=what)
        wanted = {1: "new", 2: "new", 3: "new"} | states
        answer.compare(called, result["states"], wanted, hint)
        called = say("{what}: the most calls of one run", what=what)
        why = say("Who runs it again, and when?")
        most = max([1, *result["runs"]])
        answer.compare(called, most, 1, why)
        return result

    paid = {1: "paid"}
    hint = say("What does it do on a good day?")
    what = say("one order")
    result = comes("pay(1)", what, hint, paid)
    called = say("{what}: the receipts", what=what)
    answer.compare(called, result["receipts"], ["receipt 0"], hint)
    hint = say("What do two orders have in common, and what not?")
    what = say("three orders")
    states = {1: "paid", 2: "paid", 3: "paid"}
    comes("pay(1, 2, 3)", what, hint, states, 3)
    hint = say("What does the second run find that the first one did not?")
    what = say("one order that is queued three times")
    comes("pay(1, 1, 1)", what, hint, paid)
    what = say("an order that was paid last year")
    comes("pay(1, 1, paid=[1])", what, hint, paid, 0)
    hint = say("What becomes of an order that is not there?")
    what = say("an order that is not there")
    result = comes("pay(7)", what, hint, {}, 0)
    called = say("{what}: calls of the bank in each run", what=what)
    answer.compare(called, result["runs"], [0], hint)

    hint = say("By what does the bank know a charge that it has done?")
    what = say("the bank does not answer, once")
    comes("pay(1, happens=['lost'])", what, hint, paid)
    what = say("the bank charges, and its answer is lost")
    comes("pay(1, happens=['late'])", what, hint, paid)
    what = say("its answer is lost twice, and it is repaired in between")
    comes("pay(1, happens=['late', 'odd', 'late'])", what, hint, paid)
    what = say("the bank's answer is lost twice; queued twice")
    comes("pay(1, 1, happens=['late', 'late'])", what, hint, paid)
    hint = say("What is known of the charge when the note has failed?")
    what = say("the disk is full, once")
    result = comes("pay(1, happens=['full'])", what, hint, paid)
    called = say("{what}: the receipts", what=what)
    answer.compare(called, result["receipts"], ["receipt 0"], hint)
    hint = say("What does the next run find, if this one was cut off?")
    what = say("cut off after the charge; queued anew")
    comes("pay_again(1, ['killed'])", what, hint, paid)

    hint = say("How many runs are there in all, and what then?")
    what = say("the bank never answers")
    call = "pay(1, happens=['lost'] * 9)"
    result = comes(call, what, hint, {1: "failed"}, 0)
    called = say("{what}: calls of the bank", what=what)
    answer.compare(called, result["calls"], 4, hint)
    called = say("{what}: how often it was failed, after a run", what=what)
    hint = say("When is it known that no run will come?")
    answer.compare(called, result["first"].count("failed"), 1, hint)
    what = say("the bank does not answer, three times")
    comes("pay(1, happens=['lost'] * 3)", what, hint, paid)
    what = say("the bank does not answer, four times; queued anew")
    comes("pay_again(1, ['lost'] * 4)", what, hint, paid)
    hint = say("Which errors pass by themselves?")
    what = say("the bank says no: the card has expired")
    call = "pay(1, happens=['no', 'no'])"
    result = comes(call, what, hint, {1: "refused"}, 0)
    called = say("{what}: calls of the bank", what=what)
    answer.compare(called, result["calls"], 1, hint)
