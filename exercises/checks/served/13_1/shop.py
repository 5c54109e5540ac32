"""It counts the teas of all visitors, and the pages of this worker."""

import os

from flask import Flask
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

app = Flask(__name__)
teas = Counter("teas", "Teas that were ordered.")
pages = Gauge(
    "pages",
    "Pages that the workers keep in memory.",
    multiprocess_mode="livesum",
)
kept = []


@app.post("/order")
def order():
    kept.append("a page")
    teas.inc()
    pages.set(len(kept))
    return "Thank you.", 201


@app.get("/metrics")
def metrics():
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    headers = {"Content-Type": CONTENT_TYPE_LATEST}
    return generate_latest(registry), headers
