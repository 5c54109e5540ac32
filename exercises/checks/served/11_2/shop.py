import os
import time


def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        open("asked", "w").close()
        until = time.monotonic() + 20
        while not os.path.exists("term") and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(3)  # who ends at once has ended then
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"mint"]
