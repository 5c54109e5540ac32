"""What is in deploy/ keeps its promises, and not without the lines that
matter; chapter 12 checks the rest."""

import contextlib
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from notebooks.serving import serve, start, wait_until
from tests.deploying import (
    FORGED,
    ROOM,
    ROOT,
    SETTINGS,
    VISITOR,
    command,
    conf,
    fails_without,
    project,
    rows,
    steps,
    with_late_lines,
)
from tools.needs import NO_POSIX, POSIX, SYSTEMS


def manifests(folder):
    """The Kubernetes manifests, a dict of dicts by kind."""
    text = (folder / "deploy/kubernetes.yaml").read_text()
    documents = list(yaml.safe_load_all(text))
    kinds = {document["kind"]: document for document in documents}
    assert len(kinds) == len(documents)
    return kinds


def parts(folder):
    """The Deployment's spec, its pod's, and its container's."""
    deployment = manifests(folder)["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    return deployment, pod, container


# Each check takes a folder with the project, and asserts.


def serves_strangers(folder):
    with serve(command(folder)) as server:
        assert server.get("/").status_code == 400, "a host of nobody's"
        reply = server.get("/visits", headers=VISITOR | FORGED)
        assert "; Secure;" in reply.headers["Set-Cookie"]
        reply = server.get("/seen", headers=VISITOR | FORGED)
        assert reply.text == "203.0.113.7 https://shop.example/ 0"
    # What is not said is not believed.
    with serve(command(folder, FLASK_PROXY_FIX="{}")) as server:
        reply = server.get("/seen", headers=VISITOR)
        assert reply.text == "127.0.0.1 http://shop.example/ 0"


def needs_its_settings(folder):
    for name in {*SETTINGS} - {"BIND"}:
        lacking = serve(command(folder, **{name: ""}))
        with pytest.raises(RuntimeError, match=f"{name} is not set"), lacking:
            pass
    nobody = serve(command(folder, FLASK_TRUSTED_HOSTS="[]"))  # is all, to Flask
    with pytest.raises(RuntimeError, match="TRUSTED_HOSTS names no host"), nobody:
        pass


def answers_probes_of_its_own(folder):
    _, _, container = parts(folder)
    paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in KINDS}
    assert paths == {
        "startup": "/healthz",
        "readiness": "/readyz",
        "liveness": "/healthz",
    }
    with serve(command(folder)) as server:
        for path in "/healthz", "/readyz", "/metrics":
            assert server.get(path).status_code == 200, path
            assert server.get(path, headers=VISITOR).status_code == 404, path


def is_not_ready_without_its_templates(folder):
    shutil.rmtree(folder / "templates")
    with serve(command(folder)) as server:
        assert server.get("/healthz").status_code == 200
        assert server.get("/readyz").status_code == 500


KINDS = "startup", "readiness", "liveness"
PATIENCE = 6  # seconds: it is used up where a line is gone that is needed


def tells_how_busy_it_is(folder):
    number = conf(folder)["threads"]

    def visit(path):
        return server.get(path, headers=VISITOR, timeout=30).status_code

    with (
        serve(command(folder)) as server,
        ThreadPoolExecutor(number) as visitors,
    ):
        waiting = [visitors.submit(visit, "/held") for _ in range(number - 1)]
        busy = f"requests_in_progress {number - 1}\n"
        wait_until(lambda: server.get("/metrics").text == busy, PATIENCE)
        (folder / "let-go").touch()
        assert {each.result() for each in waiting} == {200}
        assert visit("/error") == 500
        idle = "requests_in_progress 0\n"
        wait_until(lambda: server.get("/metrics").text == idle, PATIENCE)


def logs_no_secrets_and_no_probes(folder):
    with serve(command(folder)) as server:
        asked = "/greet/A%0Ab?token=secret"
        referer = {"Referer": "http://shop.example/?token=secret"}
        server.get(asked, headers=VISITOR | referer)
        for path in "/healthz", "/metrics":  # each is closed when it is logged
            server.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        server.get("/last", headers=VISITOR)

        def lines():
            return sorted(re.findall(r".* GET \S+ \d+", server.log))

        expected = [  # sorted: a thread logs what it has answered
            "127.0.0.1 GET / 400",  # of `serve`
            "203.0.113.7 GET /greet/A%0Ab 200",
            "203.0.113.7 GET /last 404",
        ]
        wait_until(lambda: {*lines()} >= {*expected}, PATIENCE)
        assert lines() == expected
        assert "secret" not in server.log


