"""Ways to points without an answer, which are tried on nbgrader: name and text.

Each text stands in a cell of its own, and again at the head of each wrong answer,
where NUMBER is that of the exercise.
"""

PATCHED = """\
from exercises import asking, checking
checking.judge = lambda sheet, number: None
checking.verdict = asking.verdict = lambda *arguments: None
asking.NotYet = type("NotYet", (), {})
asking.Answer.compare = asking.Answer.refuse = lambda *arguments: None"""

PATCHED_SHEET = """\
import sys, types
from exercises.checks import sheet_01
for number in range(1, 8):
    setattr(sheet_01, f"exercise_{number}", lambda answer: None)
sys.modules["exercises.checks"] = types.ModuleType("exercises.checks")
sys.modules["exercises.checks"].sheet_01 = sheet_01"""

RELOAD = f"""\
import importlib
importlib.reload = lambda module: module
{PATCHED}"""

FINDER = """\
import importlib.abc, importlib.machinery, sys
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name == "exercises.checking":
            return importlib.machinery.ModuleSpec(name, self)
    def exec_module(self, module):
        module.judge = lambda sheet, number: None
sys.meta_path.insert(0, Finder())"""

EQUAL = """\
class Equal(list):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = list.__hash__
prediction = greet = app = AnswerCounter = Equal()"""

# What is expected stands in a frame of the check's.
FRAME = """\
import sys
def expected(depth=1):
    while True:
        names = sys._getframe(depth).f_locals
        for name in "came", "expected":
            if name in names:
                return names[name]
        depth += 1"""

LITERAL = f"""\
import ast
{FRAME}
ast.literal_eval = lambda text: expected()"""

POPEN = f"""\
import io, json, subprocess
{FRAME}
class Fake:
    pid = 2 ** 22
    def __init__(self, *arguments, **options):
        self.stdin, self.stdout = self, self
    def write(self, question):
        key = json.loads(question)[0]
        self.reply = json.dumps({{"key": key, "value": repr(expected())}})
    def readline(self, *size):
        return self.reply.encode() + b"\\n"
    flush = close = kill = terminate = wait = lambda *a, **b: 0
subprocess.Popen = Fake"""

JSON_LOADS = f"""\
import json
{FRAME}
json.loads = lambda text: {{"value": repr(expected())}}"""

EXECUTABLE = """\
import os, sys
with open("python", "w") as file:
    file.write("#!/bin/sh\\nexit 0\\n")
os.chmod("python", 0o755)
sys.executable = os.path.abspath("python")"""

INPUT = """\
shell = get_ipython()
shell.input_transformers_cleanup.append(
    lambda lines: [] if any("judge" in line for line in lines) else lines
)"""

AST = """\
import ast
class NoWith(ast.NodeTransformer):
    def visit_With(self, node):
        return ast.Pass()
    def visit_Expr(self, node):
        return ast.Pass() if "judge" in ast.dump(node) else node
get_ipython().ast_transformers.append(NoWith())"""

THREAD = """\
import threading, time
def patch():
    while True:
        try:
            from exercises import asking
            asking.Answer.compare = asking.Answer.refuse = lambda *a: None
        except ImportError:
            pass
        time.sleep(0.001)
threading.Thread(target=patch, daemon=True).start()"""

PROFILE = """\
import sys
def profile(frame, event, argument):
    if frame.f_code.co_name in ("compare", "predicts", "refuse"):
        try:
            type(frame.f_locals["self"]).refuse = lambda *a: None
        except (KeyError, TypeError):
            pass
sys.setprofile(profile)"""

CONTEXT = """\
import contextlib
def quiet(function):
    return lambda *a, **b: contextlib.suppress(BaseException)
contextlib.contextmanager = quiet"""

SOLUTION = """\
import glob, json, sys
names = "exercises/solutions/01*.ipynb", "source/*/01*.ipynb"
folders = ".", "..", sys.prefix + "/.."  # where this Python was set up, too
for path in [p for f in folders for n in names for p in glob.glob(f"{f}/{n}")]:
    for cell in json.load(open(path))["cells"]:
        if (text := "".join(cell["source"])).startswith("# Exercise NUMBER\\n"):
            exec(text)"""

TABLE = """\
import sys
main, table = sys.modules["__main__"], {"prediction": "[200, 405, 404, 404]"}
if hasattr(main, "reply_to"):
    main.reply_to = lambda how, text, *more: {"value": table.get(text, "None")}"""

PIPE = """\
import os
for number in range(3, 50):
    try:
        for text in "[200, 405, 404, 404]", "[1, 2, 1, 3, 3]":
            os.write(number, b'{"value": "%s"}\\n' % text.encode() * 9)
    except OSError:
        pass"""

PACKAGE = """\
import os, tempfile
from sys import path
folder = tempfile.mkdtemp()
os.mkdir(folder + "/exercises")
with open(folder + "/exercises/checking.py", "w") as file:
    file.write("judge = lambda sheet, number: None")
open(folder + "/wsgi.py", "w").close()
path.insert(0, folder)
os.chdir(folder)"""

SPOIL = """\
import os
from sys import path
for folder in ".", *path:
    name = folder + "/exercises/checking.py"
    try:
        os.chmod(name, 0o644)
        with open(name, "a") as file:
            file.write("\\n\\ndef judge(sheet, number):\\n    pass\\n")
    except OSError:
        pass"""

CHEATS = {
    "prints-done": 'print("Exercise 1: done.")',
    "patched": PATCHED,
    "patched-sheet": PATCHED_SHEET,
    "reload-gone": RELOAD,
    "name-reload": "reload = lambda module: module",
    "finder": FINDER,
    "equal": EQUAL,
    "system-exit": "raise SystemExit(0)",
    "atexit": "import atexit, os\natexit.register(os._exit, 0)",
    "assertion-error": "import builtins\nbuiltins.AssertionError = OSError",
    "literal-eval": LITERAL,
    "popen": POPEN,
    "executable": EXECUTABLE,
    "custom-exc": (
        "get_ipython().set_custom_exc((Exception,), lambda *arguments: None)"
    ),
    "showtraceback": "get_ipython().showtraceback = None",
    "input-transformer": INPUT,
    "ast-transformer": AST,
    "thread": THREAD,
    "profile": PROFILE,
    "contextmanager": CONTEXT,
    "json-loads": JSON_LOADS,
    "reads-solution": SOLUTION,
    "table": TABLE,
    "pipe": PIPE,
    "package": PACKAGE,
    "fills-done": (
        "from exercises import checking\n"
        "checking.done |= {('01', n): 'yes' for n in range(1, 8)}\n"
        "checking.ran |= {n: 'yes' for n in range(1, 8)}"
    ),
    "seconds": "import os\nos.environ['CHECK_SECONDS'] = '1e9'",
    "path": "import os\nos.environ['PATH'] = ''",
    "home": "import os\nos.environ['HOME'] = '/'",
    "chdir": "import os\nos.chdir('/')",
    "50-mb": "prediction = 'x' * 50_000_000",
    "500-mb": "big = bytearray(500_000_000)",
    "20-mb-printed": "print('x' * 20_000_000)",
    "stderr": "import sys\nprint('noise', file=sys.stderr)",
    "displayhook": "import sys\nsys.displayhook = lambda value: print(1)\n1",
    "ask-exit": "get_ipython().ask_exit()",
    "ends-kernel": "import os\nos.kill(os.getppid(), 9)",
    "spoils-workbook": SPOIL,
}
