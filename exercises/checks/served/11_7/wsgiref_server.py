from wsgiref.simple_server import make_server

from shop import app

make_server("127.0.0.1", 0, app).serve_forever()
