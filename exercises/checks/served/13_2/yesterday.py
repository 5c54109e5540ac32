"""Leave behind what a Gunicorn of yesterday has left."""

import os

folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = "metrics"
os.mkdir(folder)

from prometheus_client import Counter, Gauge  # which reads that

Counter("teas", "Teas that were ordered.").inc(1000)
for mode in "all", "sum", "livesum":
    name, words = "visitors_inside", "Visitors who are being served."
    Gauge(name, words, registry=None, multiprocess_mode=mode).set(7)
