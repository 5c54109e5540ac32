"""Beside the answer to exercise 3 of sheet 12: manifests, right and wrong."""

import copy

import yaml

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "labels": {"team": "tea"}},
    "spec": {
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {
            "metadata": {"labels": {"app": "shop", "color": "green"}},
            "spec": {
                "terminationGracePeriodSeconds": 40,
                "containers": [
                    {
                        "name": "app",
                        "image": "shop:1",
                        "ports": [{"name": "web", "containerPort": 8000}],
                        "env": [
                            {"name": "GRACEFUL_TIMEOUT", "value": "20"},
                            {"name": "KEYBOARD", "value": "fr"},
                            {
                                "name": "SHOP_KEY",
                                "valueFrom": {
                                    "secretKeyRef": {
                                        "name": "shop",
                                        "key": "key",
                                    }
                                },
                            },
                        ],
                        "lifecycle": {
                            "preStop": {"sleep": {"seconds": 5}}
                        },
                    }
                ],
            },
        },
    },
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "shop"},
    "spec": {
        "selector": {"app": "shop"},
        "ports": [{"port": 80, "targetPort": "web"}],
    },
}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"KEY": "mint"}}
SIDE = {
    "name": "log",
    "image": "log:1",
    "ports": [{"name": "metrics", "containerPort": 9000}],
    "env": [{"name": "LEVEL", "value": "info"}],
}


def manifest(change="", turn=False):
    """The text of a Deployment and a Service, after the statement
    `change`: the other way around if `turn`."""
    deployment, service = copy.deepcopy((DEPLOYMENT, SERVICE))
    template = deployment["spec"]["template"]
    pod, containers = template["spec"], template["spec"]["containers"]
    exec(  # noqa: S102, a statement of the check
        change,
        {
            "deployment": deployment,
            "service": service["spec"],
            "labels": template["metadata"]["labels"],
            "pod": pod,
            "containers": containers,
            "app": containers[0],
            "env": containers[0]["env"],
            "side": copy.deepcopy(SIDE),
        },
    )
    both = [service, deployment] if turn else [deployment, service]
    return yaml.safe_dump_all([*both, OTHER])
