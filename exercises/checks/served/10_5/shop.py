def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    broken = environ["PATH_INFO"] == "/broken"
    status = "502 My Own" if broken else "200 OK"
    start_response(status, [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]
