def app(environ, start_response):
    found = environ["PATH_INFO"] == "/greet/Ada"
    status = "200 OK" if found else "404 Not Found"
    start_response(status, [("Content-Type", "text/plain")])
    return [b"tea"]
