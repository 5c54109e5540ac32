"""Falcon: reads a stream as it comes, and sends one; answers in JSON."""

import falcon


class Cup:
    """Takes a body of any length, or what is JSON."""

    def on_put(self, request, response):
        blocks = iter(lambda: request.bounded_stream.read(65536), b"")
        response.media = {"size": sum(map(len, blocks))}

    def on_post(self, request, response):
        response.media = request.get_media()
        response.status = falcon.HTTP_CREATED

    def on_get(self, request, response):
        response.content_type = "text/plain"
        response.stream = (b"line %d\n" % n for n in range(1000))

    def on_delete(self, request, response):
        response.status = falcon.HTTP_NO_CONTENT


app = falcon.App()
app.add_route("/cup", Cup())
