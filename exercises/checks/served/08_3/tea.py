import threading

bell, late = threading.Event(), []


def app(environ, start_response):
    if environ["PATH_INFO"] == "/report":
        print("one waits")
        if not bell.wait(6):  # seconds, in which nobody could ring
            late.append("late")
            bell.set()
    if environ["PATH_INFO"] == "/bell":
        bell.set()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"too late" if late else b"in time"]