def answers_and_logs_what_gunicorn_refuses(folder):
    with serve(command(folder)) as server:
        head = b"GET /no?token=secret HTTP/1.1\r\nHost: shop.example\r\n"
        lengths = b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert server.send(head + lengths).startswith(b"HTTP/1.1 400 ")
        wait_until(lambda: "GET /no 400" in server.log, PATIENCE)


def lets_proxyfix_alone_speak_of_https(folder):
    with serve(command(folder)) as server:
        claims = VISITOR | {"X-Forwarded-Proto": "http", "X-Forwarded-Ssl": "on"}
        reply = server.get("/seen", headers=claims)
        assert reply.text == "203.0.113.7 http://shop.example/ 0"


def opened_by(pid):
    """What the process of this number has open, on Linux; each a str."""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has closed it
            yield str(file.readlink())


def keeps_its_files_where_they_should_be(folder):
    assert conf(folder)["control_socket_disable"]  # it would need a home
    with start(command(folder, BIND="unix:app.sock")) as server:
        wait_until(lambda: "Booting worker" in server.log)
        assert (folder / "app.sock").stat().st_mode & 0o777 == 0o660
        if SYSTEMS["linux"][0]:
            links = " ".join(opened_by(server.process.pid))
            assert "/dev/shm/wgunicorn" in links


