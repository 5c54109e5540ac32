ERRORS = {
    "/broken": "502 My Own",
    "/busy": "503 Not Now",
    "/missing": "404 Not Here",
}


def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    status = ERRORS.get(environ["PATH_INFO"], "200 OK")
    start_response(status, [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]
