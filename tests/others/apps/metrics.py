"""prometheus_client: counts the requests, and tells how many there were."""

from prometheus_client import CollectorRegistry, Counter, make_wsgi_app

registry = CollectorRegistry()
requests = Counter("requests", "Requests that came", registry=registry)
metrics = make_wsgi_app(registry)


def app(environ, start_response):
    requests.inc()
    return metrics(environ, start_response)
