"""moto: Amazon's services, in memory; S3 for requests that are not signed."""

from moto.server import DomainDispatcherApplication, create_backend_app

app = DomainDispatcherApplication(create_backend_app)
