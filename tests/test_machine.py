"""nginx and systemd, as deploy/ has them for one machine: see test_deploy."""

import contextlib
import re
import shlex
import socket
import ssl
import subprocess
import sys

import psutil
import pytest
import trustme

from my_flask_app import app
from notebooks.serving import run, serve, start, wait_until
from tests.deploying import (
    FORGED,
    ROOT,
    VISITOR,
    command,
    conf,
    fails_without,
    project,
    rows,
)
from tools.needs import NO_POSIX, POSIX, SYSTEMS, find

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
SITE, UNIT = "deploy/nginx.conf", "deploy/workbook.service"
FRAME = """
daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    include site.conf;
}
"""
OURS = {  # what is there on a real machine, and what is here
    "/run/workbook/app.sock": "app.sock",
    "/etc/letsencrypt/live/shop.example/fullchain.pem": "cert.pem",
    "/etc/letsencrypt/live/shop.example/privkey.pem": "key.pem",
    "/var/log/nginx/workbook.log": "access.log",
    "/srv/workbook/static/": "static/",
}
CLAIMS = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: http\r\n"
CLAIMS += "".join(f"{name}: {value}\r\n" for name, value in FORGED.items())


class Site:
    """The nginx of a folder with its two ports, and what it answers."""

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        self.tls = ssl.create_default_context(cafile=folder / "ca.pem")

    def ask(self, what, name="shop.example", words="", plain=False, times=1):
        """The answers to a request such as GET /, asked some times without
        a pause; a str, "" if there is none."""
        text = f"{what} HTTP/1.1\r\nHost: {name}\r\n"
        last = f"{text}Connection: close\r\n{words}\r\n"
        text = f"{text}\r\n" * (times - 1) + last
        port = self.ports[0 if plain else 1]
        with contextlib.ExitStack() as ends:
            client = socket.create_connection(("127.0.0.1", port), 20)
            ends.enter_context(client)
            if not plain:
                client = self.tls.wrap_socket(client, server_hostname=name)
                ends.enter_context(client)
            client.sendall(text.encode())
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()


@contextlib.contextmanager
def site(folder):
    """Start the image's command at a Unix socket, and nginx before it."""
    nginx = find("nginx") or pytest.skip("nginx is not installed")
    text = (folder / SITE).read_text()
    for there, here in OURS.items():
        text = text.replace(there, here)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("shop.example", "other.example")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    with contextlib.ExitStack() as ends:
        ports = []
        for port in 80, 443:
            held = ends.enter_context(socket.socket())
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(("127.0.0.1", 0))
            ports.append(held.getsockname()[1])
            text = re.sub(rf"listen {port}\b", f"listen 127.0.0.1:{ports[-1]}", text)
            text = re.sub(rf"(:{ports[-1]}.*?);", r"\1 reuseport;", text, count=1)
        (folder / "nginx.conf").write_text(FRAME)
        (folder / "site.conf").write_text(text)
        back = ends.enter_context(start(command(folder, BIND="unix:app.sock")))
        wait_until(lambda: back.workers)
        there = f"cd {shlex.quote(str(folder))} && exec {shlex.quote(nginx)}"
        there += " -p . -c nginx.conf -e stderr"
        checked = run(f"sh -c {shlex.quote(f'{there} -t')}")
        assert checked.returncode == 0, checked.stdout
        front = ends.enter_context(start(f"sh -c {shlex.quote(there)}"))
        process = psutil.Process(front.process.pid)
        wait_until(lambda: len(process.net_connections("tcp")) >= 2)
        yield Site(folder, ports), back


def answers_for_its_own_name_alone(folder):
    with site(folder) as (shop, _):
        assert shop.ask("GET /", "other.example", plain=True) == ""
        with pytest.raises(ssl.SSLError):
            shop.ask("GET /", "other.example")
        moved = shop.ask("GET /seen?a=1", plain=True)
        assert moved.startswith("HTTP/1.1 301 ")
        assert "\r\nLocation: https://shop.example/seen?a=1\r\n" in moved


def tells_the_truth_about_visitors(folder):
    with site(folder) as (shop, back):
        answer = shop.ask("GET /seen?token=secret", words=CLAIMS)
        assert answer.endswith("127.0.0.1 https://shop.example/ 0"), answer
        assert " 404 " in shop.ask("GET /healthz")
        wait_until(lambda: "127.0.0.1 GET /seen 200" in back.log)
        log = folder / "access.log"
        wait_until(lambda: "127.0.0.1 GET /healthz 404\n" in log.read_text())
        assert "secret" not in log.read_text() + back.log
        if SYSTEMS["linux"][0]:  # one connection is kept, beside the listener
            sockets = back.workers[0].net_connections("unix")
            assert sum("app.sock" in each.laddr for each in sockets) == 2


