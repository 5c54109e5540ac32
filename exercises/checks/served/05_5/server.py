"""A server that does nothing but accept, and let the answer respond."""

import contextlib
import socket
from wsgiref.simple_server import demo_app
from wsgiref.util import setup_testing_defaults

from answer import respond

with socket.create_server(("127.0.0.1", 0)) as listener:
    while True:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):  # it may leave
            client.recv(65536)
            environ = {}
            setup_testing_defaults(environ)
            respond(demo_app, environ, client.sendall)
