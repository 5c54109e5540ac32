"""WebOb: an answer that may be asked for in parts, or if it has changed."""

from webob import Response
from webob.dec import wsgify


@wsgify
def app(request):
    if request.method == "POST":
        return Response(json={"size": len(request.body), **request.GET})
    response = Response(b"0123456789" * 1000, conditional_response=True)
    response.accept_ranges = "bytes"
    response.md5_etag()
    return response
