"""What a load is put on: an answer of 2,000 bytes; the length of a body."""


def app(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    text = b"%d\n" % len(body) if body else b"tea\n" * 500
    fields = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
    start_response("200 OK", fields)
    return [text]
