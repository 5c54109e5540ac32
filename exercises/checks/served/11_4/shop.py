import threading

together = threading.Barrier(6)


def create_app():
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/together":
            together.wait(6)
        start_response("200 OK", [("Content-Type", "text/plain")])
        names = "SCRIPT_NAME", "PATH_INFO"
        return [" ".join(environ.get(name, "") for name in names).encode()]

    return app
