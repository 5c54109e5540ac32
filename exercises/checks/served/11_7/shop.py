def app(environ, start_response):
    headers = [("Content-Type", "text/plain"), ("Content-Length", "4")]
    start_response("200 OK", headers)
    return [b"mint"]
