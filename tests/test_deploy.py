"""What is in deploy/ keeps its promises; chapter 12 checks the rest."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", "")
STEPS = dict(re.findall(r"(?m)^([A-Z]+) +(.*)", RECIPE))
DOCUMENTS = list(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text()))
MANIFESTS = {document["kind"]: document for document in DOCUMENTS}
DEPLOYMENT = MANIFESTS["Deployment"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]


def names(path):
    """The packages that a requirements file asks for, a set of str."""
    return set(re.findall(r"(?m)^([\w-]+)", (ROOT / path).read_text()))


def test_image_installs_from_the_lock_with_hashes():
    assert "--require-hashes -r requirements.lock" in STEPS["RUN"]
    assert names("deploy/requirements.txt") == {"flask", "gunicorn"}
    assert names("deploy/requirements.txt") <= names("requirements.txt")


def test_one_port():
    port = str(CONTAINER["ports"][0]["containerPort"])
    assert STEPS["EXPOSE"] == port
    for step in "CMD", "HEALTHCHECK":
        assert re.findall(r"\d\.\d:(\d+)", STEPS[step]) == [port]


def test_health_check_ends_before_docker_ends_it():
    within = int(re.search(r"--timeout=(\d+)s", STEPS["HEALTHCHECK"])[1])
    assert int(re.search(r"timeout=(\d+)\)", STEPS["HEALTHCHECK"])[1]) < within


def test_container_has_few_rights():
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_one_place_to_write_is_there():
    """Gunicorn needs a folder for temporary files."""
    assert CONTAINER["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert [volume["name"] for volume in POD["volumes"]] == ["tmp"]


def test_key_is_a_secret_and_not_in_the_files():
    (key,) = CONTAINER["env"]
    assert key["name"] == "FLASK_SECRET_KEY"
    assert "secretKeyRef" in key["valueFrom"]
    assert set(MANIFESTS) == {
        *("Deployment", "Service"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget"),
    }
    assert len(DOCUMENTS) == 4
    assert "SECRET" not in RECIPE


def test_update_never_has_fewer_pods():
    assert DEPLOYMENT["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in DEPLOYMENT  # else each update undoes the scaler


def test_it_may_take_what_it_asks_for():
    resources = CONTAINER["resources"]
    asked, most = resources["requests"], resources["limits"]
    assert "cpu" in asked  # the scaler's percentage is of this
    assert int(asked["memory"][:-2]) <= int(most["memory"][:-2])


@pytest.mark.parametrize("kind", ["startup", "readiness"])
def test_liveness_is_the_most_patient_probe(kind):
    def patience(probe):
        return probe.get("timeoutSeconds", 1), probe["periodSeconds"]

    other = CONTAINER[f"{kind}Probe"]
    assert patience(CONTAINER["livenessProbe"]) > patience(other)