def adds_headers_and_bounds(folder):
    with site(folder) as (shop, _):
        limit = app.config["MAX_CONTENT_LENGTH"]
        large = f"Content-Length: {limit + 1}\r\n\r\n{'x' * (limit - 1)}"
        for answer in shop.ask("GET /"), shop.ask("POST /echo", words=large):
            head = answer.partition("\r\n\r\n")[0].splitlines()
            assert "Strict-Transport-Security: max-age=31536000" in head
            assert "X-Content-Type-Options: nosniff" in head
            assert "Server: nginx" in head
        assert answer.startswith("HTTP/1.1 413 ")
        assert "<center>nginx</center>" in answer  # it did not get to the app
        # So many that some are refused though they take ten seconds.
        many = re.findall(r"HTTP/1\.1 (\d+)", shop.ask("GET /hits", times=160))
        assert {*many} == {"200", "429"}
        assert many[:15] == ["200"] * 15


def serves_files_beside_the_app(folder):
    (folder / "static").mkdir()
    (folder / "static/style.css").write_text("body { color: navy }\n")
    with site(folder) as (shop, back):
        many = shop.ask("GET /static/style.css", times=40)
        assert many.count("HTTP/1.1 200 OK") == many.count("navy") == 40
        head = many.partition("\r\n\r\n")[0].splitlines()
        assert "Cache-Control: max-age=3600" in head
        assert "Strict-Transport-Security: max-age=31536000" in head
        assert "X-Content-Type-Options: nosniff" in head
        assert " 404 " in shop.ask("GET /static../wsgi.py")
        shop.ask("GET /last")
        wait_until(lambda: "GET /last 404" in back.log)
        assert "/static/style.css" not in back.log


def fits_gunicorn(folder):
    text = (folder / SITE).read_text()
    # nginx before 1.29.7 keeps connections with these three lines alone.
    assert int(re.search(r"\bkeepalive (\d+);", text)[1])
    assert "proxy_http_version 1.1;" in text
    assert 'proxy_set_header Connection "";' in text
    assert conf(folder)["keepalive"] > 60  # nginx's keepalive_timeout
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text  # older ones add 1.0
    bind = dict(environment(folder))["BIND"]
    assert f"server {bind};" in text


def lines(folder):
    """The settings of the unit, a list of pairs of str."""
    return re.findall(r"(?m)^(\w+)=(.*)", (folder / UNIT).read_text())


def environment(folder):
    """What `Environment=` sets, pairs: systemd reads quotes as a shell does."""
    for name, value in lines(folder):
        if name == "Environment":
            yield from (word.split("=", 1) for word in shlex.split(value))


def gives_the_app_what_it_needs(folder):
    settings = dict(environment(folder))
    unit = dict(lines(folder))
    assert settings.pop("BIND") == f"unix:/run/{unit['RuntimeDirectory']}/app.sock"
    assert "FLASK_SECRET_KEY" not in settings
    assert unit["EnvironmentFile"] == "/etc/workbook.env"
    python, *words = unit["ExecStart"].split()
    assert python == f"{unit['WorkingDirectory']}/.venv/bin/python"
    assert " ".join(words[2:]) in command(folder)
    nothing = {"FLASK_TRUSTED_HOSTS": "nobody", "FLASK_PROXY_FIX": "{}"}
    with serve(command(folder, **nothing | settings)) as server:
        server.wait_for_workers(int(settings["WORKERS"]))
        reply = server.get("/seen", headers=VISITOR | FORGED)
        assert reply.text == "203.0.113.7 https://shop.example/ 0"
        assert server.get("/").status_code == 400


def reloads_no_broken_code(folder):
    check, hup = [value for name, value in lines(folder) if name == "ExecReload"]
    assert hup == "/bin/kill -s HUP $MAINPID"
    _, *words = check.split()
    assert "--check-config" in words
    env = command(folder).partition(" sh -c ")[0]
    check = shlex.join([sys.executable, *words])
    there = f"cd {shlex.quote(str(folder))} && {check}"
    for code, status in ("", 0), ("1 / 0", 1):
        with open(folder / "my_flask_app.py", "a") as file:
            file.write(code)
        assert run(f"{env} sh -c {shlex.quote(there)}").returncode == status


