import os
import time

print("imported")


def comes(name, seconds):
    end = time.monotonic() + seconds
    while not os.path.exists(name) and time.monotonic() < end:
        time.sleep(0.02)
    return os.path.exists(name)


def app(environ, start_response):
    text = "Here you are."
    if environ["PATH_INFO"] == "/bell":
        open("bell", "w").close()
    if environ["PATH_INFO"] == "/report":
        print("one waits")
        text = "nobody could ring"
        if comes("bell", 8) and comes("term", 20):
            time.sleep(0.5)  # the last lines of the report
            text = "a report"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
