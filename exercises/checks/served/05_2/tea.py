def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"tea"
    yield b""
    yield b"and more cake"