def has_patience_and_comes_back(folder):
    unit = dict(lines(folder))
    assert unit["Type"] == "notify"
    assert unit["KillMode"] == "mixed"
    assert int(unit["TimeoutStopSec"]) > conf(folder)["graceful_timeout"]
    assert unit["Restart"] == "on-failure"
    assert int(unit["RestartSec"]) * 5 > 10
    assert unit["RuntimeDirectoryMode"] == "0750"  # for the group alone
    assert unit["Group"] == "www-data"


def analyze(folder, *words):
    """What systemd-analyze says of the unit, with a Python that is here."""
    program = find("systemd-analyze")
    if not program:
        pytest.skip("systemd-analyze is not installed")
    text = (folder / UNIT).read_text()
    python = "/srv/workbook/.venv/bin/python"
    assert python in text
    place = folder / "unit"
    place.mkdir(exist_ok=True)
    (place / "workbook.service").write_text(text.replace(python, "/bin/true"))
    done = subprocess.run(
        [program, *words, "./workbook.service"],
        cwd=place,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return re.findall(r"workbook\.service.*", done.stdout + done.stderr)


def is_spelt_right(folder):
    assert analyze(folder, "verify") == []


def is_confined(folder):
    """systemd's own number, from 0 to 10, grows with what a service may do."""

    def exposure(text):
        (folder / UNIT).write_text(text)
        *_, last = analyze(folder, "security", "--offline=true")
        return float(re.search(r": ([\d.]+) ", last)[1])

    mine = (folder / UNIT).read_text()
    assert exposure(mine) <= exposure((ROOT / UNIT).read_text()) < 4


STATIC = {
    fits_gunicorn: [
        (SITE, "keepalive 16;"),
        (SITE, "proxy_http_version 1.1;"),
        (SITE, 'proxy_set_header Connection "";'),
        (SITE, "ssl_protocols TLSv1.2 TLSv1.3;"),
        (UNIT, "BIND=unix:/run/workbook/app.sock "),
    ],
    has_patience_and_comes_back: [
        (UNIT, "Type=notify"),
        (UNIT, "KillMode=mixed"),
        (UNIT, "TimeoutStopSec=30"),
        (UNIT, "Restart=on-failure"),
        (UNIT, "RestartSec=5"),
        (UNIT, "RuntimeDirectoryMode=0750"),
        (UNIT, "Group=www-data"),
    ],
}
LIVE = {
    answers_for_its_own_name_alone: [
        (SITE, "return 444;"),
        (SITE, "ssl_reject_handshake on;"),
        (SITE, "return 301 https://shop.example$request_uri;"),
    ],
    tells_the_truth_about_visitors: [
        (SITE, " no_queries;"),
        (SITE, "proxy_set_header Host $host;"),
        (SITE, "proxy_set_header X-Forwarded-For $remote_addr;"),
        (SITE, "proxy_set_header X-Forwarded-Proto $scheme;"),
    ],
    adds_headers_and_bounds: [
        (SITE, 'add_header Strict-Transport-Security "max-age=31536000" always;'),
        (SITE, "add_header X-Content-Type-Options nosniff always;"),
        (SITE, "nosniff always"),
        (SITE, "server_tokens off;"),
        (SITE, "client_max_body_size 64k;"),
        (SITE, "limit_req zone=visitors burst=20 nodelay;"),
        (SITE, "limit_req_status 429;"),
    ],
    serves_files_beside_the_app: [
        (SITE, "alias /srv/workbook/static/;"),
        (SITE, "expires 1h;"),
    ],
    gives_the_app_what_it_needs: [
        (UNIT, "RuntimeDirectory=workbook"),
        (UNIT, "EnvironmentFile=/etc/workbook.env"),
        (UNIT, " WORKERS=2"),
        (UNIT, """'FLASK_TRUSTED_HOSTS=["shop.example"]'"""),
        (UNIT, ', "x_proto": 1'),
    ],
    reloads_no_broken_code: [(UNIT, "ExecReload=/srv"), (UNIT, "--check-config ")],
    is_spelt_right: [(UNIT, "ExecStart="), (UNIT, "[Service]")],
    is_confined: [
        (UNIT, "DynamicUser=yes"),
        (UNIT, "PrivateDevices=yes"),
        (UNIT, "ProtectHome=yes"),
        (UNIT, "ProtectKernelTunables=yes"),
        (UNIT, "ProtectControlGroups=yes"),
        (UNIT, "CapabilityBoundingSet="),
        (UNIT, "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"),
        (UNIT, "SystemCallFilter=@system-service"),
    ],
}
CHECKS = STATIC | LIVE


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_machine(check, tmp_path):
    check(project(tmp_path))


@rows(CHECKS)
def test_each_line_of_the_machine_is_needed(check, path, piece, tmp_path):
    fails_without(check, tmp_path, path, piece)