def has_more_patience_than_its_client_and_less_than_its_manager(folder):
    settings = conf(folder)
    assert settings["keepalive"] > 60  # of Amazon's balancer and nginx
    pause = parts(folder)[2]["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = parts(folder)[1]["terminationGracePeriodSeconds"]
    assert pause + settings["graceful_timeout"] < grace


def scales_by_the_work_that_waits(folder):
    waits, computes = manifests(folder)["HorizontalPodAutoscaler"]["spec"]["metrics"]
    name = waits["pods"]["metric"]["name"]
    assert f'"{name} {{' in (folder / PUBLIC).read_text()
    target = waits["pods"]["target"]
    assert target["type"] == "AverageValue"
    assert 0 < int(target["averageValue"]) < conf(folder)["threads"]
    assert conf(folder)["workers"] == 1  # for each process counts its own
    assert computes["resource"]["name"] == "cpu"
    assert "cpu" in parts(folder)[2]["resources"]["requests"]


def fits_the_image(folder):
    instructions, (_, _, container) = steps(folder), parts(folder)
    port = str(container["ports"][0]["containerPort"])
    assert instructions["EXPOSE"] == port
    for step in "ENV", "HEALTHCHECK":
        assert re.findall(r"\d\.\d:(\d+)", instructions[step]) == [port]
    assert "PYTHONUNBUFFERED=1" in instructions["ENV"]
    assert "--require-hashes -r requirements.lock" in instructions["RUN"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions["USER"])
    check = instructions["HEALTHCHECK"]
    within = int(re.search(r"--timeout=(\d+)s", check)[1])
    assert int(re.search(r"timeout=(\d+)\)", check)[1]) < within
    assert "'/healthz'" in check


def has_few_rights(folder):
    _, pod, container = parts(folder)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    policy = manifests(folder)["NetworkPolicy"]["spec"]
    assert policy["podSelector"] == manifests(folder)["Deployment"]["spec"]["selector"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == []
    ((rule,)) = policy["ingress"]
    assert rule["from"] and rule["ports"] == [{"port": "http"}]


def has_one_place_to_write_to_that_is_no_memory(folder):
    _, pod, container = parts(folder)
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    (volume,) = pod["volumes"]
    assert volume["name"] == "tmp"
    assert {*volume["emptyDir"]} == {"sizeLimit"}


def sets_what_the_app_needs_and_no_secret(folder):
    _, _, container = parts(folder)
    env = {each["name"]: each for each in container["env"]}
    assert {*env} == {*SETTINGS} - {"BIND"}
    assert "secretKeyRef" in env["FLASK_SECRET_KEY"]["valueFrom"]
    for name in "FLASK_TRUSTED_HOSTS", "FLASK_PROXY_FIX":
        assert json.loads(env[name]["value"]) == json.loads(SETTINGS[name])
    assert "Secret" not in manifests(folder)
    assert "SECRET" not in (folder / "deploy/Dockerfile").read_text()


def survives_updates_and_lost_machines(folder):
    deployment, pod, _ = parts(folder)
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in deployment  # else each update undoes the scaler
    (spread,) = pod["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"] == deployment["selector"]
    assert manifests(folder)["PodDisruptionBudget"]["spec"]["minAvailable"] == 1


def may_take_what_it_asks_for(folder):
    resources = parts(folder)[2]["resources"]
    asked, most = resources["requests"], resources["limits"]
    assert int(asked["memory"][:-2]) <= int(most["memory"][:-2])


def is_patient_before_it_kills(folder):
    def patience(kind):
        probe = parts(folder)[2][f"{kind}Probe"]
        seconds, times = (
            probe.get("timeoutSeconds", 1),
            probe.get("failureThreshold", 3),
        )
        return seconds, probe["periodSeconds"], probe["periodSeconds"] * times

    for kind in "startup", "readiness":
        pairs = zip(patience("liveness"), patience(kind), strict=True)
        assert all(patient > other for patient, other in pairs), kind
    assert patience("readiness")[0] >= 5  # a full pod is slow, not ill


def opens_a_room_to_nobody(folder):
    values = yaml.safe_load((folder / ROOM).read_text())
    hub, proxy = values["hub"]["config"], values["proxy"]
    assert hub["JupyterHub"]["authenticator_class"] == "shared-password"
    assert "SharedPasswordAuthenticator" not in hub  # whoever reads it has it
    # The chart's default is LoadBalancer, with HTTPS off.
    inside = proxy["service"]["type"] == "ClusterIP"
    assert inside or (proxy["https"]["enabled"] and proxy["https"]["hosts"])


PUBLIC, CONF, IMAGE, CLUSTER = (
    f"deploy/{name}"
    for name in ("public.py", "gunicorn.conf.py", "Dockerfile", "kubernetes.yaml")
)
NO_HOST = """\
if not site.config["TRUSTED_HOSTS"]:  # [] would trust every host
    raise RuntimeError(f"FLASK_TRUSTED_HOSTS names no host: see {__file__}")
"""
LIVE = {  # by check, the pieces of a file without which it fails
    serves_strangers: [
        (PUBLIC, 'site.config["SESSION_COOKIE_SECURE"] = True'),
        (PUBLIC, '{"x_for": 0, "x_proto": 0} | '),
        (PUBLIC, ", **counts"),
    ],
    needs_its_settings: [
        (PUBLIC, '"SECRET_KEY", '),
        (PUBLIC, '"TRUSTED_HOSTS", '),
        (PUBLIC, ', "PROXY_FIX"'),
        (PUBLIC, NO_HOST),
    ],
    answers_probes_of_its_own: [
        (PUBLIC, '@probes.get("/healthz")'),
        (PUBLIC, '@probes.get("/readyz")'),
        (PUBLIC, '@probes.get("/metrics")'),
        (PUBLIC, "probed and "),
    ],
    is_not_ready_without_its_templates: [
        (PUBLIC, 'site.jinja_env.get_template("greet.html")'),
    ],
    tells_how_busy_it_is: [
        (CONF, 'threads = int(os.environ.get("THREADS", "8"))'),
        (PUBLIC, "busy.append(1)"),
        (PUBLIC, ", busy.pop"),
    ],
    logs_no_secrets_and_no_probes: [
        (CONF, 'accesslog = "-"'),
        (CONF, "access_log_format = "),
        (CONF, 'atoms["U"] = '),
        (CONF, ', "/metrics"'),
        (CONF, "logger_class = AccessLog"),
    ],
    answers_and_logs_what_gunicorn_refuses: [(CONF, 'atoms["U"] = ')],
    lets_proxyfix_alone_speak_of_https: [(CONF, "secure_scheme_headers = {}")],
    keeps_its_files_where_they_should_be: [
        (CONF, "umask = 0o117"),
        (CONF, "control_socket_disable = True"),
        (CONF, 'worker_tmp_dir = "/dev/shm" if memory else None'),
    ],
}
if not SYSTEMS["linux"][0]:
    LIVE[keeps_its_files_where_they_should_be].pop()
STATIC = {
    fits_the_image: [
        (IMAGE, "--require-hashes "),
        (IMAGE, "PYTHONUNBUFFERED=1 "),
        (IMAGE, " BIND=0.0.0.0:8000"),
        (IMAGE, "USER 10001:10001"),
        (IMAGE, "--timeout=6s "),
        (IMAGE, "healthz"),
        (IMAGE, "EXPOSE 8000"),
    ],
    has_few_rights: [
        (CLUSTER, "runAsNonRoot: true"),
        (CLUSTER, "seccompProfile: {type: RuntimeDefault}"),
        (CLUSTER, "automountServiceAccountToken: false"),
        (CLUSTER, "allowPrivilegeEscalation: false"),
        (CLUSTER, "readOnlyRootFilesystem: true"),
        (CLUSTER, "capabilities: {drop: [ALL]}"),
        (CLUSTER, "kind: NetworkPolicy"),
        (CLUSTER, ", Egress"),
        (CLUSTER, "egress: []"),
        (CLUSTER, "- {port: http}"),
    ],
    has_one_place_to_write_to_that_is_no_memory: [
        (CLUSTER, "- {name: tmp, mountPath: /tmp}"),
        (CLUSTER, "sizeLimit: 64Mi"),
    ],
    sets_what_the_app_needs_and_no_secret: [
        (CLUSTER, "secretKeyRef: {name: workbook, key: key}"),
        (CLUSTER, """'["shop.example"]'"""),
        (CLUSTER, ', "x_proto": 1'),
    ],
    survives_updates_and_lost_machines: [
        (CLUSTER, ", maxUnavailable: 0"),
        (CLUSTER, "topologyKey: kubernetes.io/hostname"),
        (CLUSTER, "minAvailable: 1"),
    ],
    has_more_patience_than_its_client_and_less_than_its_manager: [
        (CONF, "keepalive = 75"),
        (CONF, "graceful_timeout = 20"),
        (CLUSTER, "sleep: {seconds: 5}"),
        (CLUSTER, "terminationGracePeriodSeconds: 30"),
    ],
    scales_by_the_work_that_waits: [
        (CLUSTER, "requests_in_progress"),
        (CLUSTER, "type: AverageValue, "),
        (CLUSTER, "cpu: 250m, "),
        (CLUSTER, "- type: Resource"),
    ],
    opens_a_room_to_nobody: [
        (ROOM, "authenticator_class: shared-password"),
        (ROOM, "type: ClusterIP"),
    ],
    may_take_what_it_asks_for: [(CLUSTER, "memory: 256Mi")],
    is_patient_before_it_kills: [
        (CLUSTER, "timeoutSeconds: 5"),
        (CLUSTER, "timeoutSeconds: 10"),
        (CLUSTER, "failureThreshold: 6"),
    ],
}


@pytest.mark.parametrize("check", STATIC, ids=lambda check: check.__name__)
def test_files(check):
    check(ROOT)


@rows(STATIC)
def test_each_line_of_the_files_is_needed(check, path, piece, tmp_path):
    fails_without(check, tmp_path, path, piece)


@pytest.mark.skipif(not POSIX, reason=NO_POSIX)
@pytest.mark.parametrize("check", LIVE, ids=lambda check: check.__name__)
def test_server(check, tmp_path):
    check(project(tmp_path))


@pytest.mark.skipif(not POSIX, reason=NO_POSIX)
def test_a_thread_may_log_late(tmp_path):
    logs_no_secrets_and_no_probes(with_late_lines(tmp_path))


@pytest.mark.skipif(not POSIX, reason=NO_POSIX)
@rows(LIVE)
def test_each_line_of_the_server_is_needed(check, path, piece, tmp_path):
    fails_without(check, tmp_path, path, piece)


def names(path):
    """The packages that a requirements file asks for, a set of str."""
    return set(re.findall(r"(?m)^([\w-]+)", (ROOT / path).read_text()))


def test_image_has_what_the_workbook_was_tested_with():
    assert names("deploy/requirements.txt") == {"flask", "gunicorn"}
    assert names("deploy/requirements.txt") <= names("requirements.txt")
