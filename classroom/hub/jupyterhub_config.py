"""A JupyterHub for a room of learners, on this machine: `make hub`.

For a demonstration: it listens on loopback, one password is for all, and
every learner is the same user of this machine. README.md: a real room.
"""

import os
import resource
import secrets
import sys
import tempfile
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from jupyterhub.utils import random_port

from classroom.hub.cleanup import ROOT, end_processes, start_guard
from tools.copying import copy_project

BIN = Path(sys.executable).parent
PORT = int(os.environ.get("HUB_PORT") or 8800)
PASSWORD = os.environ.get("HUB_PASSWORD") or secrets.token_urlsafe(9)
EDITION = os.environ.get("EDITION", "")  # its folder; the English has none
if EDITION and not Path(ROOT, EDITION, "edition.toml").exists():
    sys.exit(f"hub: there is no edition {EDITION}")
# All that is ever written: homes, state, temporary files. It goes when the
# hub ends, and so does each process that has it in TMPDIR.
FOLDER = Path(tempfile.mkdtemp(prefix="hub-")).resolve()
start_guard(FOLDER)
os.environ["TMPDIR"] = str(FOLDER)

c = get_config()  # noqa: F821 - JupyterHub reads this file, and has it

c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.JupyterHub.public_url = f"http://127.0.0.1:{PORT}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{random_port()}"
c.JupyterHub.db_url = f"sqlite:///{FOLDER}/hub.sqlite"
c.JupyterHub.cookie_secret = secrets.token_bytes(32)
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{random_port()}"
c.ConfigurableHTTPProxy.log_level = "error"
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")
c.ConfigurableHTTPProxy.command = [
    str(BIN / "node"),
    str(ROOT / "classroom/hub/node_modules/.bin/configurable-http-proxy"),
]

# Who comes in: any name, with the one password.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = PASSWORD
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = "[a-z][a-z0-9-]{0,30}"  # names a folder


class Seat(SimpleLocalProcessSpawner):
    """A learner's JupyterLab: a process, in a home of the learner's own."""

    def make_preexec_fn(self, name):
        """Return what the new process calls first: it goes home, and sets
        the memory that it and each of its children may take."""
        go_home = super().make_preexec_fn(name)
        limits = (self.mem_limit, self.mem_limit)

        def preexec():
            go_home()
            resource.setrlimit(resource.RLIMIT_DATA, limits)

        return preexec


def welcome(spawner):
    """Make a new learner's home: a copy of the workbook."""
    home = Path(spawner.home_dir)
    if not home.exists():
        # The Makefile would set up another .venv for each learner.
        others = "Makefile", "solutions", "wrong", "po"  # all but the first tell
        copy_project(home, *others)
        (home / ".tmp").mkdir()


def farewell(spawner):
    """End what a learner has left, a server in a terminal for example."""
    end_processes(spawner.home_dir)


c.JupyterHub.spawner_class = Seat
c.Seat.home_dir_template = f"{FOLDER}/{{username}}"
c.Spawner.pre_spawn_hook = welcome
c.Spawner.post_stop_hook = farewell
c.Spawner.cmd = [str(BIN / "jupyterhub-singleuser")]
START = Path(EDITION, "notebooks/00_start_here.ipynb")
c.Spawner.default_url = f"/lab/tree/{START.as_posix()}"
c.Spawner.mem_limit = "2G"  # of each process: no system is asked to sum up
c.Spawner.start_timeout = c.Spawner.http_timeout = 300  # all come at once
c.Spawner.poll_interval = 5  # seconds until the end of one is noticed
c.JupyterHub.shutdown_on_logout = True
c.Spawner.args = [
    *(["--allow-root"] if os.geteuid() == 0 else []),
    "--ServerApp.log_level=WARN",
    # The language of the menus, as `make lab` has it.
    *([f"--LabApp.app_settings_dir={ROOT / EDITION}/lab"] if EDITION else []),
    # A login shell would forget PATH.
    "--ServerApp.terminado_settings={'shell_command': ['bash']}",
    # Half an hour without a cell ends a kernel, and one more the server.
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_connected=True",
    "--TerminalManager.cull_inactive_timeout=1800",
    "--ServerApp.shutdown_no_activity_timeout=1800",
]
c.Spawner.environment = {
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "TMPDIR": lambda spawner: f"{spawner.home_dir}/.tmp",
    # Where this learner's run.sh listens: everybody's 8000 is one port.
    "BIND": lambda spawner: f"127.0.0.1:{PORT + 100 + spawner.user.id}",
}

print(f"Open http://127.0.0.1:{PORT} in a browser, and log in with any name")
print(f"and the password {PASSWORD}    (Ctrl-C ends it all)", flush=True)
