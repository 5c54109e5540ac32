"""A learner who is a program: logs in, runs chapters, leaves."""

import json
import secrets
import time
from pathlib import Path

import nbformat
import requests
import websocket
from nbformat.v4 import output_from_msg

from tools.workbook import code_cells, name_of, normalise, read

SHOWS = "stream", "display_data", "execute_result", "error"


class Learner:
    """One browser's worth of cookies, and what it does at the hub `url`."""

    def __init__(self, url, name, password):
        self.url, self.name, self.password = url, name, password
        self.base = f"{url}/user/{name}/"
        self.session = requests.Session()
        self.session.trust_env = False  # HTTP_PROXY is not for 127.0.0.1

    def ask(self, method, url, **options):
        """Send a request as this learner's page would; return the
        requests.Response, or raise requests.HTTPError."""
        path = url.removeprefix(self.url)
        for cookie in self.session.cookies:  # each server sets one
            if cookie.name == "_xsrf" and path.startswith(cookie.path):
                options.setdefault("headers", {})["X-XSRFToken"] = cookie.value
        reply = self.session.request(method, url, timeout=300, **options)
        reply.raise_for_status()
        return reply

    def log_in(self):
        """Log in, and wait until this learner's JupyterLab answers."""
        login = f"{self.url}/hub/login"
        self.ask("GET", login)
        form = {"username": self.name, "password": self.password}
        form["_xsrf"] = self.session.cookies.get("_xsrf", path="/hub/")
        self.ask("POST", login, data=form)
        deadline = time.monotonic() + 300
        while not self.is_in():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} waits for a server")
            time.sleep(0.2)

    def is_in(self):
        """Return whether this learner's own server answers the learner."""
        reply = self.session.get(f"{self.base}lab", timeout=300)
        return reply.ok and reply.url.startswith(self.base)

    def log_out(self):
        """Log out, which ends this learner's JupyterLab."""
        self.ask("GET", f"{self.url}/hub/logout")

    def post(self, path, **options):
        """POST to this learner's server; return what the answer's JSON
        says."""
        return self.ask("POST", self.base + path, **options).json()

    def open(self, name):
        """Start a kernel for a notebook, a file of the project; return a Kernel."""
        session = {
            "path": name,
            "name": Path(name).name,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        reply = self.post("api/sessions", json=session)
        return Kernel(self, reply["kernel"]["id"])

    def connect(self, path):
        """Open a WebSocket at this learner's server."""
        cookies = self.session.cookies.get_dict(path=f"/user/{self.name}/")
        return websocket.create_connection(
            f"ws{self.base.removeprefix('http')}{path}",
            cookie="; ".join(f"{k}={v}" for k, v in cookies.items()),
            origin=self.url,
            timeout=300,
            http_no_proxy=["*"],
        )

    def open_terminal(self, command):
        """Open a terminal, and type `command` there; return its socket."""
        name = self.post("api/terminals")["name"]
        terminal = self.connect(f"terminals/websocket/{name}")
        terminal.send(json.dumps(["stdin", f"{command}\r"]))
        return terminal


class Kernel:
    """A kernel of a learner's, which executes cells."""

    def __init__(self, learner, id):
        self.learner, self.id = learner, id
        self.connect()

    def connect(self):
        """Open the socket; anew, where the server has closed an idle one."""
        path = f"api/kernels/{self.id}/channels"
        self.socket = self.learner.connect(path)

    def send(self, source):
        """Send a cell, as JupyterLab does; return its message's id."""
        id = secrets.token_hex()
        header = {"msg_id": id, "msg_type": "execute_request"}
        header |= {"username": "", "session": id, "version": "5.3"}
        content = {"code": source, "allow_stdin": False}
        content |= {"silent": False, "stop_on_error": False}
        message = {"channel": "shell", "header": header, "metadata": {}}
        message |= {"parent_header": {}, "content": content}
        self.socket.send(json.dumps(message))
        return id

    def messages(self, id):
        """Yield what the kernel says of a cell, until it is idle again."""
        while True:
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") == id:
                if message["content"].get("execution_state") == "idle":
                    return
                yield message

    def execute(self, source):
        """Execute a cell; return its outputs, as a notebook has them."""
        return [
            output_from_msg(message)
            for message in self.messages(self.send(source))
            if message["msg_type"] in SHOWS
        ]

    def text(self, source):
        """Execute a cell; return all that it has printed, a str."""
        outputs = self.execute(source)
        return "".join(output.get("text", "") for output in outputs)


def run_chapter(learner, path):
    """Run the chapter at `path`, a Path, cell after cell.

    Return its cells as stored and as run now, two lists, normalised, and
    the Kernel.
    """
    stored = normalise(read(path))
    now = nbformat.from_dict(json.loads(json.dumps(stored)))
    kernel = learner.open(name_of(path))
    for cell in code_cells(now):
        cell.outputs = kernel.execute(cell.source)
    return code_cells(stored), code_cells(normalise(now)), kernel
